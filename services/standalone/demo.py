"""The demonstration (演示): biller, auditor and finance officer are each served once.

Real published bills go in over HTTP as a hospital would send them; what comes out is compared
with what was published, to the fen.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import httpx2 as httpx
from rich.console import Console
from rich.table import Table

from contracts.settlement_v1 import StatementShown
from settlement.entrypoints.clock import business_date, now
from settlement.entrypoints.statement_table import print_statement
from settlement.law.exact import format_yuan, parse_yuan
from standalone.demo_owner import TOKEN, TOKEN_VARIABLE, demo_office, show_owner_on_line
from standalone.hospital import Hospital
from standalone.serving import Addresses, running
from standalone.shown_commands import run_shown
from standalone.signing import ADMINISTRATION, signed_as_samples

_SERVICES = Path(__file__).resolve().parent.parent
ROSTER = _SERVICES / "eligibility" / "samples" / "roster.csv"
INSTITUTIONS = _SERVICES / "settlement" / "samples" / "institutions.csv"
REVISED_POLICIES = _SERVICES / "settlement" / "samples" / "revised_policies"
BILLS = Path(__file__).resolve().parent / "samples" / "demo_bills.json"
FUND_SHOWN = "500000-medical_assistance"


class DemoFailed(Exception):
    """Something did not come out as published or recorded; the message says what."""


def run_demo(console: Console) -> None:
    """Run everything on a ledger of its own. Raises DemoFailed."""
    with tempfile.TemporaryDirectory(prefix="yizhan-demo-") as directory:
        data = Path(directory)
        with (
            demo_office(data) as civil_affairs,
            running(
                data=data,
                host="127.0.0.1",
                port=0,
                environment={
                    **os.environ,
                    "YIZHAN_OWNERS": str(civil_affairs.file),
                    TOKEN_VARIABLE: TOKEN,
                },
            ) as addresses,
            httpx.Client(timeout=30, auth=signed_as_samples(data)) as client,
        ):
            console.rule("[bold]一、两个服务已启动，导入机构目录与名册（名册中的人均为虚构）")
            load_samples(addresses, client, console)
            console.rule("[bold]二、出院结算：入院 → 费用 → 出院 → 预结算 → 结算")
            stays = [_settle(bill, addresses, client, console) for bill in _bills()]
            console.rule("[bold]三、撤销一笔结算，再重新结算")
            _reverse_and_settle_again(stays[0], console)
            console.rule("[bold]四、这次住院的事件历史")
            _show_history(stays[0], console)
            console.rule("[bold]五、住院期间向民政部门联机核实（样板服务器）")
            show_owner_on_line(civil_affairs.office, stays[0].hospital, console)
        console.rule("[bold]六、按修订的政策重演（湖北大病保险普通居民分段 2018 → 2023，真实修订）")
        run_shown(["replay", "--policies", str(REVISED_POLICIES)], data=data, console=console)
        console.rule("[bold]七、验账：按账本中的政策文本重新计算")
        run_shown(["verify"], data=data, console=console)
        console.rule("[bold]八、基金对账")
        _show_fund(data, console)
    console.print("\n[bold green]演示完成[/]：make serve 保持服务运行，接口文档在 /docs")


def load_samples(addresses: Addresses, client: httpx.Client, console: Console) -> None:
    """The sample institutions and people."""
    office = Hospital(addresses, ADMINISTRATION, client)
    found = office.upload(
        f"{addresses.settlement}/v1/institutions?name={INSTITUTIONS.name}",
        INSTITUTIONS.read_bytes(),
    )
    console.print(f"机构目录：{found['institutions']} 家")
    staged = office.upload(f"{addresses.eligibility}/v1/rosters", ROSTER.read_bytes())
    office.activate_roster(staged["roster_id"])
    console.print(f"名册：{staged['accepted']} 行，退回 {staged['rejected']} 行")


class _Stay:
    """One stay of the demonstration."""

    def __init__(self, hospital: Hospital, stay_id: str, settlement: dict[str, Any]):
        self.hospital = hospital
        self.path = f"/v1/stays/{stay_id}"
        self.settlement = settlement


def _bills() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(BILLS.read_text(encoding="utf-8"))
    return found


def _settle(
    bill: dict[str, Any], addresses: Addresses, client: httpx.Client, console: Console
) -> _Stay:
    hospital = Hospital(addresses, bill["institution"], client)
    admitted = hospital.write(
        "/v1/stays",
        {
            "person_id": hospital.person_id(bill["certificate"]),
            "hospital_stay_number": bill["hospital_stay_number"],
            "admission_date": bill["admission_date"],
            "circumstances": bill.get("circumstances", {}),
        },
    )
    path = f"/v1/stays/{admitted['stay_id']}"
    for number, charges in enumerate(bill["batches"], start=1):
        hospital.write(f"{path}/fees", {"batch_number": str(number), "charges": charges})
    hospital.write(
        f"{path}/discharge",
        {"discharge_date": bill["discharge_date"], "invoice_number": bill["invoice_number"]},
    )
    elsewhere = {"decided_elsewhere_fen": bill.get("decided_elsewhere_fen", {})}
    preview = hospital.write(f"{path}/preview", elsewhere)
    settled = hospital.write(
        f"{path}/settlement", elsewhere | {"expected_personal_fen": preview["patient_fen"]}
    )
    print_statement(StatementShown.model_validate(settled), console, title=bill["title"])
    console.print(f"  来源：{bill['source']}", highlight=False)
    _compare_with_published(bill, settled, console)
    return _Stay(hospital, admitted["stay_id"], settled)


def _compare_with_published(
    bill: dict[str, Any], settled: dict[str, Any], console: Console
) -> None:
    published: dict[str, int] = bill.get("published_fen", {})
    paid: dict[str, int] = {"patient": settled["patient_fen"]}
    for step in settled["steps"]:
        paid[step["layer"]] = paid.get(step["layer"], 0) + step["paid_fen"]
    for layer, amount_fen in published.items():
        if paid.get(layer) != amount_fen:
            raise DemoFailed(
                f"{bill['title']}：{layer} 应为 {amount_fen} 分，算得 {paid.get(layer)} 分"
            )
    if published:
        console.print("  [green]✓ 各项与公布的金额一致，分毫不差[/]")


def _show_history(stay: _Stay, console: Console) -> None:
    table = Table("序号", "事件", "时间（UTC）", "内容")
    for event in stay.hospital.read(f"{stay.path}/history")["events"]:
        table.add_row(
            str(event["version"]),
            event["topic"],
            event["recorded_at"][:19],
            _in_short(event["content"]),
        )
    console.print(table)


def _in_short(content: dict[str, Any]) -> str:
    step = content.get("step")
    if step:
        return f"{step['name']} 支付 {format_yuan(step['paid_fen'])}"
    if "fingerprint" in content:
        return f"{content['number']} 个人 {format_yuan(content['patient_fen'])}"
    if "charges" in content:
        return f"费用 {format_yuan(content['charges']['total_fen'])}"
    if "reason" in content:
        return f"{content['number']} {content['reason']}"
    shown = ("hospital_stay_number", "discharge", "number", "batch_number")
    return " ".join(str(content[key]) for key in shown if content.get(key))


def _reverse_and_settle_again(stay: _Stay, console: Console) -> None:
    undone = stay.hospital.write(
        f"{stay.path}/settlement/reversal", {"reason": "演示：费用核对后重新结算"}
    )
    again = stay.hospital.write(f"{stay.path}/settlement", {})
    console.print(
        f"撤销 {undone['settlement_number']}，退回个人 "
        f"{format_yuan(undone['returned_to_patient_fen'])} 元；"
        f"重新结算为 {again['settlement_number']}，个人 {format_yuan(again['patient_fen'])} 元"
    )
    if again["patient_fen"] != stay.settlement["patient_fen"]:
        raise DemoFailed("撤销后重新结算的金额与原来不同")


def _show_fund(data: Path, console: Console) -> None:
    """The fund's statement, its payment, and its own list held against ours."""
    today = business_date(now())
    fund = ["--fund", FUND_SHOWN]
    period = [*fund, "--from", f"{today:%Y-%m}-01", "--to", str(today)]
    payment = ["--institution", "H50011200001", "--amount", "10000.00", "--kind", "partial"]
    bank = ["--paid-on", str(today), "--reference", "BANK-0001"]
    acting = ["--operator", "demo", "--acting-for", ADMINISTRATION]
    run_shown(
        ["fund", "payments", "record", *fund, *payment, *bank, *acting],
        data=data,
        console=console,
    )
    run_shown(["fund", "statement", *period], data=data, console=console)
    theirs = data / "fund_list.csv"
    run_shown(["fund", "export", *period, "--output", str(theirs)], data=data, console=console)
    run_shown(["fund", "reconcile", str(theirs), *period], data=data, console=console)
    console.print("\n假如基金的清单少列一行、另一行少一分：")
    theirs.write_bytes(_with_two_mistakes(theirs.read_bytes()))
    run_shown(["fund", "reconcile", str(theirs), *period], data=data, console=console, expected=1)


def _with_two_mistakes(listed: bytes) -> bytes:
    """The payer's list with its last line lost, and one fen less in the first."""
    head, first, *rest = listed.decode("utf-8-sig").splitlines()
    cells = first.split(",")
    at = head.split(",").index("金额(元)")
    cells[at] = format_yuan(parse_yuan(cells[at]) - 1)
    return "\n".join([head, ",".join(cells), *rest[:-1]]).encode()
