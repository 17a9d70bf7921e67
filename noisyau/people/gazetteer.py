"""Which country a word names: demonyms, countries, states and cities.

Names of countries and of US states and Canadian provinces are pycountry's, demonyms and capitals
countryinfo's. The tables here mend and complete countryinfo 1.0.1, which gives one word a country,
sometimes the noun (`Icelander`, `New Zealander`) where texts have the adjective; calls the people
of Hong Kong and Macao `Chinese` and those of overseas territories `French`, `American` or
`Indian`; and knows no historic states, no nations within states and no cities beyond capitals.
"""

import re
import unicodedata
from functools import cache

import pycountry
from countryinfo import CountryInfo

# countryinfo 1.0.1's demonyms that are another country's, shared, or ordinary words
_DEMONYMS_OF_OTHERS = (
    "ATF BLM CXR DJI DMA GGY GIB HKG IOT JEY MAC MAF MNP MTQ MYT REU SJM SPM COG PRK"
)

_DEMONYMS = {
    # a second form, or the adjective
    "Argentine": "ARG", "Argentinian": "ARG", "Bosnian": "BIH", "Herzegovinian": "BIH",
    "Antiguan": "ATG", "Barbudan": "ATG", "Botswanan": "BWA", "Burkinabé": "BFA",
    "Cape Verdean": "CPV", "Ecuadorian": "ECU", "Icelandic": "ISL", "Kazakh": "KAZ",
    "Kittitian": "KNA", "Nevisian": "KNA", "Kyrgyz": "KGZ", "Luxembourgish": "LUX",
    "Luxembourgian": "LUX", "Maldivian": "MDV", "Nepali": "NPL", "Salvadorian": "SLV",
    "Saudi": "SAU", "Serb": "SRB", "Slovenian": "SVN", "Slovakian": "SVK", "Croat": "HRV",
    "Surinamese": "SUR", "Tajik": "TJK", "Tobagonian": "TTO", "Uzbek": "UZB", "Filipina": "PHL",
    "Philippine": "PHL", "Monégasque": "MCO", "Vincentian": "VCT", "Curaçaoan": "CUW",
    "Spaniard": "ESP", "Englishman": "GBR", "Englishwoman": "GBR", "Scotsman": "GBR",
    "Welshman": "GBR", "Irishman": "IRL", "Frenchman": "FRA", "Frenchwoman": "FRA",
    "Dutchman": "NLD", "Guamanian": "GUM", "Chamorro": "GUM", "Rhodesian": "ZWE",
    "North Korean": "PRK", "Gibraltarian": "GIB", "Hongkonger": "HKG", "Macanese": "MAC",
    "New Zealander": "NZL", "Israeli Arab": "ISR", "Congolese": "COD", "Djiboutian": "DJI",
    "Martinican": "MTQ", "Basotho": "LSO", "Emirian": "ARE", "Andorran": "AND",
    "Korean": "KOR",  # without a direction: the larger
    # nations within a state
    "English": "GBR", "Scottish": "GBR", "Welsh": "GBR", "Northern Irish": "GBR",
    "Cornish": "GBR", "Québécois": "CAN", "French Canadian": "CAN",
    "French-Canadian": "CAN", "Greek Cypriot": "CYP", "Turkish Cypriot": "CYP",
    "American Indian": "USA", "Catalan": "ESP", "Basque": "ESP", "Galician": "ESP",
    "Flemish": "BEL", "Sicilian": "ITA", "Sardinian": "ITA", "Bavarian": "DEU",
    "Corsican": "FRA", "Chechen": "RUS", "Hawaiian": "USA", "Texan": "USA",
    "Californian": "USA",
    "African American": "USA", "Native American": "USA", "Zanzibari": "TZA",
    "Australian Aboriginal": "AUS",
    "Kosovar": "SRB", "Kosovan": "SRB",  # ISO 3166 has no code for Kosovo
    # historic states: the successor that most of their people live in
    "Soviet": "RUS", "Prussian": "DEU", "East German": "DEU", "West German": "DEU",
    "Czechoslovak": "CZE", "Czechoslovakian": "CZE", "Yugoslav": "SRB", "Yugoslavian": "SRB",
    "Ottoman": "TUR", "Persian": "IRN", "Austro-Hungarian": "AUT", "Venetian": "ITA",
    "Florentine": "ITA", "South Vietnamese": "VNM", "Ceylonese": "LKA",
}  # fmt: skip

