"""Comparing two lists of people (名册比对) by column, as many as a province has."""

from collections.abc import Iterable

import polars as pl

from eligibility.domain.listed_person import Difference, DifferenceKind, ListedPerson

SCHEMA = pl.Schema(
    {
        "certificate": pl.String,
        "name": pl.String,
        "birth": pl.Date,
        "village": pl.String,
        "kind": pl.String,
    }
)
"""One row for each kind that a list says of a person; the certificate in its looked-up form."""

_LENGTH = 18
_PAIR = 2
_MANY = 50_000


class RosterComparison:
    """Two lists compared (名册比对): what differs, and how often in each village."""

    def __init__(self, left: Iterable[ListedPerson], right: Iterable[ListedPerson]) -> None:
        self._found = compare_lists(as_frame(left), as_frame(right))

    def __len__(self) -> int:
        """How many differences."""
        return len(self._found)

    def differences(self) -> Iterable[Difference]:
        """One by one."""
        return differences_in(self._found)

    def counts(self) -> list[tuple[str | None, DifferenceKind, int]]:
        """Village, kind and number of differences, by village."""
        rows = count_differences(self._found).iter_rows()
        return [(village, DifferenceKind(what), count) for village, what, count in rows]


def as_frame(people: Iterable[ListedPerson]) -> pl.DataFrame:
    """A list as columns, filled block by block so that no second copy of it is held."""
    blocks, block = [], []
    for each in people:
        block.append((each.certificate, each.name, each.birth, each.village, each.kind))
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
    both = mine.join(theirs, on="certificate", how="inner", suffix="_right")
    both = both.with_columns(certificate_right="certificate")
    only_left = mine.join(theirs, on="certificate", how="anti")
    only_right = theirs.join(mine, on="certificate", how="anti")
    slips = _slips(only_left, only_right)
    found = [
        _named(DifferenceKind.TWO_NAMES_LEFT, mine.filter(pl.col("names") > 1)),
        _named(DifferenceKind.TWO_NAMES_RIGHT, _as_right(theirs.filter(pl.col("names") > 1))),
        _named(DifferenceKind.NAME, both.filter(pl.col("name") != pl.col("name_right"))),
        _named(DifferenceKind.KINDS, both.filter(pl.col("shared") != pl.col("shared_right"))),
        _named(DifferenceKind.NUMBER, slips),
        _named(
            DifferenceKind.MISSING_RIGHT,
            only_left.join(slips.select("certificate"), on="certificate", how="anti"),
        ),
        _named(
            DifferenceKind.MISSING_LEFT,
            _as_right(
                only_right.join(
                    slips.select(certificate="certificate_right"), on="certificate", how="anti"
                )
            ),
        ),
    ]
    return pl.concat(found).sort("what", "village", "certificate", nulls_last=True)


def count_differences(differences: pl.DataFrame) -> pl.DataFrame:
    """How many of each kind in each village: columns `village`, `what`, `count`."""
    return (
        differences.group_by("village", "what")
        .agg(count=pl.len())
        .sort("village", "what", nulls_last=True)
    )


def differences_in(frame: pl.DataFrame) -> Iterable[Difference]:
    """The rows, one by one."""
    for row in frame.iter_rows(named=True):
        yield Difference(**{**row, "what": DifferenceKind(row["what"])})


def _kinds(listed: pl.DataFrame) -> set[str]:
    return set(listed["kind"].drop_nulls().unique())


def _people(listed: pl.DataFrame, spoken_of: set[str]) -> pl.DataFrame:
    """One row a person: first name and village met, all kinds in one sorted text, and those that
    both lists speak of."""
    kind = pl.col("kind").drop_nulls()
    return (
        listed.lazy()
        .filter(pl.col("certificate").is_not_null())
        .group_by("certificate", maintain_order=True)
        .agg(
            pl.col("name").first(),
            pl.col("birth").drop_nulls().first(),
            pl.col("village").drop_nulls().first(),
            kind.unique().sort().str.join("、").alias("kinds"),
            kind.filter(kind.is_in(sorted(spoken_of)))
            .unique()
            .sort()
            .str.join("、")
            .alias("shared"),
            pl.col("name").n_unique().alias("names"),
        )
        .collect()
    )


def _slips(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one name and one birth, or one village, whose numbers are one slip apart."""
    pairs = [
        left.drop_nulls(by)
        .join(right.drop_nulls(by), on=["name", by], how="inner", suffix="_right", coalesce=False)
        .filter(_is_one_slip())
        for by in ("birth", "village")
    ]
    # Whoever has two likely partners is left to people: neither is told as a slip of the other.
    return (
        pl.concat(pairs)
        .unique(["certificate", "certificate_right"], maintain_order=True)
        .filter(
            pl.col("certificate").is_unique() & pl.col("certificate_right").is_unique(),
        )
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


def _as_right(people: pl.DataFrame) -> pl.DataFrame:
    """What a list says under the names of the right one; the left one says nothing."""
    return people.rename({name: f"{name}_right" for name in people.columns})


def _named(what: DifferenceKind, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the columns of `Difference`: what one list does not say is null."""
    missing = [n for n in ("name", "birth", "village", "kinds") if n not in rows.columns]
    missing += [
        f"{n}_right"
        for n in ("certificate", "name", "birth", "village", "kinds")
        if f"{n}_right" not in rows.columns
    ]
    filled = rows.with_columns(
        *(
            pl.lit(None, dtype=pl.Date if name.startswith("birth") else pl.String).alias(name)
            for name in missing
        )
    )
    if "certificate" not in rows.columns:
        filled = filled.with_columns(certificate=pl.lit(None, dtype=pl.String))
    return filled.select(
        what=pl.lit(what.value),
        village=pl.coalesce("village", "village_right"),
        certificate="certificate",
        name="name",
        birth="birth",
        kinds="kinds",
        certificate_right="certificate_right",
        name_right="name_right",
        birth_right="birth_right",
        kinds_right="kinds_right",
    )
