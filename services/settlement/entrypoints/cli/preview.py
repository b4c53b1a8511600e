"""`yizhan preview BILL.json` (试算一张费用单): nothing is looked up, nothing is stored."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from contracts.settlement_v1 import StatelessBill, StatementShown
from settlement.adapters.policy_files import SHIPPED_POLICIES, PolicyFileFaulty, load_book
from settlement.application.fit_answers import AnswerUnfit
from settlement.application.preview_bill import preview_bill
from settlement.entrypoints.cli.bill_faults import faults_in_words
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.clock import business_date, now
from settlement.entrypoints.http.translating import show_previewed
from settlement.entrypoints.http.whole_stays import bill_to_preview
from settlement.entrypoints.statement_table import print_statement, wide_console
from settlement.kernel.settle import (
    BILL_REFUSALS,
)
from settlement.law.book import BOOK_REFUSALS

_REFUSALS = (*BILL_REFUSALS, *BOOK_REFUSALS, AnswerUnfit, PolicyFileFaulty)


def preview(
    bill: Annotated[Path, typer.Argument(help="费用单（JSON，金额为整数分）", dir_okay=False)],
    policies: Annotated[
        Path | None, typer.Option("--policies", help="政策目录（默认：随附政策）", exists=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，金额为整数分")] = False,
) -> None:
    """试算一张费用单：不查名册，不留记录；格式与 POST /v1/previews 相同。"""
    try:
        found = _preview(bill, policies or SHIPPED_POLICIES)
    except OSError as wrong:
        refuse(f"不能试算：{bill} 无法打开（{wrong.strerror}）")
    except UnicodeDecodeError:
        refuse(f"不能试算：{bill} 不是 UTF-8 编码；另存为 UTF-8")
    except ValidationError as wrong:
        refuse(f"不能试算：{bill} 不是一张费用单：\n{faults_in_words(wrong)}")
    except _REFUSALS as refusal:
        refuse(f"不能试算：{refusal}")
    else:
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
        else:
            print_statement(found, wide_console(), title="费用试算（不留记录）")


def _preview(bill: Path, policies: Path) -> StatementShown:
    asked = StatelessBill.model_validate_json(bill.read_text(encoding="utf-8-sig"))
    settled_on = business_date(now())
    found = preview_bill(bill_to_preview(asked, settled_on=settled_on), load_book(policies))
    return show_previewed(
        found,
        total_fen=asked.charges.total_fen,
        admission=asked.admission_date,
        discharge=asked.discharge_date,
        settled_on=settled_on,
    )