_COUNTRIES = {
    "America": "USA", "U.S.": "USA", "US": "USA", "USA": "USA", "U.S.A.": "USA",
    "United States of America": "USA", "UK": "GBR", "U.K.": "GBR", "Great Britain": "GBR",
    "Britain": "GBR", "England": "GBR", "Scotland": "GBR", "Wales": "GBR",
    "Northern Ireland": "GBR", "Republic of Ireland": "IRL", "Holland": "NLD",
    "The Netherlands": "NLD", "Soviet Union": "RUS", "USSR": "RUS", "U.S.S.R.": "RUS",
    "East Germany": "DEU", "West Germany": "DEU", "Prussia": "DEU", "Czechoslovakia": "CZE",
    "Czech Republic": "CZE", "Yugoslavia": "SRB", "Kosovo": "SRB", "Persia": "IRN",
    "Burma": "MMR", "Ceylon": "LKA", "Siam": "THA", "Rhodesia": "ZWE", "Zaire": "COD",
    "British India": "IND", "South Vietnam": "VNM", "Macedonia": "MKD", "Turkey": "TUR",
    "Ivory Coast": "CIV", "Cape Verde": "CPV", "Swaziland": "SWZ", "Macau": "MAC",
    "Trinidad": "TTO", "Tobago": "TTO", "Republic of Georgia": "GEO", "Russia": "RUS",
    "People's Republic of China": "CHN", "Palestine": "PSE", "UAE": "ARE", "Bosnia": "BIH",
    "St. Lucia": "LCA", "US Virgin Islands": "VIR", "U.S. Virgin Islands": "VIR",
    "Virgin Islands": "VIR", "Vatican City": "VAT", "East Timor": "TLS", "Tahiti": "PYF",
}  # fmt: skip

_CITIES = {
    "USA": "New York City|New York|Los Angeles|Chicago|Houston|Philadelphia|San Francisco|Boston|"
    "Detroit|Brooklyn|Manhattan|The Bronx|Queens|Hollywood|Miami|Dallas|San Diego|Seattle|"
    "Atlanta|New Orleans|Las Vegas|Cleveland|Cincinnati|Baltimore|Pittsburgh|St. Louis|Denver|"
    "Minneapolis|Milwaukee|Long Island|New England|Washington, D.C.|Washington",
    "CAN": "Toronto|Montreal|Vancouver|Calgary|Edmonton|Winnipeg|Halifax",
    "GBR": "Liverpool|Manchester|Birmingham|Leeds|Glasgow|Edinburgh|Belfast|Cardiff|Sheffield|"
    "Bristol|Newcastle upon Tyne|Yorkshire|Lancashire|Kent|Surrey|Essex|Cornwall",
    "AUS": "Sydney|Melbourne|Brisbane|Perth|Adelaide|New South Wales|Queensland|Victoria|Tasmania",
    "IND": "Mumbai|Bombay|Delhi|Kolkata|Calcutta|Chennai|Madras|Bangalore|Bengaluru|Hyderabad|"
    "Kerala|Tamil Nadu|Maharashtra|Gujarat|Karnataka|Uttar Pradesh|West Bengal|Andhra Pradesh",
    "PAK": "Karachi|Lahore", "NGA": "Lagos", "ZAF": "Johannesburg|Cape Town|Durban",
    "DEU": "Munich|Hamburg|Frankfurt|Cologne", "FRA": "Marseille|Lyon", "ESP": "Barcelona|Seville",
    "ITA": "Milan|Naples|Turin|Venice|Florence", "RUS": "Saint Petersburg|St. Petersburg|Leningrad",
    "BRA": "São Paulo|Rio de Janeiro", "CHN": "Shanghai|Guangzhou", "JPN": "Osaka|Kyoto|Nagoya",
    "KOR": "Busan", "VNM": "Saigon|Ho Chi Minh City", "TUR": "Istanbul", "ISR": "Tel Aviv",
    "NZL": "Auckland|Christchurch", "KAZ": "Almaty", "PSE": "Gaza",
}  # fmt: skip

