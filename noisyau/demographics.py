"""The words for gender and region that tables, params and pages share."""

GENDERS = ("female", "male")
"""What a biography's words can say; who is neither, or not told, has none."""

REGIONS = (
    "north_america_europe",
    "south_asia",
    "southern_africa",
    "middle_east_central_asia_north_africa",
    "central_south_america",
    "north_east_asia",
    "south_east_asia",
)
"""Fung & McDuff 2020, Table II; `noisyau.people.regions` says which country is in which."""

NON_BINARY = "non-binary: "
"""How the evidence of a gender begins where the text calls its person neither woman nor man."""
