"""`yizhan policy explain BILL` (逐步说明): every payment unfolded into sums that can be redone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from contracts.settlement_v1 import StatelessBill
from settlement.adapters.bill_files import BillFileFaulty, read_bill_file
from settlement.adapters.case_files import load_case_file, load_policy_and_cases
from settlement.adapters.policy_files import SHIPPED_POLICIES, book_of, load_book
from settlement.application.explain_bill import BillExplained, explain_preview
from settlement.application.explain_case import explain_case
from settlement.application.fit_answers import AnswerUnfit
from settlement.application.worked_cases import WorkedCase
from settlement.entrypoints.cli.bill_faults import faults_in_words
from settlement.entrypoints.cli.explain_text import explanation_as_json, print_explanation
from settlement.entrypoints.cli.policy_named import (
    HOW_TO_NAME,
    NOT_FOUND,
    PolicyNotFound,
    policy_named,
)
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.clock import business_date, now
from settlement.entrypoints.http.whole_stays import bill_to_preview
from settlement.entrypoints.statement_table import wide_console
from settlement.kernel.settle import BILL_REFUSALS
from settlement.law.book import BOOK_REFUSALS
from settlement.law.policy import Policy

_REFUSALS = (*BILL_REFUSALS, *BOOK_REFUSALS, *NOT_FOUND, AnswerUnfit)


@dataclass(frozen=True)
class _Titled:
    """An explanation with what it is called; a stay that is refused has the reason instead."""

    title: str
    explained: BillExplained | None
    refusal: str | None = None


def explain(
    bill: Annotated[
        Path,
        typer.Argument(
            help="费用单（与 yizhan preview 相同，JSON 或 YAML，金额为整数分），或算例文件",
            dir_okay=False,
        ),
    ],
    case: Annotated[str | None, typer.Option("--case", help="算例文件里的哪一个算例")] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", help=f"用哪一份政策：{HOW_TO_NAME}（默认按账单选）")
    ] = None,
    policies: Annotated[
        Path | None, typer.Option("--policies", help="政策目录（默认：随附政策）", exists=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，金额为整数分")] = False,
) -> None:
    """逐步说明一张费用单：每一方付的每一分钱怎样算来、依据哪一条；中英文对照，可以打印。"""
    book = policies or SHIPPED_POLICIES
    try:
        own = policy_named(policy, book) if policy else None
        tree = read_bill_file(bill)
        if _holds_cases(tree):
            found = list(_explain_case(bill, case, own))
        else:
            found = [_explain_bill(tree, own, book)]
    except BillFileFaulty as wrong:
        refuse(f"不能说明：{bill} {wrong}")
    except ValidationError as wrong:
        refuse(f"不能说明：{bill} 不是一张费用单：\n{faults_in_words(wrong)}")
    except _REFUSALS as refusal:
        refuse(f"不能说明：{refusal}")
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        if one.explained:
            print_explanation(one.explained, wide_console(), title=one.title)
        else:
            wide_console().print(f"\n{one.title}\n拒绝：{one.refusal}", markup=False)


def _holds_cases(tree: Any) -> bool:
    return isinstance(tree, list) or (isinstance(tree, dict) and "cases" in tree)


def _explain_bill(tree: Any, own: Policy | None, policies: Path) -> _Titled:
    asked = StatelessBill.model_validate(tree)
    bill = bill_to_preview(asked, settled_on=business_date(now()))
    policy = own or load_book(policies).in_force(
        region=bill.region, scheme=bill.scheme, dates=bill.dates
    )
    found = explain_preview(bill, policy)
    return _Titled(f"费用逐步说明 {bill.dates.admission} 至 {bill.dates.discharge}", found)


def _explain_case(path: Path, name: str | None, own: Policy | None) -> Iterator[_Titled]:
    """Each stay of a case. Raises PolicyNotFound, PolicyFileFaulty."""
    if own:
        policy, cases = own, load_case_file(path).cases
    else:
        policy, cases = load_policy_and_cases(path, book_of(path))
    chosen = _chosen(cases, name)
    for at, stay in enumerate(explain_case(policy, chosen), start=1):
        title = chosen.name if len(chosen.stays) == 1 else f"{chosen.name}（第 {at} 次住院）"
        yield _Titled(title, stay.explained, str(stay.refusal) if stay.refusal else None)


def _chosen(cases: tuple[WorkedCase, ...], name: str | None) -> WorkedCase:
    found = [case for case in cases if name in (None, case.name)]
    if len(found) == 1:
        return found[0]
    listed = "\n".join(f"  {case.name}" for case in cases)
    what = f"没有算例“{name}”" if name else "有几个算例，用 --case 指明一个"
    raise PolicyNotFound(f"{what}；文件里有：\n{listed}")


def _as_json(one: _Titled) -> dict[str, Any]:
    if one.explained is None:
        return {"title": one.title, "refused": one.refusal}
    return {"title": one.title, **explanation_as_json(one.explained)}
