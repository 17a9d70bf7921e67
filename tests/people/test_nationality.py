"""Nationality is what a text states, with the words; the traps are named here."""

import csv
import re
import time
from pathlib import Path

import pycountry
import pytest

from noisyau.demographics import REGIONS
from noisyau.people import Biography, read_biographies
from noisyau.people.gazetteer import countries as country_names
from noisyau.people.gazetteer import country, demonyms, places
from noisyau.people.nationality import nationality_of
from noisyau.people.regions import REGION_OF


@pytest.mark.parametrize(
    ("description", "text", "countries"),
    [
        ("Chilean painter", "", ["CHL"]),
        ("", "Jo Bo is a Canadian-American actor.", ["CAN", "USA"]),
        ("", "Jo Bo is a Canadian–American actor.", ["CAN", "USA"]),
        ("", "Jo Bo is a French and American film producer.", ["FRA", "USA"]),
        ("", "Jo Bo is a Chinese American chef.", ["USA"]),
        ("", "Jo Bo is an American singer of Indian descent.", ["USA"]),
        ("", "Jo Bo is a Pakistani-born British author.", ["GBR"]),
        ("", "Jo Bo is an English actor.", ["GBR"]),
        ("Cricketer", "Jo Bo is a West Indian cricketer.", None),
        ("", "Jo Bo is a Latin American poet.", None),
        ("", "Jo Bo is a French Canadian singer.", ["CAN"]),
        ("", "Jo Bo is a Swiss English-language author.", ["CHE"]),
        ("", "Jo Bo is a Scottish-born writer.", ["GBR"]),
        ("", "Jo Bo is a Puerto Rican singer.", ["PRI"]),
        ("", "Jo Bo is a South Korean singer.", ["KOR"]),
        ("", "Jo Bo is a North Korean gymnast.", ["PRK"]),
        ("Hong Kong actress", "", ["HKG"]),
        ("", "Jo Bo is a New Zealand rugby player.", ["NZL"]),
        ("", "Jo Bo was a Soviet chess player.", ["RUS"]),
        ("", "Jo Bo was a Czechoslovak runner.", ["CZE"]),
        ("", "Jo Bo is a Georgian dancer.", ["GEO"]),
        ("", "Jo Bo is a singer from Lagos.", ["NGA"]),
        ("Singer", "Jo Bo is a singer, born in Lagos, Nigeria. She sings.", ["NGA"]),
        ("Novelist", "Jo Bo, born in Colombia. He writes.", ["COL"]),
        ("Singer", "Jo Bo is a singer born in Paris, Texas.", ["USA"]),
        ("Singer", "Jo Bo is a singer from London, Ontario.", ["CAN"]),
        ("", "Jo Bo is a singer from the Democratic Republic of the Congo.", ["COD"]),
        ("", "Jo Bo is a player from Michael Jordan's old school.", None),
        ("", "Jo Bo is a writer from Georgia.", None),
        ("", "Jo Bo is a writer from Tbilisi, Georgia. She is a Soviet exile.", ["GEO"]),
        ("", "Jo Bo is a writer from Atlanta, Georgia.", ["USA"]),
        ("", "a Representative from Georgia; born in Macon, Ga., June 1, 1950", ["USA"]),
        ("", "a Senator from Hawaii; born in Osaka, Japan, May 2, 1940", ["USA"]),
        ("", "a Delegate from the Virgin Islands; born in Teaneck, N.J.", ["USA"]),
        ("Footballer", "Jo Bo is a footballer who captains the German national team.", ["DEU"]),
        ("Athlete", "Jo Bo is an athlete who competes internationally for Japan.", ["JPN"]),
        ("Quarterback", "Jo Bo is an American football quarterback.", None),
        # two peoples in a row
        ("", "Jo Bo is a British Chinese actor.", ["GBR"]),
        ("", "Jo Bo is a Turkish American model.", ["USA"]),
        ("", "Jo Bo is an African-American songwriter.", ["USA"]),
        ("", "Jo Bo is a Hong Kong actor.", ["HKG"]),
        # asides and clauses before the verb
        ("", "Jo Bo, whose father was a German baker, is a Peruvian poet.", ["PER"]),
        ("", "Jo Bo (born 3 May 1950 in Oslo) is a Peruvian poet.", ["PER"]),
        ("", "Jo Bo, a Peruvian poet, died young.", ["PER"]),
        ("", "Jo Bo is Peruvian professional footballer.", ["PER"]),
        ("Poet", "Jo Bo sings. Her mother is Vietnamese.", None),
        ("Poet", "Jo Bo was a student of the Chinese master Li.", None),
        # whoever else a text speaks of
        ("", "Jo Bo studied under Li, who was a Chinese master.", None),
        ("", "Jo Bo studied under Li, a Chinese master.", None),
        ("", "Jo Bo's father was a German baker. Jo was born in Lagos.", ["NGA"]),
        ("American novelist", "Jo Bo writes. She married a Chinese citizen.", ["USA"]),
        ("American novelist", "Jo Bo writes. His wife, a Chinese citizen, sings.", ["USA"]),
        ("Poet", "Jo Bo writes. His son was born in Tokyo.", None),
        ("Wife of the German chancellor", "Di Bo was born in Lagos.", ["NGA"]),
        ("Lawyer", "Jo Bo is a lawyer who represented China.", None),
        ("Runner", "Jo Bo represented Ghana at the Olympics of 2012.", ["GHA"]),
        ("Poet", "Jo Bo is a poet. She met the President of France.", None),
        ("Aide to the President of France", "", None),
        ("Actor", "Jo Bo is an actor. He played the King of England.", None),
        ("Manager", "Jo Bo coached the Irish national team.", None),
        # what comes from a place
        ("Footballer", "Jo Bo is a footballer. He joined the club from Barcelona.", None),
        ("", "Jo Bo is a graduate from Oxford.", None),
        ("", "Jo Bo is a chemist from Oxford.", ["GBR"]),
        ("", "Jo Bo is a singer of Indian descent from Leeds.", ["GBR"]),
        ("", "Jo Bo, from Accra, is a singer.", ["GHA"]),
        ("Singer", "Jo Bo is a singer. She learned it from Mary.", None),
        ("", "Jo Bo is a singer from Leon.", None),
        ("Singer", "Jo Bo grew up in Most of the houses.", None),
        # names that a country or a people is part of
        ("New Mexico politician", "", ["USA"]),
        ("New Jersey native", "", ["USA"]),
        ("New England Patriots quarterback", "", None),
        ("New York Yankees pitcher", "", None),
        ("Lebanon, Ohio native", "", ["USA"]),
        ("Cuba Gooding Jr. biographer", "", None),
        ("Holland Taylor biographer", "", None),
        ("George Washington biographer", "", None),
        ("Air France pilot", "", None),
        ("United States Senator", "", ["USA"]),
        ("Hong Kong Cantopop singer", "", ["HKG"]),
        ("", "Jo Bo is a French horn player from Lagos.", ["NGA"]),
        ("Australian Open champion", "", None),
        ("British Museum curator", "", None),
        ("", "Jo Bo is a Brazilian jiu-jitsu champion.", None),
        ("", "Jo Bo is an English professor from Lagos.", ["NGA"]),
        ("", "Jo Bo is an English professor of law.", ["GBR"]),
        ("Professor of French literature", "", None),
        # historic states
        ("", "Jo Bo is a Soviet and Georgian film director.", ["GEO"]),
        ("", "Jo Bo was an Ottoman Armenian poet.", ["ARM"]),
        ("Poet", "Jo Bo, born in Kiev, Soviet Union. He writes.", ["UKR"]),
        ("Poet", "Jo Bo, born in Tashkent, Uzbek SSR, Soviet Union. He writes.", ["UZB"]),
        ("Poet", "Jo Bo, born in Omsk, Soviet Union. He writes.", ["RUS"]),
        # offices, teams, citizenships
        ("Former President of Haiti", "Jo Bo.", ["HTI"]),
        ("", "Jo Bo served as the 12th President of Ghana.", ["GHA"]),
        ("Footballer", "Jo Bo is a former Ghana international.", ["GHA"]),
        ("Footballer", "Jo Bo plays in the Jordan national team.", ["JOR"]),
        ("", "Jo Bo is an Air Jordan designer.", None),
        ("Footballer", "Jo Bo plays for the China women's national football team.", ["CHN"]),
        ("Poet", "Jo Bo writes. He obtained Mexican nationality in 2007.", ["MEX"]),
        ("Poet", "Jo Bo writes in Kiev, but was denied French citizenship.", None),
        # places of every country
        ("Singer", "Jo Bo, born in Maputo. He sings.", ["MOZ"]),
        ("Singer", "Jo Bo grew up in Karachi.", ["PAK"]),
        ("Singer", "Jo Bo, born 1950 in Kerala. She sings.", ["IND"]),
        ("Singer", "Jo Bo graduated from Boston.", None),
        ("Singer", "Jo Bo is a South Korean K-pop singer, based in Japan.", ["KOR"]),
        ("Bollywood actress", "Jo Bo dances.", None),
        ("Singer", "Jo Bo is a UK-based singer.", None),
        ("Singer", "Jo Bo, a dual citizen of Cuba and Spain, sings.", ["CUB", "ESP"]),
        ("Singer", "Jo Bo sings. She was naturalized in the United States.", ["USA"]),
        ("", "Jo Bo is a former Australian rules footballer.", None),
        ("Actor", "Jo Bo (born 30 April 1970, Istanbul) acts.", ["TUR"]),
        ("Singer", "Jo Bo is the singer of the Canadian rock band Bo.", None),
        ("", "Jo Bo is a Roman Catholic priest.", None),
        ("", "The Bos are a Danish band.", ["DNK"]),
        ("Singer", "太郎は日本の歌手である。", None),
        ("", "وُلدت في القاهرة وهي مغنية مصرية.", None),
        ("", "", None),
    ],
)
def test_countries_are_those_that_the_text_states(description, text, countries):
    statement = nationality_of(description, text)
    assert (list(statement.countries) if statement else None) == countries


