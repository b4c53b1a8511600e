"""`yizhan roster compare` (名册比对): two owners' lists side by side.

Nothing is stored unless the differences are to be followed up (`--keep`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from contracts.vocabulary import ComparedSubject, DataOwner, DifferenceKind
from eligibility.adapters.comparison_csv import differences_csv
from eligibility.adapters.comparison_xlsx import UNWRITTEN, Counts, write_differences
from eligibility.adapters.difference_words import in_words
from eligibility.adapters.listed_people import ListedPeople
from eligibility.adapters.text_sheets import open_owner_only
from eligibility.domain.listed_person import ListedPerson
from eligibility.entrypoints.cli_differences import (
    ConfirmResolutions,
    keep,
    order_of,
    required_region,
)
from eligibility.entrypoints.cli_lists import OWNERS, owner_named
from eligibility.entrypoints.cli_running import DataDir, open_eligibility, telling_errors
from eligibility.entrypoints.clock import business_date, utc_now

if TYPE_CHECKING:
    from eligibility.adapters.roster_comparison import RosterComparison

SHOWN_VILLAGES = 30

ListFile = Annotated[Path, typer.Argument(help="CSV 或 XLSX 文件", exists=True, dir_okay=False)]
FoundFile = Annotated[
    Path | None, typer.Option("--to", help="把每一条写到这个 .xlsx 或 .csv（含姓名和号码）")
]
Keeps = Annotated[bool, typer.Option("--keep", help="存入差异台账，可交办、反馈、销号")]
BookRegion = Annotated[
    str | None, typer.Option("--region", help="名单区划，6 位，存入台账时必需 (GB/T 2260)")
]
AcceptRejected = Annotated[bool, typer.Option("--accept-rejected", help="存入台账时略过错误行")]


def compare_rosters(
    left: ListFile,
    right: ListFile,
    *,
    left_owner: Annotated[
        str, typer.Option("--left-owner", help=f"第一份的部门：{'、'.join(OWNERS)}")
    ],
    right_owner: Annotated[str, typer.Option("--right-owner", help="第二份的部门")],
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="比对哪一天有效的事项（默认今天）"),
    ] = None,
    marks: Annotated[
        bool, typer.Option("--marks", help="比对慢特病名单：按病种，谁登记了而另一方没有")
    ] = False,
    to: FoundFile = None,
    keeps: Keeps = False,
    region: BookRegion = None,
    accept_rejected: AcceptRejected = False,
    confirm_resolutions: ConfirmResolutions = None,
    data: DataDir = None,
) -> None:
    """比对两份名单：谁只在一边、号码差一处、姓名或事项不同；按村汇总 (compare two lists)。"""
    with telling_errors():
        mine, theirs = owner_named(left_owner), owner_named(right_owner)
        day = on.date() if on else business_date(utc_now())
        subject = ComparedSubject.MARKS if marks else ComparedSubject.PEOPLE
        with left.open("rb") as one, right.open("rb") as other:
            found = compared(
                (left.name, ListedPeople(one, mine, day, subject=subject)),
                (right.name, ListedPeople(other, theirs, day, subject=subject)),
                subject,
            )
        names = list_names(mine, theirs)
        print_counts(found, names)
        if to is not None:
            write_found(to, found, names, inputs=(left, right))
        if keeps:
            order = order_of(required_region(region), mine, theirs, subject, on)
            keep(
                open_eligibility(data),
                order,
                left,
                right,
                accept_rejected=accept_rejected,
                confirmed_resolutions=confirm_resolutions,
            )


def compared(
    left: tuple[str, ListedPeople], right: tuple[str, ListedPeople], subject: ComparedSubject
) -> "RosterComparison":
    """Two open lists, each with its file's name, compared; what was read of each is told."""
    from eligibility.adapters.mark_comparison import (  # noqa: PLC0415 - importing polars takes longer than most commands
        COMPARE,
    )
    from eligibility.adapters.roster_comparison import RosterComparison  # noqa: PLC0415 - the same

    return RosterComparison(_read(*left), _read(*right), COMPARE[subject])


def write_found(
    to: Path, found: "RosterComparison", names: tuple[str, str], *, inputs: Sequence[Path]
) -> None:
    """Write every difference into a file that its maker alone can read."""
    left, right = names
    with open_owner_only(to, inputs=inputs) as file:
        if to.suffix.lower() == ".xlsx":
            write_differences(
                file,
                found.differences(),
                found.counts(),
                left=left,
                right=right,
                by_disease=found.disease_counts(),
            )
        else:
            file.writelines(differences_csv(found.differences(), left=left, right=right))
    typer.echo(f"{len(found)} 条差异已写到 {to}；含姓名和号码，只有本人可读，用完请删")


def list_names(left: DataOwner, right: DataOwner) -> tuple[str, str]:
    """What the two lists are called."""
    if left is right:
        return f"{left.label}（一）", f"{right.label}（二）"
    return left.label, right.label


def _read(name: str, listed: ListedPeople) -> Iterator[ListedPerson]:
    yield from listed
    when = f"{listed.on}" if listed.until is None else f"{listed.on} 至 {listed.until}"
    rows = (
        f"{listed.rows} 行，其中错误 {listed.left_out} 行未比对，{when} 无效 {listed.not_held} 行"
    )
    typer.echo(f"{name}（{listed.owner.label}）：{rows}")
    for error in listed.first_errors:
        typer.echo(f"  如第 {error.row} 行 {error.column or ''}：{error.message}")


def print_counts(found: "RosterComparison", names: tuple[str, str]) -> None:
    """The counts by village, as a table."""
    counts: Counts = found.counts()
    if not counts:
        typer.echo("两份名单没有差异 (no differences)")
        return
    whats = [kind for kind in DifferenceKind if any(what is kind for _, _, what, _ in counts)]
    table = Table(title="差异（人数，按村）")
    table.add_column("村")
    for what in whats:
        table.add_column(in_words(what, names), justify="right")
    by_village: dict[str, Counter[DifferenceKind]] = {}
    for township, village, what, count in counts:
        place = f"{township or ''}{village or ''}" or UNWRITTEN
        by_village.setdefault(place, Counter())[what] += count
    shown = list(by_village.items())[:SHOWN_VILLAGES]
    for village, of_village in shown:
        table.add_row(village, *(str(of_village[kind] or "") for kind in whats))
    if len(by_village) > len(shown):
        table.add_row(f"…… 另有 {len(by_village) - len(shown)} 个村", *("" for _ in whats))
    total = sum(by_village.values(), Counter[DifferenceKind]())
    table.add_row("合计", *(str(total[kind]) for kind in whats), style="bold")
    Console().print(table)
