"""`yizhan policy …` (政策的命令): checking and reading; the others have files of their own."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from contracts.vocabulary import RegionCode, Scheme
from settlement.adapters.case_files import (
    cases_beside,
    check_case_file,
    find_case_files,
    is_case_file,
)
from settlement.adapters.policy_files import (
    SHIPPED_POLICIES,
    PolicyDocument,
    PolicyFileFaulty,
    address_in,
    book_of,
    find_policy_files,
    load_book,
    read_document,
)
from settlement.application.check_policies import Draft, check_policies
from settlement.entrypoints.cli.policy_absent import absence
from settlement.entrypoints.cli.policy_cases import run_cases
from settlement.entrypoints.cli.policy_diff import diff
from settlement.entrypoints.cli.policy_explain import explain
from settlement.entrypoints.cli.policy_impact import impact
from settlement.entrypoints.cli.policy_new import new
from settlement.entrypoints.cli.policy_publish import publish, register_with_notes
from settlement.entrypoints.cli.policy_schema import schema
from settlement.entrypoints.cli.policy_text import print_policy
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.clock import business_date, now
from settlement.entrypoints.statement_table import wide_console
from settlement.law.book import BOOK_REFUSALS, PolicyBook

policy_app = typer.Typer(
    help="政策：检查、跑算例、阅读。比较两版、逐步说明账单、测算影响、新写与公布。",
    no_args_is_help=True,
)

policy_app.command()(new)
policy_app.command()(schema)
policy_app.command()(publish)
policy_app.command("test")(run_cases)
policy_app.command()(diff)
policy_app.command()(explain)
policy_app.command()(impact)

_PLACE = re.compile(r"(.+?):(\d+): ")

PathsArgument = Annotated[
    list[Path] | None, typer.Argument(help="政策文件或目录（默认：随附政策）", exists=True)
]


@policy_app.command()
def check(paths: PathsArgument = None) -> None:
    """检查政策和算例：格式、日期、空档与重叠、缺失的数、用不到的行、溢出；有错误时退出码为 1。"""
    notes: list[str] = []
    documents: list[tuple[PolicyDocument, Draft]] = []
    for path in paths or [SHIPPED_POLICIES]:
        root = book_of(path)
        notes += _stray_files(path)
        register, lost = register_with_notes(path)
        notes += lost
        for file in _policy_files(path):
            try:
                document = read_document(_shown(file), root)
                draft = Draft(document.tree, address_in(file, root), register)
                documents.append((document, draft))
            except PolicyFileFaulty as wrong:
                notes += wrong.notes
    for finding in check_policies([draft for _, draft in documents]):
        notes.append(documents[finding.draft][0].note(finding.fault))
    notes = _in_order(notes)
    for note in notes:
        typer.echo(note)
    errors = sum("错误：" in note.split("；")[0] for note in notes)
    typer.echo(f"共 {len(documents)} 份政策：{errors} 处错误，{len(notes) - errors} 处提示")
    raise typer.Exit(1 if errors else 0)


def _in_order(notes: list[str]) -> list[str]:
    """Each file's findings by line, files in the order they were first met."""
    places = [_PLACE.match(note) for note in notes]
    files = list(dict.fromkeys(place[1] if place else "" for place in places))
    keys = [(files.index(p[1]), int(p[2])) if p else (files.index(""), 0) for p in places]
    return [note for _, note in sorted(zip(keys, notes, strict=True), key=lambda pair: pair[0])]


def _policy_files(path: Path) -> list[Path]:
    return [file for file in find_policy_files(path) if not is_case_file(file)]


def _stray_files(path: Path) -> Iterator[str]:
    """Files that look like policies or cases and would be passed over in silence."""
    for file in sorted(path.rglob("*.yml")) if path.is_dir() else []:
        yield f"{_shown(file)}:1: 错误：扩展名 .yml 不会被读取；改为 .yaml"
    for file in find_case_files(path):
        yield from check_case_file(_shown(file))
    for file in _policy_files(path):
        if not cases_beside(file).is_file():
            yield f"{_shown(file)}:1: 提示：没有算例；在旁边写 {cases_beside(file).name}"


def _shown(path: Path) -> Path:
    """The path as people would type it here."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path


@policy_app.command()
def show(
    region: Annotated[str, typer.Argument(help="参保地六位行政区划代码")],
    scheme: Annotated[str | None, typer.Option(help="险种代码，如 resident")] = None,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="哪一天的政策（默认今天）")
    ] = None,
    known: Annotated[
        datetime | None,
        typer.Option("--known", formats=["%Y-%m-%d"], help="按哪一天所知（默认现有的全部文件）"),
    ] = None,
    policies: Annotated[
        Path | None, typer.Option("--policies", help="政策目录（默认：随附政策）", exists=True)
    ] = None,
) -> None:
    """阅读政策：某地某日施行的每一层、每一行，连同依据与推定、假定、缺失的标记。"""
    day = on.date() if on else business_date(now())
    book = _load(policies or SHIPPED_POLICIES)
    if known:
        book = book.as_known_on(known.date())
    wanted = [s for s in Scheme if scheme in (None, s.value, s.label)]
    if not wanted:
        refuse(f"不认识的险种“{scheme}”；可用：{'、'.join(Scheme)}")
    shown = 0
    for each in wanted:
        try:
            policy = book.on(region=RegionCode(region), scheme=each, day=day)
        except BOOK_REFUSALS:
            continue
        if policy.region != region:
            wide_console().print(f"{region} 没有自己的政策，适用上级 {policy.region} 的：")
        print_policy(policy, wide_console())
        publication = book.publication(policy)
        wide_console().print(
            f"公布：已公布，{publication.known_on} 知悉，指纹 {publication.fingerprint}"
            if publication
            else "公布：草稿，尚未公布，不用于结算",
            highlight=False,
        )
        shown += 1
    if not shown:
        told = absence(
            book, RegionCode(region), schemes=wanted, day=day, is_shipped=policies is None
        )
        refuse(f"按 {known.date()} 所知，{told}" if known else told)


def _load(root: Path) -> PolicyBook:
    try:
        return load_book(root)
    except PolicyFileFaulty as wrong:
        refuse(str(wrong))
        raise  # never reached: refusing leaves the command
