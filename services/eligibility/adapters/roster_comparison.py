"""Comparing two lists of people (名册比对) by column, as many as a province has."""

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from contracts.vocabulary import CertificateType, DifferenceKind
from eligibility.domain.listed_person import Difference, ListedPerson, ListedSide

_TYPES = pl.Enum([each.value for each in CertificateType])
_COLUMNS: dict[str, Any] = {
    "certificate_type": _TYPES,
    "certificate": pl.String,
    "name": pl.String,
    "birth": pl.Date,
    "township": pl.String,
    "village": pl.String,
    "kind": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}
SCHEMA = pl.Schema(_COLUMNS)
"""One row for each kind that a list says of a person; the certificate in its looked-up form."""

PERSON = ["certificate_type", "certificate"]
"""What makes two rows the same person: the same number on a passport is somebody else."""

RIGHT_PERSON = [f"{name}_right" for name in PERSON]
_SIDE = (*PERSON, "name", "birth", "kinds")
_ALL_SIDES = [f"{name}{side}" for side in ("", "_right") for name in _SIDE]

_LENGTH = 18
_PAIR = 2
_MANY = 50_000


class RosterComparison:
    """Two lists compared (名册比对): what differs, and how often in each village."""

    def __init__(
        self,
        left: Iterable[ListedPerson],
        right: Iterable[ListedPerson],
        compare: "Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame] | None" = None,
    ) -> None:
        self._found = (compare or compare_lists)(as_frame(left), as_frame(right))

    def __len__(self) -> int:
        """How many differences."""
        return len(self._found)

    def differences(self) -> Iterable[Difference]:
        """One by one, by kind, township and village."""
        return differences_in(self._found)

    def counts(self) -> list[tuple[str | None, str | None, DifferenceKind, int]]:
        """Township, village, kind and number of differences, by township and village."""
        rows = count_differences(self._found).iter_rows()
        return [(town, village, DifferenceKind(what), n) for town, village, what, n in rows]

    def disease_counts(self) -> list[tuple[str, DifferenceKind, int]]:
        """Disease, kind and number of the differences that are about a disease, by disease."""
        about = self._found.drop_nulls("disease").group_by("disease", "what").agg(n=pl.len())
        rows = about.sort("disease", "what").iter_rows()
        return [(disease, DifferenceKind(what), count) for disease, what, count in rows]


def as_frame(people: Iterable[ListedPerson]) -> pl.DataFrame:
    """A list as columns, filled block by block so that no second copy of it is held."""
    blocks, block = [], []
    for each in people:
        block.append(tuple(getattr(each, name) for name in SCHEMA))
        if len(block) == _MANY:
            blocks.append(pl.DataFrame(block, schema=SCHEMA, orient="row"))
            block = []
    blocks.append(pl.DataFrame(block, schema=SCHEMA, orient="row"))
    return pl.concat(blocks, rechunk=True)


