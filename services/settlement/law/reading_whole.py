"""Reading what a document says of itself as a whole (读总则): parameters, asks, people, reports."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace

from settlement.law.document import Node, Tree
from settlement.law.facts import ALWAYS, CODES, FACT_LABELS, Ask, FactKind, Facts, LocalIdentity
from settlement.law.numbers import Number, Unit
from settlement.law.people import Keeping, People, ReachingBack
from settlement.law.policy import ClaimBy, Deposit, Parameter, Reported
from settlement.law.reading_conditions import read_condition
from settlement.law.reading_evidence import Scope
from settlement.law.reading_layers import read_id
from settlement.law.reading_numbers import read_number
from settlement.law.reading_rules import read_expression
from settlement.law.reading_words import read_codes, read_count, read_date, read_month_day

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LOCAL = re.compile(r"local_[a-z0-9_]{1,58}")
_FIELDS = frozenset(f.name for f in fields(Facts))
_LONGEST_WORD = 64
_MOST_YEARS = 10
_KINDS = {"yes_no": FactKind.YES_NO, "number": FactKind.NUMBER, "word": FactKind.WORD}


def read_asks(node: Node | None) -> tuple[Ask, ...]:
    """What the bill must declare besides the facts that everybody knows (另须申报的情形)."""
    found = []
    for key in node.keys if node else ():
        ask = node.get(key) if node else None
        if ask is None:
            continue
        if not _NAME.fullmatch(key) or key in FACT_LABELS or key in _FIELDS:
            ask.fault(f"“{key}”不能作情形的名称", "用别处没有的英文小写名称，如 student")
        name = ask.need("name", "写中文名称，如 在校学生")
        kind = ask.need("kind", "可用：" + "、".join(_KINDS))
        words = ask.get("words")
        ask.close()
        if kind and kind.text() not in _KINDS:
            kind.fault(f"“{kind.text()}”不可用", "可用：" + "、".join(_KINDS))
        known = _KINDS.get(kind.text() if kind else "", FactKind.YES_NO)
        if (known is FactKind.WORD) != (words is not None):
            ask.fault("words 与 kind: word 同用", "写明可选的各个词，是非和数目不写 words")
        listed = tuple(w.text() for w in words.items()) if words else ()
        if words and any(not 0 < len(word) <= _LONGEST_WORD for word in listed):
            words.fault("可选的词太长或是空的", f"每个词不超过 {_LONGEST_WORD} 个字")
        found.append(Ask(key, name.text() if name else key, known, listed))
    return tuple(found)


def read_identities(node: Node | None) -> tuple[LocalIdentity, ...]:
    """Identities of the region's own (地方身份)."""
    found = []
    for key in node.keys if node else ():
        name = node.get(key) if node else None
        if name is not None:
            if not _LOCAL.fullmatch(key):
                name.fault(f"“{key}”不能作地方身份的代码", "写 local_ 加小写字母、数字")
            found.append(LocalIdentity(key, name.text()))
    return tuple(found)


def read_parameters(node: Node | None, scope: Scope) -> tuple[Parameter, ...]:
    """Numbers that others are made from; one may be made from another, in any order (参数)."""
    waiting = {key: each for key in node.keys if (each := node.get(key))} if node else {}
    made_from = {key: _references(each.tree) & set(waiting) for key, each in waiting.items()}
    found: list[Parameter] = []
    while waiting:
        known = {p.id: p.number for p in found}
        # Sorted, so that a document and its canonical text read as equal policies.
        ready = [key for key in sorted(waiting) if made_from[key].isdisjoint(waiting)]
        if not ready:
            for key in sorted(waiting):
                waiting[key].fault(f"参数“{key}”绕回到自己", "改正 of，让参数一个由另一个推算")
            break
        for key in ready:
            found += _read_parameter(key, waiting.pop(key), replace(scope, parameters=known))
    return tuple(found)


def _references(tree: Tree) -> set[str]:
    """Every name that stands after `of` in a number."""
    if isinstance(tree, str):
        return set()
    if isinstance(tree, Mapping):
        own = tree.get("of")
        inner = set().union(*(_references(value) for value in tree.values()))
        return inner | ({own.strip()} if isinstance(own, str) else set())
    return set().union(*(_references(member) for member in tree))