# capitals that are as often a person, a saint, a US town or an ordinary word
_NO_CAPITALS = frozenset(
    {"Kingston", "Georgetown", "Stanley", "Hamilton", "Victoria", "Douglas", "Jamestown"}
)
_STATE_NAMES = frozenset({"Georgia"})
"""Both a country and a US state: neither, where nothing next to it tells which."""

US_SHORT = (
    "Ala.|Ariz.|Ark.|Calif.|Colo.|Conn.|Del.|Fla.|Ga.|Ill.|Ind.|Kans.|Ky.|La.|Mass.|Md.|Mich.|"
    "Minn.|Miss.|Mo.|Mont.|N.C.|N.Dak.|N.H.|N.J.|N.Mex.|N.Y.|Nebr.|Nev.|Okla.|Oreg.|Pa.|R.I.|"
    "S.C.|S.Dak.|Tenn.|Tex.|Va.|Vt.|W.Va.|Wash.|Wis.|Wyo.|D.C.|P.R."
)


@cache
def demonyms() -> dict[str, str]:
    """Demonym or nation to ISO 3166 alpha-3."""
    found: dict[str, str] = {}
    for country in pycountry.countries:
        code = country.alpha_3
        if code in _DEMONYMS_OF_OTHERS:
            continue
        words = CountryInfo(code).info().get("demonym") or ""
        for word in re.split(r"[,/]| and ", words):
            if word.strip() and word.strip() not in found:
                found[word.strip()] = code
    return found | _DEMONYMS


@cache
def countries() -> dict[str, str]:
    """Name of a country to ISO 3166 alpha-3; without Georgia."""
    found: dict[str, str] = {}
    for country in pycountry.countries:
        for name in (country.name, getattr(country, "common_name", None)):
            if name and "," not in name:
                found[name] = country.alpha_3
        name = CountryInfo(country.alpha_3).info().get("name", "")
        if name and "," not in name and name[0].isupper():
            found[name.removeprefix("The ")] = country.alpha_3
    found |= _COUNTRIES
    return {name: code for name, code in found.items() if name not in _STATE_NAMES}


@cache
def us_states() -> frozenset[str]:
    """Names of the states and territories that send members to the US Congress."""
    return frozenset({"Virgin Islands", *_subdivisions("US")})


@cache
def places() -> dict[str, str]:
    """Every place whose country is known: countries, US states, provinces, capitals, cities."""
    found: dict[str, str] = {}
    for country in pycountry.countries:
        capital = CountryInfo(country.alpha_3).info().get("capital")
        if isinstance(capital, str) and capital and capital not in _NO_CAPITALS:
            found.setdefault(capital, country.alpha_3)
    for code, text in _CITIES.items():
        found |= dict.fromkeys(text.split("|"), code)
    found |= dict.fromkeys(US_SHORT.split("|"), "USA")
    found |= dict.fromkeys(_subdivisions("CA"), "CAN")
    found |= dict.fromkeys(us_states() - _STATE_NAMES - {"Virgin Islands"}, "USA")
    return found | countries()


def _subdivisions(country_code: str) -> list[str]:
    found = pycountry.subdivisions.get(country_code=country_code)  # type: ignore[no-untyped-call]
    return [part.name for part in found]


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
    return {fold(name): code for name, code in (countries() | demonyms()).items()}


@cache
def _codes() -> dict[str, str]:
    alpha_3 = {country.alpha_3: country.alpha_3 for country in pycountry.countries}
    return alpha_3 | {country.alpha_2: country.alpha_3 for country in pycountry.countries}


def fold(text: str) -> str:
    """Lower case, without accents, dots and doubled spaces."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(plain.lower().replace(".", "").split())


def alternatives(names: dict[str, str]) -> str:
    """A regular expression that matches the longest of the names."""
    return "|".join(re.escape(name) for name in sorted(names, key=lambda n: (-len(n), n)))