def compare_lists(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Every difference between two lists, one a row, in the columns of `Difference`.

    People are the same by their certificate. Who is on one list alone and has the name and the
    birth (or the village) of somebody on the other alone, with a number one slip away, is told as
    one person whose number differs and not as two who are missing. Kinds are compared that both
    lists speak of: a list of the poor does not contradict one of the enrolled.
    """
    spoken_of = _kinds(left) & _kinds(right)
    mine, theirs = _people(left, spoken_of), _people(right, spoken_of)
    both = mine.join(theirs, on=PERSON, how="inner", suffix="_right")
    both = both.with_columns(certificate_type_right="certificate_type")
    both = both.with_columns(certificate_right="certificate")
    only_left = mine.join(theirs, on=PERSON, how="anti")
    only_right = theirs.join(mine, on=PERSON, how="anti")
    slips = _slips(only_left, only_right)
    found = [
        named(DifferenceKind.TWO_NAMES_LEFT, _with_all_names(mine)),
        named(DifferenceKind.TWO_NAMES_RIGHT, as_right(_with_all_names(theirs))),
        named(DifferenceKind.NAME, both.filter(pl.col("name") != pl.col("name_right"))),
        named(DifferenceKind.KINDS, both.filter(pl.col("shared") != pl.col("shared_right"))),
        named(DifferenceKind.NUMBER, slips),
        named(DifferenceKind.MISSING_RIGHT, only_left.join(slips, on=PERSON, how="anti")),
        named(
            DifferenceKind.MISSING_LEFT,
            as_right(only_right.join(slips, left_on=PERSON, right_on=RIGHT_PERSON, how="anti")),
        ),
    ]
    return in_order(pl.concat(found))


def in_order(found: pl.DataFrame) -> pl.DataFrame:
    """Differences in the order in which they are told, the same each time."""
    order = ("what", "township", "village", "certificate", "certificate_right", "disease")
    return found.sort(*order, nulls_last=True)


def count_differences(differences: pl.DataFrame) -> pl.DataFrame:
    """How many of each kind in each village: `township`, `village`, `what`, `count`."""
    return (
        differences.group_by("township", "village", "what")
        .agg(count=pl.len())
        .sort("township", "village", "what", nulls_last=True)
    )


def differences_in(frame: pl.DataFrame) -> Iterable[Difference]:
    """The rows, one by one."""
    for row in frame.iter_rows(named=True):
        yield Difference(
            what=DifferenceKind(row["what"]),
            township=row["township"],
            village=row["village"],
            left=_side(row, ""),
            right=_side(row, "_right"),
            disease=row["disease"],
        )


def _side(row: dict[str, Any], suffix: str) -> ListedSide | None:
    if row[f"certificate{suffix}"] is None:
        return None
    return ListedSide(
        certificate_type=CertificateType(row[f"certificate_type{suffix}"]),
        certificate=row[f"certificate{suffix}"],
        name=row[f"name{suffix}"],
        birth=row[f"birth{suffix}"],
        kinds=row[f"kinds{suffix}"] or None,
    )


def _kinds(listed: pl.DataFrame) -> set[str]:
    return set(listed["kind"].drop_nulls().unique())


def _people(listed: pl.DataFrame, spoken_of: set[str]) -> pl.DataFrame:
    """One row a person: first name and village met, all kinds in one sorted text, and those that
    both lists speak of."""
    kind = pl.col("kind").drop_nulls()
    return (
        listed.lazy()
        .filter(pl.col("certificate").is_not_null())
        .group_by(PERSON, maintain_order=True)
        .agg(
            pl.col("name").first(),
            pl.col("birth").drop_nulls().first(),
            pl.col("township").drop_nulls().first(),
            pl.col("village").drop_nulls().first(),
            kind.unique().sort().str.join("、").alias("kinds"),
            kind.filter(kind.is_in(sorted(spoken_of)))
            .unique()
            .sort()
            .str.join("、")
            .alias("shared"),
            pl.col("name").n_unique().alias("names"),
            pl.col("name").unique(maintain_order=True).str.join("／").alias("all_names"),
        )
        .collect()
    )


def _with_all_names(people: pl.DataFrame) -> pl.DataFrame:
    """Those of more than one name, each name told: one alone shows nothing wrong."""
    return people.filter(pl.col("names") > 1).with_columns(name="all_names")


def _slips(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one name and one birth, or one village, whose numbers are one slip apart."""
    pairs = [
        left.drop_nulls(by)
        .join(
            right.drop_nulls(by),
            on=["certificate_type", "name", by],
            how="inner",
            suffix="_right",
            coalesce=False,
        )
        .filter(_is_one_slip())
        for by in ("birth", "village")
    ]
    # Whoever has two likely partners is left to people: neither is told as a slip of the other.
    alone = [pl.struct(names).is_unique() for names in (PERSON, RIGHT_PERSON)]
    return (
        pl.concat(pairs)
        .unique([*PERSON, *RIGHT_PERSON], maintain_order=True)
        .filter(pl.all_horizontal(alone))
    )


def _is_one_slip() -> pl.Expr:
    """One character differs, or two neighbours changed places; the check character apart."""
    one, other = pl.col("certificate"), pl.col("certificate_right")
    body = range(_LENGTH - 1)
    differs = [one.str.slice(at, 1) != other.str.slice(at, 1) for at in body]
    count = pl.sum_horizontal(*(each.cast(pl.Int8) for each in differs))
    swapped = [
        (one.str.slice(at, 1) == other.str.slice(at + 1, 1))
        & (one.str.slice(at + 1, 1) == other.str.slice(at, 1))
        & differs[at]
        for at in body[:-1]
    ]
    are_full = (one.str.len_chars() == _LENGTH) & (other.str.len_chars() == _LENGTH)
    is_last_alone = (count == 0) & (one != other)
    return are_full & (
        (count == 1) | is_last_alone | ((count == _PAIR) & pl.any_horizontal(*swapped))
    )


def as_right(people: pl.DataFrame) -> pl.DataFrame:
    """What a list says under the names of the right one; the left one says nothing."""
    return people.rename({name: f"{name}_right" for name in people.columns})


def named(what: DifferenceKind, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the columns of differences: what one list does not say is null."""
    types = {**{name: SCHEMA.get(name, pl.String()) for name in _SIDE}, "township": pl.String()}
    types |= {"village": pl.String()}
    wanted = {f"{name}{side}": kind for name, kind in types.items() for side in ("", "_right")}
    wanted["disease"] = pl.String()
    filled = rows.with_columns(
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in wanted.items()
        if name not in rows.columns
    )
    return filled.select(
        pl.lit(what.value).alias("what"),
        pl.coalesce("township", "township_right").alias("township"),
        pl.coalesce("village", "village_right").alias("village"),
        *_ALL_SIDES,
        "disease",
    )
