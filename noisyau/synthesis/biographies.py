"""Invented biographies in the form of Google's Knowledge Graph search results (JSON-LD).

All sentences and names are made up here. Most name a nationality and use pronouns that follow
the rendered person; some leave out one or both, as real ones do.
"""

import json

import numpy as np

NATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "north_america_europe": (
        ("American", "the United States"), ("American", "the United States"),
        ("American", "the United States"), ("American", "the United States"),
        ("British", "the United Kingdom"), ("British", "the United Kingdom"),
        ("Canadian", "Canada"), ("French", "France"), ("German", "Germany"),
        ("Italian", "Italy"), ("Spanish", "Spain"), ("Swedish", "Sweden"), ("Polish", "Poland"),
        ("Russian", "Russia"), ("Australian", "Australia"), ("Dutch", "the Netherlands"),
        ("Norwegian", "Norway"), ("New Zealand", "New Zealand"),
    ),
    "south_asia": (
        ("Indian", "India"), ("Indian", "India"), ("Indian", "India"), ("Pakistani", "Pakistan"),
        ("Bangladeshi", "Bangladesh"), ("Sri Lankan", "Sri Lanka"), ("Nepalese", "Nepal"),
    ),
    "southern_africa": (
        ("Nigerian", "Nigeria"), ("Nigerian", "Nigeria"), ("Ghanaian", "Ghana"),
        ("Kenyan", "Kenya"), ("South African", "South Africa"), ("Ethiopian", "Ethiopia"),
        ("Senegalese", "Senegal"), ("Ugandan", "Uganda"),
    ),
    "middle_east_central_asia_north_africa": (
        ("Egyptian", "Egypt"), ("Turkish", "Turkey"), ("Iranian", "Iran"), ("Lebanese", "Lebanon"),
        ("Moroccan", "Morocco"), ("Israeli", "Israel"), ("Kazakhstani", "Kazakhstan"),
        ("Algerian", "Algeria"),
    ),
    "central_south_america": (
        ("Brazilian", "Brazil"), ("Brazilian", "Brazil"), ("Mexican", "Mexico"),
        ("Mexican", "Mexico"), ("Argentine", "Argentina"), ("Colombian", "Colombia"),
        ("Chilean", "Chile"), ("Peruvian", "Peru"), ("Jamaican", "Jamaica"), ("Cuban", "Cuba"),
    ),
    "north_east_asia": (
        ("Chinese", "China"), ("Chinese", "China"), ("Japanese", "Japan"), ("Japanese", "Japan"),
        ("South Korean", "South Korea"), ("Taiwanese", "Taiwan"), ("Mongolian", "Mongolia"),
    ),
    "south_east_asia": (
        ("Filipino", "the Philippines"), ("Thai", "Thailand"), ("Vietnamese", "Vietnam"),
        ("Indonesian", "Indonesia"), ("Malaysian", "Malaysia"), ("Singaporean", "Singapore"),
    ),
}  # fmt: skip
"""Adjective and country by the project's groups; more frequent ones are named more often."""

SHARES = {
    "north_america_europe": 0.46,
    "south_asia": 0.10,
    "southern_africa": 0.10,
    "middle_east_central_asia_north_africa": 0.09,
    "central_south_america": 0.09,
    "north_east_asia": 0.09,
    "south_east_asia": 0.07,
}

_FIRST_SOUNDS = {
    "north_america_europe": "Al Ber Cor Del Ed Fen Gar Hol Ker Lin Mar Nor Os Pel Ros Thur Wil",
    "south_asia": "Ad An Bha Cha De Ga In Ja Ka Lal Ma Na Pra Ra Sa Su Va",
    "southern_africa": "Ab Ade Ba Chi Da Eke Fa Ka Ki Le Mo Nda No Oba Sa Te Zu",
    "middle_east_central_asia_north_africa": "Al Az Ba Da Far Ha Ja Ka Kha Lei Ma Na Os Ra Sa Ta",
    "central_south_america": "Al Be Ca Da Es Fe Gon Lo Mar Na Or Pa Que Ri Sal To Va",
    "north_east_asia": "Bai Cho Da Fu Ha Hyo Ji Ka Li Mi Na Qi Sa Ta Wei Xu Yo",
    "south_east_asia": "An Ba Bu Cha Da Gu Ha Jo Ki La Ma Na Pha Ra Sa Su Tra",
}
_LAST_SOUNDS = {
    "north_america_europe": "ard bury den ers ford gren ham ley lin man mere nell sen son ton wick",
    "south_asia": "chan dar esh gupt kar lani mal nath pal raj rish tan vani wal yan",
    "southern_africa": "bele chuk dabe fola kemi kwe lami mba neke ngu sanya tunde wale zi",
    "middle_east_central_asia_north_africa": "ani bari dar fi hami jan kani lavi mani nour zadeh",
    "central_south_america": "bares caro dero eira gado lanes mendo neira quez res rillo tano zano",
    "north_east_asia": "jun ko lan mei min moto na ri shi sung tao wen yama yan zu",
    "south_east_asia": "dara gani hong lan luwan min nara ngo pong rin santo tama thit wan yudo",
}

_JOBS = (
    ("actor", "actress"), ("actor", "actress"), ("singer", "singer"), ("film director",) * 2,
    ("journalist",) * 2, ("politician",) * 2, ("novelist",) * 2, ("footballer",) * 2,
    ("television presenter",) * 2, ("model",) * 2, ("chef",) * 2, ("comedian",) * 2,
    ("sprinter",) * 2, ("composer",) * 2, ("architect",) * 2, ("photographer",) * 2,
    ("businessman", "businesswoman"), ("tennis player",) * 2, ("swimmer",) * 2,
    ("violinist",) * 2, ("dancer",) * 2, ("playwright",) * 2,
)  # fmt: skip