def _read_parameter(key: str, node: Node, scope: Scope) -> list[Parameter]:
    amount, ratio = node.get("amount"), node.get("ratio")
    if (amount is None) == (ratio is None):
        node.fault("amount 与 ratio 必须写且只写一个", "金额写 amount，比例写 ratio")
        return []
    label = node.optional_text("name") or key
    number = read_number(
        amount or ratio or node,
        name=f"parameter.{key}",
        unit=Unit.AMOUNT if amount else Unit.RATIO,
        scope=scope.at(node),
    )
    node.close()
    return [Parameter(key, label, number)]


def read_people(node: Node | None, scope: Scope) -> People:
    """Which identities count besides those of the day, and which of several (身份认定)."""
    if node is None:
        return People()
    listed = node.get("precedence")
    keeps, back = node.get("keeps"), node.get("reaches_back")
    people = People(
        precedence=tuple(read_codes(listed, CODES["identity"], may_be_local=True))
        if listed
        else (),
        keeps=tuple(_read_keeping(row) for row in keeps.items()) if keeps else (),
        reaches_back=tuple(_read_reaching(row) for row in back.items()) if back else (),
        evidence=scope.evidence_at(node),
    )
    node.close()
    return people


def _read_keeping(row: Node) -> Keeping:
    until, months = row.get("until"), row.get("months")
    if (until is None) == (months is None):
        row.fault("until 与 months 必须写且只写一个", "到某日为止写 until，若干个月写 months")
    found = Keeping(
        identities=_identities_of(row),
        until=read_date(until) if until else None,
        months=read_count(months) if months else None,
    )
    row.close()
    return found


def _read_reaching(row: Node) -> ReachingBack:
    months = row.need("months", "写认定以前多少个月内也算")
    found = ReachingBack(_identities_of(row), read_count(months) if months else 0)
    row.close()
    return found


def _identities_of(row: Node) -> frozenset[str]:
    node = row.need("identity", "写身份")
    return (
        frozenset(read_codes(node, CODES["identity"], may_be_local=True)) if node else frozenset()
    )


def read_deposit(node: Node | None, scope: Scope) -> Deposit | None:
    """What may be asked on admission (押金)."""
    if node is None:
        return None
    inner = scope.at(node)
    share, amount = node.get("share_of_normal"), node.get("amount")
    if share is None and amount is None:
        node.fault("押金没有写数", "写 share_of_normal: 比例，或 amount: 金额")
    node.close()
    return Deposit(
        share_of_normal=_optional(share, "deposit.share_of_normal", Unit.RATIO, inner),
        amount=_optional(amount, "deposit.amount", Unit.AMOUNT, inner),
    )


def _optional(node: Node | None, name: str, unit: Unit, scope: Scope) -> Number | None:
    return read_number(node, name=name, unit=unit, scope=scope) if node else None


def read_reported(node: Node | None, scope: Scope) -> tuple[Reported, ...]:
    """Amounts and shares that are computed and told, and never paid (指标、对照项目)."""
    found: list[Reported] = []
    for row in node.items() if node else ():
        one = _read_reported(row, scope.at(row))
        if any(one.id == known.id for known in found):
            row.fault(f"“{one.id}”重复", "每一项的 id 不能相同")
        found.append(one)
    return tuple(found)


def _read_reported(row: Node, scope: Scope) -> Reported:
    name = read_id(row)
    label = row.optional_text("name") or name
    amount, share, of = row.get("amount"), row.get("share"), row.get("of")
    target, applies = row.get("target"), row.get("applies")
    if (amount is None) == (share is None) or (share is None) != (of is None):
        row.fault("写 amount，或写 share 和 of", "金额写 amount；比例写 share: 分子, of: 分母")
    if target and share is None:
        target.fault("target 只用于比例", "写 share 和 of，或删去 target")
    looked_at = share or amount
    condition = read_condition(applies, scope) if applies else ALWAYS
    if applies:
        applies.close()
    row.close()
    return Reported(
        id=name,
        label=label,
        amount=read_expression(looked_at or row),
        of=read_expression(of) if of else None,
        target=_optional(target, f"reported.{name}.target", Unit.RATIO, scope),
        condition=condition,
        evidence=scope.evidence,
    )


def read_claim_by(node: Node | None) -> ClaimBy | None:
    """`{day: 03-31, years_after: 1}` (申报期限)."""
    if node is None:
        return None
    day = node.need("day", "写月-日，如 03-31")
    years = node.need("years_after", "写出院后第几年：当年写 0，次年写 1")
    found = read_month_day(day) if day else None
    after = read_count(years) if years else 0
    if years and after > _MOST_YEARS:
        years.fault(f"{after} 年太久", f"不超过 {_MOST_YEARS}")
        after = 0
    node.close()
    return ClaimBy(*found, after) if found else None
