"""A cohort from CSV (人群数据文件): one claim a row, all rows or none, errors by row in Chinese.

Columns go by their Chinese names or by the codes of the policy language; an empty cell says that
nobody stated it. UTF-8 with or without BOM, or GB18030.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from contracts.vocabulary import Care, Occasion
from settlement.application.impact.cohort import Claim
from settlement.law.bill import AMOUNT_LABELS, Charges
from settlement.law.book import StayDates
from settlement.law.document import Fault, Node, Tree
from settlement.law.exact import NotExact, parse_yuan
from settlement.law.facts import FACT_LABELS, SETS, Facts
from settlement.law.reading_facts import read_charges, read_facts

_OWN = {
    "人员": "person",
    "单号": "claim",
    "入院日期": "admission",
    "出院日期": "discharge",
    "结算日期": "settlement",
}
_DEMANDED = ("person", "admission", "discharge", "total")
_DERIVED = frozenset(
    {
        "admission_number",
        "same_tier_admission_number",
        "days",
        "admission_date",
        "discharge_date",
        "settlement_date",
        "crosses_year",
        "late_claim",
        "part",
    }
)
_FACTS = {key: label for key, label in FACT_LABELS.items() if key not in _DERIVED}
_AMOUNTS = {key: label for key, label in AMOUNT_LABELS.items() if key != "out_of_scope"}
_PREFIXES = {"项目类别.": "item.", "外部结算.": "elsewhere.", "申报.": "declared."}
_MOST_NOTES = 20

COLUMNS_HELP = "\n\n".join(
    (
        "列名写中文或代码，一行一笔费用：",
        (
            "人员 person、单号 claim（可省）、入院日期 admission、出院日期 discharge、"
            "结算日期 settlement（可省，同出院日期）。"
        ),
        "金额（元）："
        + "、".join(f"{label} {key}" for key, label in _AMOUNTS.items())
        + "、项目类别.代码 item.代码、外部结算.层 elsewhere.层。",
        "情形："
        + "、".join(f"{label} {key}" for key, label in _FACTS.items())
        + "、申报.名称 declared.名称。几种身份用“、”隔开。",
        (
            "空格表示没有人说明；医疗类别不写即住院，结算场合不写即出院结算。"
            "同一人员按结算日期先后结算，年内累计自动往下带，第几次住院由此数出。"
        ),
    )
)
"""What `--help` says of the file."""


class CohortFaulty(Exception):
    """The file has faults; nothing of it is used. Each note names its row."""

    def __init__(self, notes: list[str]):
        """Keep every note."""
        self.notes = tuple(notes)
        more = f"\n……共 {len(notes)} 处" if len(notes) > _MOST_NOTES else ""
        super().__init__("\n".join(notes[:_MOST_NOTES]) + more)


@dataclass(frozen=True)
class Cohort:
    """Claims of many persons (人群数据), each person's together, in the order they are settled.

    `elsewhere` and `declared` are the layers and questions that columns are about.
    """

    claims: tuple[Claim, ...]
    elsewhere: frozenset[str]
    declared: frozenset[str]


def read_cohort(content: bytes) -> Cohort:
    """Every row of the file. Raises CohortFaulty."""
    rows = csv.reader(io.StringIO(_decoded(content)))
    keys = _keys([name.strip() for name in next(rows, [])])
    claims: list[Claim] = []
    notes: list[str] = []
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(keys):
            notes.append(f"第 {number} 行：有 {len(cells)} 格，多于 {len(keys)} 列")
            continue
        stated = {k: c.strip() for k, c in zip(keys, cells, strict=False) if c.strip()}
        claim, wrong = _claim(number, stated)
        notes += [f"第 {number} 行：{note}" for note in wrong]
        claims += [claim] if claim else []
    if notes or not claims:
        raise CohortFaulty(notes or ["文件里没有任何一笔费用"])
    return Cohort(
        claims=tuple(_in_order(claims)),
        elsewhere=frozenset(_after("elsewhere.", keys)),
        declared=frozenset(_after("declared.", keys)),
    )


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CohortFaulty(["文件编码既不是 UTF-8 也不是 GB18030"])


def _keys(header: list[str]) -> list[str]:
    """What each column is, by its code. Raises CohortFaulty."""
    keys = [_key(name) for name in header]
    notes = [f"第 1 行：不认识的列“{n}”" for n, k in zip(header, keys, strict=True) if not k]
    notes += [f"第 1 行：列“{k}”写了两次" for k in sorted({k for k in keys if keys.count(k) > 1})]
    labels = {code: label for label, code in _OWN.items()} | _AMOUNTS
    notes += [f"第 1 行：缺少列“{labels[k]}”（{k}）" for k in _DEMANDED if k not in keys]
    if notes:
        raise CohortFaulty([note for note in notes if "“”" not in note])
    return keys


def _key(name: str) -> str:
    for label, code in _OWN.items():
        if name in (label, code):
            return code
    for key, label in (*_AMOUNTS.items(), *_FACTS.items()):
        if name in (label, key):
            return key
    for label, prefix in _PREFIXES.items():
        for written in (label, prefix):
            if name.startswith(written) and len(name) > len(written):
                return prefix + name.removeprefix(written)
    return ""


def _after(prefix: str, keys: list[str]) -> list[str]:
    return [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]


def _claim(number: int, stated: Mapping[str, str]) -> tuple[Claim | None, list[str]]:
    """The claim of a row, or what is wrong with it."""
    notes: list[str] = []
    dates = _dates(stated, notes)
    charges, facts = _charges(stated, notes), _facts(stated, notes)
    elsewhere = {}
    for layer in _after("elsewhere.", list(stated)):
        try:
            elsewhere[layer] = int(parse_yuan(stated[f"elsewhere.{layer}"]))
        except NotExact as wrong:
            notes.append(str(wrong))
    if "person" not in stated:
        notes.append("没有写人员")
    if notes or dates is None:
        return None, notes
    claim = Claim(
        reference=stated.get("claim", f"第 {number} 行"),
        person=stated["person"],
        dates=dates,
        charges=charges,
        facts=facts,
        declared={name: stated[f"declared.{name}"] for name in _after("declared.", list(stated))},
        elsewhere_fen=elsewhere,
    )
    return claim, []


def _dates(stated: Mapping[str, str], notes: list[str]) -> StayDates | None:
    found: dict[str, date] = {}
    for label, code in list(_OWN.items())[2:]:
        text = stated.get(code) or (stated.get("discharge") if code == "settlement" else None)
        if text is None:
            notes.append(f"没有写{label}")
            continue
        try:
            found[code] = date.fromisoformat(text)
        except ValueError:
            notes.append(f"{label}“{text}”不是日期，应如 2018-01-01")
    if notes or len(found) < len(_OWN) - 2:
        return None
    dates = StayDates(found["admission"], found["discharge"], found["settlement"])
    if not dates.admission <= dates.discharge <= dates.settlement:
        notes.append("入院、出院、结算日期应依次不早于前一个")
    return dates


def _charges(stated: Mapping[str, str], notes: list[str]) -> Charges:
    tree: dict[str, Tree] = {key: stated[key] for key in _AMOUNTS if key in stated}
    items = {code: stated[f"item.{code}"] for code in _after("item.", list(stated))}
    if items:
        tree["item_classes"] = items
    faults: list[Fault] = []
    found = read_charges(Node(tree, (), faults))
    notes += [fault.message for fault in faults]
    return found


def _facts(stated: Mapping[str, str], notes: list[str]) -> Facts:
    tree = {
        key: [word for word in stated[key].split("、") if word] if key in SETS else stated[key]
        for key in _FACTS
        if key in stated
    }
    faults: list[Fault] = []
    found = read_facts(Node(tree, (), faults))
    notes += [f"{fault.message}；{fault.remedy}" for fault in faults]
    return replace(
        found,
        care=found.care or Care.INPATIENT.value,
        occasion=found.occasion or Occasion.DISCHARGE.value,
    )


def _in_order(claims: list[Claim]) -> list[Claim]:
    """Persons as they first appear, each person's claims by the day they are settled."""
    first: dict[str, int] = {}
    for at, claim in enumerate(claims):
        first.setdefault(claim.person, at)
    return sorted(claims, key=lambda claim: (first[claim.person], claim.dates.settlement))
