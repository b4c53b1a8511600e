"""`yizhan roster unenrolled` (困难未参保): who holds an assistance identity and is not enrolled.

From two lists; what is recorded already is not read.
"""

from datetime import date, datetime
from typing import Annotated

import typer

from contracts.vocabulary import ComparedSubject, DataOwner
from eligibility.adapters.listed_people import ListedPeople
from eligibility.application.difference_ports import ComparisonOrder
from eligibility.domain.owner_list import ListOrderInvalid
from eligibility.entrypoints.cli_comparison import (
    AcceptRejected,
    BookRegion,
    FoundFile,
    Keeps,
    ListFile,
    compared,
    list_names,
    print_counts,
    write_found,
)
from eligibility.entrypoints.cli_differences import ConfirmResolutions, keep, required_region
from eligibility.entrypoints.cli_lists import OWNERS, owner_named
from eligibility.entrypoints.cli_running import DataDir, open_eligibility, telling_errors
from eligibility.entrypoints.clock import business_date, utc_now


def unenrolled(
    file: ListFile,
    insurer_file: ListFile,
    *,
    owner: Annotated[str, typer.Option("--owner", help=f"名单的部门：{'、'.join(OWNERS)}")],
    year: Annotated[int, typer.Option("--year", min=2000, max=2100, help="参保年度")],
    closes: Annotated[
        datetime | None,
        typer.Option("--closes", formats=["%Y-%m-%d"], help="集中参保哪一天截止（含当天）"),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="哪一天有困难身份（默认今天）"),
    ] = None,
    to: FoundFile = None,
    keeps: Keeps = False,
    region: BookRegion = None,
    accept_rejected: AcceptRejected = False,
    confirm_resolutions: ConfirmResolutions = None,
    data: DataDir = None,
) -> None:
    """困难未参保：名单上有困难身份、医保名单上该年度没有参保的人，按村 (poor and not enrolled)。"""
    with telling_errors():
        office = owner_named(owner)
        if office is DataOwner.HEALTH_INSURANCE:
            message = "第一份须为认定困难身份的部门的名单，第二份为医保的参保名单 (owner)"
            raise ListOrderInvalid(message)
        today = business_date(utc_now())
        day = on.date() if on else today
        with file.open("rb") as one, insurer_file.open("rb") as other:
            poor = ListedPeople(one, office, day)
            window = date(year, 1, 1), date(year, 12, 31)
            enrolled = ListedPeople(other, DataOwner.HEALTH_INSURANCE, *window)
            found = compared(
                (file.name, poor), (insurer_file.name, enrolled), ComparedSubject.ENROLMENT
            )
        names = list_names(office, DataOwner.HEALTH_INSURANCE)
        print_counts(found, names)
        if closes is not None:
            typer.echo(_time_left(closes.date(), today))
        if to is not None:
            write_found(to, found, names, inputs=(file, insurer_file))
        if keeps:
            order = ComparisonOrder(
                required_region(region),
                office,
                DataOwner.HEALTH_INSURANCE,
                ComparedSubject.ENROLMENT,
                day,
                year,
            )
            opened = open_eligibility(data)
            keep(
                opened,
                order,
                file,
                insurer_file,
                accept_rejected=accept_rejected,
                confirmed_resolutions=confirm_resolutions,
            )


def _time_left(closes: date, today: date) -> str:
    days = (closes - today).days
    if days < 0:
        return f"集中参保已于 {closes} 截止，过去 {-days} 天；请按当地规定办理补缴 (closed)"
    return f"距 {closes} 集中参保截止还有 {days} 天 (days left)"
