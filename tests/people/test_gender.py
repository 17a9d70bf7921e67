"""Gender is what a text's own words say, and null where they do not."""

import time

import pytest

from noisyau.people.gender import gender_of


def value_and_evidence(description: str, text: str) -> tuple[str | None, str | None]:
    gender = gender_of(description, text)
    return gender.value, gender.evidence


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
        ("", "Jo Bo is an American drag queen. He sings.", "male"),
        ("", "Jo Bo is a female impersonator, best known for his Cher.", "male"),
        ("Swimmer", "Jo Bo became the first elected woman swimmer.", "female"),
        ("Architect", "Dame Jo Bo is a Danish architect.", "female"),
        ("", "Jo Bo is the son of the actress Di Bo.", "male"),
        ("", "Jo Bo is the daughter of the actor Al Bo. He won an Oscar.", None),
        ("", "太郎は日本の歌手である。", None),
        ("", "وُلدت في القاهرة وهي مغنية مصرية.", None),
        ("", "", None),
    ],
)
def test_pronouns_and_nouns_decide(description, text, gender):
    assert gender_of(description, text).value == gender


def test_the_evidence_counts_the_words_and_the_confidence_is_their_smoothed_share():
    gender = gender_of("", "Jo is an actress. She sang; she danced with her dog.")
    assert gender.evidence == "her 1, she 2; actress 1"
    assert gender.confidence == pytest.approx(5 / 6)
    assert gender_of("", "Jo wrote. She left.").confidence == pytest.approx(2 / 3)
    assert gender_of("", "Jo wrote.").confidence is None


def test_a_text_that_contradicts_itself_decides_nothing_and_says_so():
    text = "Jo and Bo are singers. He plays the lute and she the harp."
    assert value_and_evidence("", text) == (None, "he 1, she 1")


def test_a_title_inside_a_sentence_is_no_pronoun():
    text = "Jo Bo wrote She Bangs, Her Majesty and He-Man."
    assert value_and_evidence("Singer", text) == (None, None)


def test_somebody_elses_noun_after_the_predicate_is_not_counted():
    text = "Jo Bo is a producer of the film Pretty Woman and of King Kong."
    assert gender_of("", text).value is None


def test_a_kinship_after_another_name_may_be_that_ones():
    text = "Jo Bo was an official under Empress Di, her son and Prince Al, and her grandson."
    assert value_and_evidence("", text) == (None, None)
    assert gender_of("", "Jo Bo is a writer. Jo and his wife live in Oslo.").value == "male"
    assert gender_of("", "Jo Bo is a writer known for her son's portrait.").value == "female"


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        (
            "Jo Bo is a non-binary singer. She began in 2001; her solo...",
            "non-binary: non-binary; her 1, she 1",
        ),
        ("Jo Bo is a genderqueer author. They write.", "non-binary: genderqueer"),
        ("Jo Bo is an English actor. They began on stage; their debut...", "they: their 1, they 1"),
    ],
)
def test_people_who_are_neither_stay_undecided_and_the_evidence_says_so(text, evidence):
    assert value_and_evidence("", text) == (None, evidence)


def test_a_character_or_a_cause_that_is_non_binary_says_nothing_of_the_person():
    text = "Jo Bo is an actress. She played a non-binary character."
    assert gender_of("", text).value == "female"


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("The Bos were a Danish rock band formed in Aarhus. He sang.", "band"),
        ("Bo is a fictional detective created by Di Bo. He smokes.", "fictional"),
        ("Bo Story is a Danish film directed by Di Bo. She also wrote it.", "film"),
    ],
)
def test_a_text_about_no_person_decides_nothing_and_names_what_it_is_about(text, thing):
    value, evidence = value_and_evidence("", text)
    assert value is None
    assert evidence is not None
    assert evidence.startswith(f"not one person: {thing}")


def test_a_member_of_a_band_and_a_film_actor_are_people():
    assert gender_of("", "Jo Bo is a Danish film actor. He sings.").value == "male"
    assert gender_of("", "Jo Bo is a member of the band Bo. She sings.").value == "female"


@pytest.mark.parametrize(
    "text", ["Jo Bo sings, and she knows her song. ", "and her son, ", "A ", "of the "]
)
def test_two_megabytes_are_read_in_a_moment(text):
    started = time.perf_counter()
    gender_of("", "She is Jo. " + text * (2_000_000 // len(text)))
    assert time.perf_counter() - started < 5
