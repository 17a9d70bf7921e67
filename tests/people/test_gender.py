"""Gender is what a text's own words say, and null where they do not."""

import time

import pytest

from noisyau.people.gender import gender_of


@pytest.mark.parametrize(
    ("description", "text", "gender"),
    [
        ("Actor", "Jo Bo is a Danish actor. She won a Bodil.", "female"),
        ("Actor", "Jo Bo is a Danish actor. He won a Bodil for his debut.", "male"),
        ("Danish actress", "Jo Bo appeared in twelve films.", "female"),
        ("", "Jo Bo is a Danish businessman.", "male"),
        ("Squash player", "Jo Bo is a Malaysian female squash player.", "female"),
        ("Actor", "Jo Bo is a Danish actor.", None),
        ("Writer", "Jo Bo is a writer who taught her son. He died. She left.", "female"),
        ("", "A Representative from Ohio; elected upon his return; his brother ran.", "male"),
        ("", "太郎は日本の歌手である。", None),
        ("", "", None),
    ],
)
def test_pronouns_and_nouns_decide(description, text, gender):
    assert gender_of(description, text)[0] == gender


def test_the_evidence_counts_the_words():
    text = "Jo is an actress. She sang; she danced with her dog."
    assert gender_of("", text) == ("female", "her 1, she 2; actress 1")


def test_a_text_that_contradicts_itself_decides_nothing_and_says_so():
    text = "Jo and Bo are singers. He plays the lute and she the harp."
    assert gender_of("", text) == (None, "he 1, she 1")


def test_a_title_inside_a_sentence_is_no_pronoun():
    assert gender_of("Singer", "Jo Bo wrote She Bangs, Her Majesty and He-Man.") == (None, None)


def test_somebody_elses_noun_after_the_predicate_is_not_counted():
    assert (
        gender_of("", "Jo Bo is a producer of the film Pretty Woman and of King Kong.")[0] is None
    )


def test_people_who_are_neither_stay_undecided_whatever_else_is_counted():
    gender, evidence = gender_of("", "Jo Bo is a non-binary singer. She began in 2001; her solo...")
    assert gender is None
    assert evidence == "non-binary; her 1, she 1"


def test_two_megabytes_are_read_in_a_moment():
    started = time.perf_counter()
    assert gender_of("", "Jo Bo sings, and she knows her song. " * 55_000)[0] == "female"
    assert time.perf_counter() - started < 5
