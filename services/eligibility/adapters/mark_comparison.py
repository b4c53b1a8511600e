"""Comparing disease marks (慢特病标识比对), and the poor with the enrolled (困难未参保), by column.

Both begin with who is who, as the comparison of people tells it: whose number seems mistyped in
one list is told once as that, and not a second time as somebody missing.
"""

from collections.abc import Callable

import polars as pl

from contracts.vocabulary import ComparedSubject, DifferenceKind
from eligibility.adapters.roster_comparison import (
    PERSON,
    RIGHT_PERSON,
    as_right,
    compare_lists,
    in_order,
    named,
)

_OF_PEOPLE = [
    DifferenceKind.NAME,
    DifferenceKind.NUMBER,
    DifferenceKind.TWO_NAMES_LEFT,
    DifferenceKind.TWO_NAMES_RIGHT,
]
_MARK = [*PERSON, "disease"]

Compare = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]


def compare_marks(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Every difference between two lists of disease marks; `kind` of their rows is the disease.

    Who is marked by one list alone, disease by disease, and who by both from or until another day.
    """
    people = compare_lists(left, right).filter(pl.col("what").is_in(_OF_PEOPLE))
    slips = people.filter(pl.col("what") == DifferenceKind.NUMBER)
    mine = _marks(left).join(slips, on=PERSON, how="anti")
    theirs = _marks(right).join(slips, left_on=PERSON, right_on=RIGHT_PERSON, how="anti")
    both = mine.join(theirs, on=_MARK, how="inner", suffix="_right").with_columns(
        certificate_type_right="certificate_type", certificate_right="certificate"
    )
    same_days = pl.all_horizontal(
        pl.col(day).eq_missing(pl.col(f"{day}_right")) for day in ("valid_from", "valid_to")
    )
    lacking = as_right(theirs.join(mine, on=_MARK, how="anti"))
    found = [
        people,
        named(DifferenceKind.MARK_MISSING_RIGHT, mine.join(theirs, on=_MARK, how="anti")),
        named(DifferenceKind.MARK_MISSING_LEFT, lacking.rename({"disease_right": "disease"})),
        named(DifferenceKind.MARK_DAYS, both.filter(~same_days)),
    ]
    return in_order(pl.concat(found))


def compare_enrolment(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Who of the left list is not enrolled by the right one, or under a number one slip away."""
    found = compare_lists(left, right)
    lacking = found.filter(pl.col("what") == DifferenceKind.MISSING_RIGHT).with_columns(
        pl.lit(DifferenceKind.NOT_ENROLLED.value).alias("what")
    )
    return in_order(pl.concat([lacking, found.filter(pl.col("what") == DifferenceKind.NUMBER)]))


COMPARE: dict[ComparedSubject, Compare] = {
    ComparedSubject.PEOPLE: compare_lists,
    ComparedSubject.MARKS: compare_marks,
    ComparedSubject.ENROLMENT: compare_enrolment,
}
"""How each subject is compared."""


def _marks(listed: pl.DataFrame) -> pl.DataFrame:
    """One row a person and disease, from its first day to its last; no last day is for good."""
    first, last = pl.col("valid_from").min(), pl.col("valid_to")
    until = pl.when(last.null_count() == 0).then(last.max())
    return (
        listed.filter(pl.col("certificate").is_not_null(), pl.col("kind").is_not_null())
        .rename({"kind": "disease"})
        .group_by(_MARK, maintain_order=True)
        .agg(
            pl.col("name").first(),
            pl.col("birth").drop_nulls().first(),
            pl.col("township").drop_nulls().first(),
            pl.col("village").drop_nulls().first(),
            first.alias("valid_from"),
            until.alias("valid_to"),
        )
        .with_columns(
            pl.format(
                "{}（{} 起，{}）",
                "disease",
                pl.col("valid_from").dt.to_string("%Y-%m-%d"),
                pl.col("valid_to").dt.to_string("至 %Y-%m-%d").fill_null("长期"),
            ).alias("kinds")
        )
    )