_WITH_NATION = (
    "{name} is {a_nation} {job}. {He} came to notice in {year} with the series {work}.",
    "{name} is {a_nation} {job}, best known for {work}. {He} lives with {his} two children.",
    "{name}, born in {country} in {born}, is a retired {job}. {He} left {his} last team in {year}.",
    "{name} is {a_nation} {job} whose career began in {year}. {His} first success was {work}.",
    "{name} was born in {born} and is {a_nation} {job}. Critics praised {him} for {work}.",
    "{name} is {a_nation} {job}. Late in life {he} was awarded a prize for {work}.",
    "{name} is {a_nation} {job} and producer. {He} founded {his} own company in {year}.",
    "{name} is {a_nation} {job}. In {year} {he} published {his} memoirs under the title {work}.",
    "{name} is {a_nation} {job} who has appeared in {number} productions, among them {work}.",
    "Raised in {country}, {name} became a {job} at the age of {age}. {He} is known for {work}.",
    "{name} is {a_nation} {job}. {His} mother taught music, and {he} sings to this day.",
    "{name} is {a_nation} {job}. {His} father ran a bakery, where {he} worked until {year}.",
    "{name} is {a_nation} {job}, named newcomer of the year in {year}.",
    "{name} represented {country} as a {job} from {year} on and later trained others {himself}.",
    "{name} is {a_nation} {job} of the stage and the screen. {He} turned down a part in {work}.",
    "{name} is {a_nation} {job}; {his} work includes {work} and {number} short pieces.",
)
_WITHOUT_NATION = (
    "{name} is a {job} known for {work}. {He} has {number} credits to {his} name.",
    "{name} is a {job}. {He} rose to fame in {year}, when {work} was first shown.",
    "{name} is a {job} and teacher. {His} students remember {him} for {his} patience.",
    "{name} is a {job}. Colleagues describe {him} as tireless; {he} began at the age of {age}.",
)
_WITHOUT_PRONOUNS = (
    "{name} is {a_nation} {job}.",
    "{name} is {a_nation} {job}, known for {work}.",
    "{name} is {a_nation} {job} born in {born}.",
)
_FIRST = (
    *("Amber", "Broken", "Distant", "Early", "Golden", "Hidden"),
    *("Last", "Northern", "Paper", "Quiet", "Second", "Silver", "Winter"),
)
_SECOND = (
    *("Bridge", "Garden", "Harbour", "House", "Letters", "Morning"),
    *("Orchard", "River", "Season", "Streets", "Summer", "Tide"),
)


def write(mid: str, gender: str, region: str, rng: np.random.Generator) -> str:
    """One person's file, as JSON text; `mid` starts with `m.`."""
    adjective, country = NATIONS[region][rng.integers(len(NATIONS[region]))]
    name = f"{_name(region, rng)} {_name(region, rng)}"
    job = _JOBS[rng.integers(len(_JOBS))][gender == "female"]
    draw = rng.random()
    templates = (
        _WITHOUT_PRONOUNS if draw < 0.06 else _WITHOUT_NATION if draw < 0.12 else _WITH_NATION
    )
    template = templates[rng.integers(len(templates))]
    male = gender == "male"
    words = {
        "name": name,
        "job": job,
        "a_nation": f"{'an' if adjective[0] in 'AEIOU' else 'a'} {adjective}",
        "country": country,
        "he": "he" if male else "she",
        "He": "He" if male else "She",
        "his": "his" if male else "her",
        "His": "His" if male else "Her",
        "him": "him" if male else "her",
        "himself": "himself" if male else "herself",
        "year": int(rng.integers(1985, 2015)),
        "born": int(rng.integers(1942, 1994)),
        "age": int(rng.integers(16, 35)),
        "number": int(rng.integers(12, 90)),
        "work": f"The {_FIRST[rng.integers(len(_FIRST))]} {_SECOND[rng.integers(len(_SECOND))]}",
    }
    body = template.format(**words)
    named = templates is not _WITHOUT_NATION and rng.random() < 0.7
    page = f"https://example.org/wiki/{name.replace(' ', '_')}"
    result = {
        "description": f"{adjective} {job}" if named else job.capitalize(),
        "@type": ["Thing", "Person"],
        "name": name,
        "detailedDescription": {
            "license": "https://example.org/wiki/Text_of_the_licence",
            "url": page,
            "articleBody": body,
        },
        "image": {"url": page, "contentUrl": f"https://example.org/images/{mid}.jpg"},
        "@id": f"kg:/{mid.replace('.', '/', 1)}",
    }
    score = round(float(rng.lognormal(2.4, 0.5)), 6)
    return json.dumps(
        {
            "@type": "ItemList",
            "@context": {
                "@vocab": "http://schema.org/",
                "detailedDescription": "goog:detailedDescription",
                "resultScore": "goog:resultScore",
                "kg": "http://g.co/kg",
                "EntitySearchResult": "goog:EntitySearchResult",
                "goog": "http://schema.googleapis.com/",
            },
            "itemListElement": [
                {"@type": "EntitySearchResult", "result": result, "resultScore": score}
            ],
        }
    )


def _name(region: str, rng: np.random.Generator) -> str:
    first, last = _FIRST_SOUNDS[region].split(), _LAST_SOUNDS[region].split()
    return first[rng.integers(len(first))] + last[rng.integers(len(last))]
