"""The commands of eligibility (命令行): `yizhan roster …`, `person …`, `owner …`, `keys …`,
`eligibility serve` and `eligibility-publish`.

A certificate number is never an argument: arguments stay in the shell's history and are seen by
every user of the machine.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contracts.vocabulary import CertificateType
from eligibility.application.answer_entitlements import EntitlementsAnswer
from eligibility.application.ports import ReadBy
from eligibility.domain.certificate import read_certificate
from eligibility.domain.facts import Fact
from eligibility.domain.roster import ReadRoster, RosterHasRejectedRows
from eligibility.domain.statements import Recorded
from eligibility.entrypoints.cli_comparison import compare_rosters
from eligibility.entrypoints.cli_differences import (
    resolve_differences,
    send_notice,
    show_book,
    take_answers,
    write_notice_again,
)
from eligibility.entrypoints.cli_lists import import_list
from eligibility.entrypoints.cli_owners import owner
from eligibility.entrypoints.cli_personal_data import erase_person, rotate_keys
from eligibility.entrypoints.cli_publish import publish_eligibility
from eligibility.entrypoints.cli_read_models import read_models_app
from eligibility.entrypoints.cli_running import (
    LOCAL,
    DataDir,
    PersonIdArgument,
    open_eligibility,
    telling_errors,
)
from eligibility.entrypoints.cli_serve import serve_eligibility
from eligibility.entrypoints.cli_unenrolled import unenrolled
from eligibility.entrypoints.clock import utc_now
from eligibility.entrypoints.fact_words import words_of

app = typer.Typer(no_args_is_help=True, help="资格 (eligibility)")
roster = typer.Typer(no_args_is_help=True, help="名册：导入人员的身份与参保 (rosters)")
person = typer.Typer(no_args_is_help=True, help="人员：查找与资格查询 (people)")
keys = typer.Typer(no_args_is_help=True, help="密钥：更换主密钥 (keys)")
app.add_typer(keys, name="keys")
app.add_typer(roster, name="roster")
app.add_typer(person, name="person")
app.add_typer(owner, name="owner")
app.command("eligibility-publish")(publish_eligibility)
read_models_app.command("serve")(serve_eligibility)
app.add_typer(read_models_app, name="eligibility")

SHOWN_ERRORS = 50
_NARROWEST_TABLE = 110

roster.command("import-list")(import_list)
roster.command("compare")(compare_rosters)
roster.command("unenrolled")(unenrolled)
roster.command("notice")(send_notice)
roster.command("notice-again")(write_notice_again)
roster.command("answers")(take_answers)
roster.command("differences")(show_book)
roster.command("resolve")(resolve_differences)
keys.command("rotate")(rotate_keys)
person.command("erase")(erase_person)


@roster.command("import")
def import_roster(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX 文件", exists=True, dir_okay=False)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不导入")] = False,
    accept_rejected: Annotated[
        bool, typer.Option("--accept-rejected", help="略过错误行，其余照常生效")
    ] = False,
    data: DataDir = None,
) -> None:
    """导入名册：逐行检查后一次生效 (check every row, then make all of them true at once)。"""
    with telling_errors():
        eligibility = open_eligibility(data)
        content = file.read_bytes()
        checked = eligibility.stage_roster.check(content)
        _print_roster(checked)
        if dry_run:
            typer.echo("仅检查，未导入 (dry run)")
            raise typer.Exit(1 if checked.rejected else 0)
        if checked.rejected and not accept_rejected:
            message = "更正错误行后重新导入，或加 --accept-rejected 略过它们；未导入任何一行"
            raise RosterHasRejectedRows(message)
        staged = eligibility.stage_roster.stage(content, at=utc_now())
        activation = eligibility.activate_roster(
            staged.roster_id,
            accept_rejected_rows=accept_rejected,
            acting=LOCAL,
            at=utc_now(),
        )
    counts = activation.counts
    typer.echo(
        f"已生效：新增人员 {counts.persons_new}，新增记录 {counts.facts_new}，"
        f"未变记录 {counts.facts_unchanged}"
    )


@person.command("lookup")
def look_up(
    certificate_type: Annotated[
        CertificateType, typer.Option("--type", help="证件类型")
    ] = CertificateType.RESIDENT_ID,
    data: DataDir = None,
) -> None:
    """按证件查人员标识；证件号码从提示或标准输入读入 (number from a prompt or stdin)。"""
    with telling_errors():
        if sys.stdin.isatty():
            number = typer.prompt("证件号码", hide_input=True)
        else:
            number = sys.stdin.readline()
        certificate = read_certificate(certificate_type=certificate_type, number=number)
        by = ReadBy(utc_now(), "lookup", LOCAL)
        typer.echo(str(open_eligibility(data).find_person.for_reader(certificate, by=by)))


@person.command("entitlements")
def entitlements(
    person_id: PersonIdArgument,
    on: Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="哪一天")],
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="按哪一时刻已知的情况，如 2023-07-01T00:00:00Z")
    ] = None,
    data: DataDir = None,
) -> None:
    """查某人某日的身份与参保 (identities and enrolments on a day)。"""
    with telling_errors():
        now = utc_now()
        known = min(_instant(known_at), now) if known_at is not None else now
        answer = open_eligibility(data).answer_entitlements(
            person_id, on=on.date(), known_at=known, by=ReadBy(now, "cli", LOCAL)
        )
    _print_entitlements(answer)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        message = "须为带时区的时刻，如 2023-07-01T00:00:00Z"
        raise typer.BadParameter(message, param_hint="--known-at")
    return instant.astimezone(UTC)


def _print_roster(checked: ReadRoster) -> None:
    typer.echo(f"有效 {len(checked.rows)} 行，错误 {checked.rejected} 行")
    for error in checked.errors[:SHOWN_ERRORS]:
        typer.echo(f"  第 {error.row} 行 {error.column or ''}：{error.message}")
    if len(checked.errors) > SHOWN_ERRORS:
        typer.echo(f"  …… 另有 {len(checked.errors) - SHOWN_ERRORS} 处错误")


def _print_entitlements(answer: EntitlementsAnswer) -> None:
    console = Console()
    console.width = max(console.width, _NARROWEST_TABLE)
    title = f"{answer.on.isoformat()} 的资格（按 {_instant_text(answer.known_at)} 已知）"
    table = Table("种类", "内容", "开始", "结束", "记录时刻", title=title)
    for each in answer.facts:
        table.add_row(each.fact.KIND.label, words_of(each.fact), *_when(each))
    console.print(table)


def _when(recorded: Recorded[Fact]) -> tuple[str, str, str]:
    fact = recorded.fact
    last_day = fact.valid_to.isoformat() if fact.valid_to is not None else "长期"
    return fact.valid_from.isoformat(), last_day, _instant_text(recorded.recorded_at)


def _instant_text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%SZ")
