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
        # nouns within names, and titles
        ("", "Jo Bo is a Duke University basketball coach.", None),
        ("King County councillor", "", None),
        ("Burger King executive", "", None),
        ("Prince George's County judge", "", None),
        ("Lady Gaga tribute act", "", None),
        ("Queen guitarist", "", None),
        ("Isle of Man cyclist", "", None),
        ("Former King of Norway", "", "male"),
        ("Crown Princess of Norway", "", "female"),
        ("Spanish Actress", "", "female"),
        ("", "Jo Bo's father was a businessman.", None),
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
        (
            "Jo Bo is a singer. Jo identifies as non binary. She sings.",
            "non-binary: non binary; she 1",
        ),
        ("Jo Bo is a two-spirit artist. She paints.", "non-binary: two-spirit; she 1"),
        ("Jo Bo is a poet. In 2019, Bo came out as bigender.", "non-binary: bigender"),
        ("Jo Bo uses they/she pronouns. She sings.", "non-binary: they/she; she 2"),
        ("Jo Bo, who is non-binary, sings. He tours.", "non-binary: non-binary; he 1"),
        ("Jo Bo (they/them) acts.", "non-binary: they/them"),
        ("Jo sings. They met a teacher and her husband.", "they: they 1; her 1"),
        ("Jo Bo is a genderqueer author. They write.", "non-binary: genderqueer"),
        ("Jo Bo is an English actor. They began on stage; their debut...", "they: their 1, they 1"),
    ],
)
def test_people_who_are_neither_stay_undecided_and_the_evidence_says_so(text, evidence):
    assert value_and_evidence("", text) == (None, evidence)


@pytest.mark.parametrize(
    "text",
    [
        "Jo Bo is an actress. She played a non-binary character.",
        "Jo Bo is an actress. She played Ash, who identifies as non-binary.",
        "Jo Bo is known for her role as a non-binary doctor.",
        "Jo Bo sings. Her sibling is non-binary.",
        "Jo Bo is an engineer of non-binary codes. She teaches.",
        "Jo Bo is an activist for non-binary rights. She writes.",
    ],
)
def test_somebody_or_something_else_that_is_non_binary_says_nothing_of_the_person(text):
    assert gender_of("", text).value == "female"


def test_they_of_a_couple_is_not_the_persons():
    text = "Jo Bo is a poet. She married Al in 1990. They have two sons. They live in Oslo."
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


def test_a_description_of_a_character_is_believed_and_one_of_the_persons_band_is_not():
    assert value_and_evidence("Film character", "Bo fights. He wins.") == (
        None,
        "not one person: character; he 1",
    )
    assert gender_of("American band", "Jo Bo is a singer. He tours.").value == "male"


def test_a_member_of_a_band_and_a_film_actor_are_people():
    assert gender_of("", "Jo Bo is a Danish film actor. He sings.").value == "male"
    assert gender_of("", "Jo Bo is a member of the band Bo. She sings.").value == "female"


@pytest.mark.parametrize(
    "text",
    [
        "Jo Bo sings, and she knows her song. ",
        "and her son, ",
        "A ",
        "of the ",
        "non-binary he is ",
    ],
)
def test_two_megabytes_are_read_in_a_moment(text):
    started = time.perf_counter()
    gender_of("", "She is Jo. " + text * (2_000_000 // len(text)))
    assert time.perf_counter() - started < 5


def test_a_row_of_capitals_before_a_kinship_is_read_in_a_moment():
    started = time.perf_counter()
    gender_of("", f"She spoke to {'A' * 58}; her mother was there. {'AB ' * 30}; her son was.")
    assert time.perf_counter() - started < 1
