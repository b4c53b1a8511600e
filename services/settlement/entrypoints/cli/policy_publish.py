"""`yizhan policy publish` (公布政策): a draft becomes a version that is never edited again."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from settlement.adapters.case_files import cases_beside, load_cases
from settlement.adapters.policy_files import (
    PolicyDocument,
    PolicyFileFaulty,
    address_in,
    book_of,
    find_policy_files,
    read_document,
    register_above,
)
from settlement.adapters.published_csv import REGISTER, append_to_register, lost_files
from settlement.application.check_policies import Draft
from settlement.application.publish_policies import (
    Candidate,
    NotPublished,
    decide_publications,
)
from settlement.application.run_worked_cases import WorkedCase
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.clock import business_date, now
from settlement.law.book import Publication

SHORT = 12
"""So many digits of a fingerprint tell versions apart for people."""


def publish(
    paths: Annotated[list[Path], typer.Argument(help="要公布的政策文件或目录", exists=True)],
    known_on: Annotated[
        datetime | None,
        typer.Option("--known-on", formats=["%Y-%m-%d"], help="哪一天知悉的（默认今天）"),
    ] = None,
) -> None:
    """公布政策：检查和算例都通过的草稿登记指纹与知悉日，从此不能改；要改就写新版本。"""
    today = business_date(now())
    day = known_on.date() if known_on else today
    files = {file.resolve(): file for path in paths for file in find_policy_files(path)}
    books = sorted({book_of(file) for file in files})
    if not files:
        refuse("没有政策文件；写出政策文件或它所在的目录")
    if len(books) > 1:
        refuse(f"这些文件分属几个政策目录（{'、'.join(map(str, books))}）；分开公布")
    try:
        register = register_above(books[0])
        added = _decide(list(files.values()), register, known_on=day, today=today)
    except PolicyFileFaulty as wrong:
        refuse(str(wrong))
    append_to_register(books[0] / REGISTER, added)
    for line in added:
        typer.echo(
            f"已公布 {'/'.join(line.address)}，{line.known_on} 知悉，指纹 {line.fingerprint}"
        )
    if len(added) < len(files):
        typer.echo(f"{len(files) - len(added)} 份早已公布，没有变化")


def register_with_notes(path: Path) -> tuple[list[Publication], list[str]]:
    """What is published of a path's book, and a note for each line or file that was lost."""
    register_file = book_of(path) / REGISTER
    try:
        register = register_above(path)
    except PolicyFileFaulty as wrong:
        return [], list(wrong.notes)
    return register, lost_files(register_file, register, below=path)


def _decide(
    files: list[Path], register: list[Publication], *, known_on: date, today: date
) -> list[Publication]:
    root = book_of(files[0])
    documents = [read_document(file, root) for file in files]
    addresses = {address_in(file, root) for file in files}
    unplaced = [str(d.path) for d in documents if not address_in(d.path, root)]
    if unplaced:
        refuse(f"{'、'.join(unplaced)} 不在 地区代码/险种/ 目录里，不能公布")
    beside = [root.joinpath(*p.address) for p in register if p.address not in addresses]
    candidates = [Candidate(_draft(d, root, register), _cases_of(d.path)) for d in documents]
    try:
        return decide_publications(
            candidates,
            beside=[_draft(read_document(f, root), root, register) for f in beside],
            register=register,
            known_on=known_on,
            today=today,
        )
    except NotPublished as wrong:
        for at, reason in wrong.reasons:
            where = f"{documents[at].path}：" if at is not None else ""
            typer.echo(f"{where}{reason}", err=True)
        refuse("没有公布任何一份")


def _draft(document: PolicyDocument, root: Path, register: list[Publication]) -> Draft:
    return Draft(document.tree, address_in(document.path, root), register)


def _cases_of(file: Path) -> list[WorkedCase]:
    cases = cases_beside(file)
    return load_cases(cases) if cases.is_file() else []