def test_the_evidence_names_the_kind_and_the_words():
    statement = nationality_of("", "Jo Bo is a Canadian-American actor.")
    assert statement is not None
    assert (statement.kind, statement.words) == ("stated", ("Canadian", "American"))


def test_what_is_stated_outweighs_where_somebody_was_born():
    statement = nationality_of("Author", "Jo Bo is a British author, born in Karachi, Pakistan.")
    assert statement is not None
    assert statement.countries == ("GBR",)


def test_a_peoples_word_is_known_for_every_country(peoples):
    """By the CIA World Factbook's nationalities (public domain), adjectives and nouns."""
    wrong = {
        word: (found.countries if found else None, code)
        for code, words in peoples.items()
        for word in words
        if (found := nationality_of(f"{word} painter", "")) is None or found.countries != (code,)
    }
    assert wrong == {}


@pytest.fixture
def peoples() -> dict[str, list[str]]:
    with Path(__file__).with_name("peoples.csv").open(encoding="utf-8", newline="") as lines:
        return {row["country"]: row["words"].split("|") for row in csv.DictReader(lines)}


def test_every_country_by_its_name_is_where_somebody_comes_from():
    for place, code in country_names().items():
        statement = nationality_of("", f"Jo Bo is a singer from the {place}.")
        assert statement is not None, place
        assert statement.countries == (code,), place


