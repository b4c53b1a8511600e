"""Files of worked cases (算例文件): `<policy file name>.cases.yaml`, beside the policy.

A list of cases; amounts in yuan, facts by Chinese label or code. FORMAT.md shows one.
"""

from datetime import date
from pathlib import Path

from settlement.adapters.plain_yaml import NotPlain, read_plain
from settlement.adapters.policy_files import PolicyFileFaulty
from settlement.application.run_worked_cases import CaseKind, CaseStay, Expected, WorkedCase
from settlement.law.book import StayDates
from settlement.law.document import Fault, Node
from settlement.law.document import Path as TreePath
from settlement.law.policy import BENEFIT_ADMISSIONS
from settlement.law.reading_facts import read_charges, read_count, read_facts, read_yuan
from settlement.law.reading_words import read_choice

_SUFFIX = ".cases.yaml"


def cases_beside(policy_file: Path) -> Path:
    """Where the worked cases of a policy file are kept."""
    return policy_file.with_name(policy_file.name.removesuffix(".yaml") + _SUFFIX)


def policy_beside(case_file: Path) -> Path:
    """The policy a file of worked cases belongs to."""
    return case_file.with_name(case_file.name.removesuffix(_SUFFIX) + ".yaml")


def load_cases(path: Path) -> list[WorkedCase]:
    """The worked cases of one file. Raises PolicyFileFaulty with file, line and remedy."""
    lines: dict[TreePath, int] = {}
    faults: list[Fault] = []
    try:
        tree = read_plain(path, lines)
    except NotPlain as wrong:
        note = f"{path}:{wrong.line}: 错误：{wrong.message}；{wrong.remedy}"
        raise PolicyFileFaulty(path, [note]) from wrong
    root = Node(tree, (), faults)
    cases = [_case(node) for node in root.items()]
    if faults:
        raise PolicyFileFaulty(path, [_note(path, lines, fault) for fault in faults])
    return cases


def _note(path: Path, lines: dict[TreePath, int], fault: Fault) -> str:
    place = fault.path
    while place and place not in lines:
        place = place[:-1]
    return f"{path}:{lines.get(place, 1)}: 错误：{fault.message}；{fault.remedy}"


def _case(node: Node) -> WorkedCase:
    name = node.need("name", "给算例起个名字")
    source = node.need("source", "写 source: {text: 出处, url: 网址}")
    text = source.need("text", "写出处") if source else None
    url = source.optional_text("url") if source else None
    if source:
        source.close()
    counters = node.get("counters_before")
    several = node.get("stays")
    stays = tuple(_listed_stay(s) for s in several.items()) if several else (_stay(node),)
    case = WorkedCase(
        name=name.text() if name else "",
        kind=read_choice(node, "kind", CaseKind),
        source=text.text() if text else "",
        url=url,
        note=node.optional_text("note"),
        counters_before=_counters(counters) if counters else {},
        stays=stays,
    )
    node.close()
    return case


def _listed_stay(node: Node) -> CaseStay:
    stay = _stay(node)
    node.close()
    return stay


def _stay(node: Node) -> CaseStay:
    dates = node.need("dates", "写 dates: {admission: 日期, discharge: 日期}")
    elsewhere = node.get("decided_elsewhere")
    return CaseStay(
        charges=read_charges(node.need("bill", "写 bill: {total: 元}")),
        facts=read_facts(node.get("facts")),
        dates=_dates(dates),
        elsewhere_fen=_amounts(elsewhere) if elsewhere else {},
        expected=_expected(node.need("expect", "写 expect: {layers: {…}, patient: 元}")),
    )


def _dates(node: Node | None) -> StayDates:
    admission, discharge = _date(node, "admission"), _date(node, "discharge")
    if node and discharge < admission:
        node.fault("出院日早于入院日", "改正日期")
    settlement = _date(node, "settlement") if node and node.get("settlement") else discharge
    if node:
        node.close()
    return StayDates(admission=admission, discharge=discharge, settlement=settlement)


def _date(node: Node | None, key: str) -> date:
    found = node.need(key, "如 2023-10-08") if node else None
    if found is None:
        return date.min
    try:
        return date.fromisoformat(found.text())
    except ValueError:
        found.fault(f"“{found.text()}”不是日期", "如 2023-10-08")
        return date.min


def _expected(node: Node | None) -> Expected:
    refused = node.optional_text("refused") if node else None
    layers = node.get("layers") if node else None
    patient = node.get("patient") if node else None
    if node and refused is None and (layers is None or patient is None):
        node.fault(
            "应写各层金额和个人金额，或写 refused", "如 {layers: {basic: 1.00}, patient: 0.50}"
        )
    if node:
        node.close()
    return Expected(
        layers_fen=_amounts(layers) if layers else {},
        patient_fen=int(read_yuan(patient)) if patient else None,
        refused=refused,
    )


def _amounts(node: Node) -> dict[str, int]:
    found = {key: node.get(key) for key in node.keys}
    return {key: int(read_yuan(value)) for key, value in found.items() if value}


def _counters(node: Node) -> dict[str, int]:
    found = {key: node.get(key) for key in node.keys}
    return {
        key: read_count(value) if key == BENEFIT_ADMISSIONS else int(read_yuan(value))
        for key, value in found.items()
        if value
    }
