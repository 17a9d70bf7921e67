"""Nationality is what a text states, with the words; the traps are named here."""

import pycountry
import pytest

from noisyau.people.gazetteer import country, demonyms, places
from noisyau.people.nationality import nationality_of
from noisyau.people.regions import REGION_OF, REGIONS


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
        ("Singer", "太郎は日本の歌手である。", None),
        ("", "", None),
    ],
)
def test_countries_are_those_that_the_text_states(description, text, countries):
    statement = nationality_of(description, text)
    assert (list(statement.countries) if statement else None) == countries


def test_the_evidence_names_the_kind_and_the_words():
    statement = nationality_of("", "Jo Bo is a Canadian-American actor.")
    assert statement is not None
    assert statement.evidence == "stated: Canadian, American"


def test_what_is_stated_outweighs_where_somebody_was_born():
    statement = nationality_of("Author", "Jo Bo is a British author, born in Karachi, Pakistan.")
    assert statement is not None
    assert statement.countries == ("GBR",)


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
