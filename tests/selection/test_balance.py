import pandas as pd
import pytest

from noisyau.demographics import REGIONS
from noisyau.selection.balance import BOTH, GENDERS, cells, shares

PEOPLE = pd.DataFrame(
    {
        "gender": ["female", "male", None, "female", None],
        "region": ["south_asia", None, "south_asia", "north_east_asia", None],
    }
)


@pytest.mark.parametrize(
    ("balance", "known"),
    [("gender", GENDERS), ("region", REGIONS), ("region_gender", BOTH), ("none", ("everyone",))],
)
def test_a_named_balance_is_equal_shares_of_all_its_cells(balance, known) -> None:
    assert shares(balance) == {cell: 1 / len(known) for cell in known}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("gender", ["female", "male", None, "female", None]),
        ("region", ["south_asia", None, "south_asia", "north_east_asia", None]),
        ("region_gender", ["south_asia/female", None, None, "north_east_asia/female", None]),
        ("none", ["everyone"] * 5),
        ({"south_asia": 1}, ["south_asia", None, "south_asia", None, None]),
        ({"south_asia/male": 0.5, "south_asia/female": 0.5}, ["south_asia/female", *[None] * 4]),
    ],
)
def test_people_are_in_the_cell_that_they_are_known_to_be_of(told, expected) -> None:
    names = shares(told)
    found = [None if at < 0 else list(names)[at] for at in cells(PEOPLE, names)]
    assert found == expected


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("age", r"'age' is not allowed; allowed: none, gender, region, region_gender, or shares"),
        (
            {"female": 0.5, "south_asia": 0.5},
            r"unknown cell 'south_asia'.*known here: female, male",
        ),
        ({"asia": 1.0}, "unknown cell 'asia'"),
        ({"female": 0.5, "male": 0.6}, r"the shares sum to 1\.1, not to 1"),
        ({"female": 0.0, "male": 1.0}, r"female: 0\.0 is not over 0; leave out who is not wanted"),
        ({}, "the shares sum to 0, not to 1"),
    ],
)
def test_shares_that_are_none_are_refused_with_what_is_allowed(told, text) -> None:
    with pytest.raises(ValueError, match=text):
        shares(told)


def test_the_order_in_which_shares_are_told_does_not_matter() -> None:
    assert list(shares({"male": 0.5, "female": 0.5})) == ["female", "male"]