def test_no_place_is_a_given_name_of_real_people_or_an_ordinary_word(shared):
    """Some cities are too large, and some provinces too old, to be given up for their namesakes."""
    names, words = set(), set()
    for corpus in ("data/celebrities/bios", "data/portraits/bios.jsonl"):
        for record in read_biographies(shared / corpus):
            assert isinstance(record, Biography)
            names.update((record.name or "").split()[:1])
            words.update(re.findall(r"\b[a-z]+\b", record.text))
    known = places().keys()
    assert known & names == {"Austin", "Kent", "Milan", "Santiago", "Sofia", "Virginia"}
    assert [name for name in known if name.lower() in words] == []


@pytest.mark.parametrize("place", ["Leon", "Mary", "Carolina", "Samba", "Golfe", "Most", "Warwick"])
def test_a_name_that_is_more_often_something_else_is_no_place(place):
    assert place not in places()


@pytest.mark.parametrize(
    "text", ["of and of ", "born in ", "American of ", "Mexico, ", "from A ", "his son ", "who is "]
)
def test_two_megabytes_are_read_in_a_moment(text):
    started = time.perf_counter()
    nationality_of("", text * (2_000_000 // len(text)))
    assert time.perf_counter() - started < 5


def test_every_country_of_iso_3166_has_exactly_one_region():
    assert set(REGION_OF) == {item.alpha_3 for item in pycountry.countries}
    assert len(REGIONS) == 7


def test_every_word_of_the_gazetteer_names_a_country_that_has_a_region():
    assert set((demonyms() | places()).values()) <= set(REGION_OF)


@pytest.mark.parametrize(
    ("word", "code"),
    [("peruvian", "PER"), ("CAN", "CAN"), ("us", "USA"), ("Côte d'Ivoire", "CIV"),
     ("U.K.", "GBR"), ("Georgia", "GEO"), ("Atlantis", None)],
)  # fmt: skip
def test_a_users_own_word_is_a_name_a_demonym_or_a_code(word, code):
    assert country(word) == code
