"""Who shares pictures with whom, from `tables.DUPLICATES`.

A person is a subject of a corpus: the two corpora may call two people the same.
"""

import pandas as pd

CELEBRITIES, CODED = "celebrities", "coded"


def shared(rows: pd.DataFrame) -> pd.DataFrame:
    """Of `tables.DUPLICATES`, or some rows of it, the groups that span several people in them."""
    people = rows.drop_duplicates(["group", "corpus", "subject"])["group"]
    return rows[rows["group"].isin(people[people.duplicated()])]


def sharers(rows: pd.DataFrame, corpus: str) -> "pd.Series[str]":
    """Group -> the people of a corpus who share it, sorted (list of str), where several do."""
    of_several = shared(rows[rows["corpus"] == corpus])
    people = of_several.drop_duplicates(["group", "subject"]).sort_values(["group", "subject"])
    return people.groupby("group")["subject"].agg(list)


def overlap(rows: pd.DataFrame) -> pd.DataFrame:
    """The celebrities who are, or may be, among the coded people.

    returns  by subject: face_id, the first picture of theirs that says so; other, the first that
             it is in a group with; through, null where `other` is of the coded corpus, else the
             celebrity, in a group with a coded person, whose it is

    The second kind is probably somebody of the first under another name. It goes no further:
    each step may rest on one false pair, and a chain of them would reach people who have nothing
    to do with anybody coded.
    """
    own, coded = rows[rows["corpus"] == CELEBRITIES], rows[rows["corpus"] == CODED]
    direct = _met(own, coded)
    theirs = own[own["subject"].isin(direct.index)]
    further = _met(own[~own["subject"].isin(direct.index)], theirs)
    direct["through"] = None
    return pd.concat([direct, further])


def _met(own: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """By subject the first picture that is in a group with one of the others."""
    first = others.drop_duplicates("group")[["group", "face_id", "subject"]]
    first = first.rename(columns={"face_id": "other", "subject": "through"})
    pairs = own.merge(first, on="group").drop_duplicates("subject")
    return pairs.set_index("subject")[["face_id", "other", "through"]].astype(object)
