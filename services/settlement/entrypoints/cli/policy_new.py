"""`yizhan policy new` (新建政策): a commented template that asks for every number."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from contracts.vocabulary import RegionCode, Scheme
from settlement.adapters.case_files import cases_beside
from settlement.adapters.policy_files import SHIPPED_POLICIES, find_policy_files, load_policy
from settlement.entrypoints.cli.policy_schema import (
    CASES_SCHEMA,
    POLICY_SCHEMA,
    modeline,
    write_schemas,
)
from settlement.entrypoints.cli.policy_template import case_template, policy_template
from settlement.entrypoints.cli.province_names import province_of
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.clock import business_date, now
from settlement.law.book import address_of

_REGION_DIGITS = 6


def new(
    region: Annotated[str, typer.Argument(help="参保地六位行政区划代码")],
    name: Annotated[str | None, typer.Option(help="地区名称，如 湖北省荆州市公安县")] = None,
    scheme: Annotated[str, typer.Option(help="险种代码或名称")] = Scheme.RESIDENT.value,
    begins: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="施行日（默认今年 1 月 1 日）"),
    ] = None,
    path: Annotated[
        Path, typer.Option(help="政策目录（默认当前目录）", exists=True, file_okay=False)
    ] = Path(),
) -> None:
    """新建政策：写出一份带说明的空白政策和一个算例，每个要填的数都写着“待填”。"""
    if not (region.isascii() and region.isdigit() and len(region) == _REGION_DIGITS):
        refuse(f"“{region}”不是六位行政区划代码，如 421022；没有署名的地区用 99 开头的保留代码")
    kind = next((s for s in Scheme if scheme in (s.value, s.label)), None)
    if kind is None:
        refuse(f"不认识的险种“{scheme}”；可用：{'、'.join(Scheme)}")
    today = business_date(now())
    first_day = begins.date() if begins else date(today.year, 1, 1)
    code = RegionCode(region)
    file = path.joinpath(*address_of(code, kind, in_force_from=first_day, version=1))
    if file.exists():
        refuse(f"{file} 已经有了；改版时复制它，版本号加 1")
    file.parent.mkdir(parents=True, exist_ok=True)
    called = name or _known_name(code) or f"{province_of(code)}（{code}，待填名称）"
    file.write_text(
        f"{modeline(POLICY_SCHEMA)}\n"
        + policy_template(code, name=called, scheme=kind, begins=first_day),
        encoding="utf-8",
    )
    cases_beside(file).write_text(
        f"{modeline(CASES_SCHEMA)}\n{case_template(begins=first_day)}", encoding="utf-8"
    )
    write_schemas(path)
    typer.echo(f"已写 {file}（{called}，{kind.label}，{first_day} 起）")
    typer.echo(f"已写 {cases_beside(file)}")
    typer.echo(f"逐项填好“待填”的地方，随时运行：yizhan policy check {file}")


def _known_name(region: RegionCode) -> str | None:
    """What the shipped policies call the place."""
    files = find_policy_files(SHIPPED_POLICIES / region)
    return load_policy(files[0], SHIPPED_POLICIES).region_name if files else None
