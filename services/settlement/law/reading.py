"""Reading a policy out of a document (读政策): every fault is gathered before refusing."""

import re
from dataclasses import replace
from datetime import date

from contracts.vocabulary import EvidenceStatus, RegionCode, Scheme
from settlement.law.document import (
    Fault,
    Node,
    PolicyUnreadable,
    Tree,
    canonical_text,
    fingerprint_of,
)
from settlement.law.evidence import Evidence, Source
from settlement.law.policy import (
    READABLE_LANGUAGES,
    BenefitYear,
    IfLower,
    Layer,
    Policy,
    StayDate,
)
from settlement.law.reading_corrections import read_corrections
from settlement.law.reading_evidence import Scope, read_evidence
from settlement.law.reading_layers import LayerReader
from settlement.law.reading_stays_in_parts import read_stays_in_parts
from settlement.law.reading_whole import (
    read_asks,
    read_claim_by,
    read_deposit,
    read_identities,
    read_parameters,
    read_people,
    read_reported,
)
from settlement.law.reading_words import (
    read_benefit_year,
    read_choice,
    read_date,
    read_flag,
    read_rounding,
)
from settlement.law.rounding import Rounding

_REGION = re.compile(r"[0-9]{6}")
_VERSION = re.compile(r"[1-9][0-9]{0,5}")
_UNSOURCED = Evidence(EvidenceStatus.ASSUMED, source="")


def read_policy(tree: Tree) -> Policy:
    """The policy in a document whose shared fragments are already in place.

    Raises PolicyUnreadable with every fault found.
    """
    policy, faults = read_with_faults(tree)
    if policy is None or any(not f.is_warning for f in faults):
        raise PolicyUnreadable(faults)
    return policy


def read_with_faults(tree: Tree) -> tuple[Policy | None, list[Fault]]:
    """The policy as far as it can be read, and what is wrong with it."""
    faults: list[Fault] = []
    root = Node(tree, (), faults)
    if not root.is_mapping:
        root.fault("文档应当是一组“键: 值”", "参照 policies/FORMAT.md")
        return None, faults
    return _Reader(root, faults).policy(tree), faults


class _Reader:
    """Reads one document; holds what inner levels inherit."""

    def __init__(self, root: Node, faults: list[Fault]):
        self.root = root
        self.faults = faults
        self.sources = self._sources()
        self.source_ids = frozenset(s.id for s in self.sources)
        outer = root.get("evidence")
        self.evidence = read_evidence(outer, _UNSOURCED, self.source_ids) if outer else _UNSOURCED
        if outer is None or not self.evidence.source:
            root.fault(
                "没有说明数从哪里来", "在文档开头写 evidence: {status: stated, source: 出处}"
            )
        if outer:
            outer.close()
        self.asks = read_asks(root.get("asks"))
        self.identities = read_identities(root.get("identities"))
        plain = Scope(
            self.evidence,
            self.source_ids,
            asks={a.id: a for a in self.asks},
            identities={own.id: own.label for own in self.identities},
        )
        self.parameters = read_parameters(root.get("parameters"), plain)
        known = {p.id: p.number for p in self.parameters}
        self.scope = replace(plain, parameters=known)

    def policy(self, tree: Tree) -> Policy | None:
        root = self.root
        language = root.need("yizhan_policy", "第一行写 yizhan_policy: 1")
        version = language.text() if language else ""
        if language and version not in READABLE_LANGUAGES:
            language.fault("不认识的语言版本", f"写 {READABLE_LANGUAGES[-1]}")
        region = root.need("region", "写六位行政区划代码，加引号")
        place = region
        region_text = region.text() if region and region.is_text else ""
        region_evidence = self.evidence
        if region and region.is_mapping:
            code = region.need("code", "写六位行政区划代码，加引号")
            region_text = code.text() if code else ""
            place = code or region
            region_evidence = read_evidence(region, self.evidence, self.source_ids)
            region.close()
        if place and not _REGION.fullmatch(region_text):
            place.unreadable(f"“{region_text}”不是六位行政区划代码", '如 region: "500112"')
        in_force = root.need("in_force", "写 in_force: {from: 日期}")
        dates = root.need("dates", "写明按哪一天选版本、认身份、算年度")
        benefit_year = read_benefit_year(dates, None)
        rounding = read_rounding(
            root.need("rounding", "写 rounding: {mode: half_up, to: fen}"),
            name="rounding",
            scope=self.scope,
        )
        published, fictional = root.get("published"), root.get("fictional")
        text = canonical_text(tree)
        policy = Policy(
            region=RegionCode(region_text),
            region_name=self._text("region_name", "写地区名称"),
            region_evidence=region_evidence,
            scheme=self._scheme(),
            version=self._version(),
            title=self._text("title", "写政策文件的名称"),
            in_force_from=self._from(in_force),
            in_force_to=_optional_date(in_force.get("to", may_be_none=True) if in_force else None),
            in_force_evidence=self._evidence_of(in_force),
            published=_optional_date(published),
            version_chosen_by=read_choice(dates, "version_chosen_by", StayDate),
            person_asked_as_of=read_choice(dates, "person_asked_as_of", StayDate),
            dates_evidence=self._evidence_of(dates),
            benefit_year=benefit_year,
            sources=self.sources,
            layers=self._layers(benefit_year, rounding),
            language_version=version,
            fingerprint=fingerprint_of(text, version),
            canonical_text=text,
            fictional=bool(fictional and read_flag(fictional)),
            not_entered=self._not_entered(),
            parameters=self.parameters,
            asks=self.asks,
            identities=self.identities,
            people=read_people(root.get("people"), self.scope),
            deposit=read_deposit(root.get("deposit"), self.scope),
            reported=read_reported(root.get("reported"), self.scope),
            if_lower=self._if_lower(in_force),
            claim_by=read_claim_by(dates.get("claim_by") if dates else None),
            corrections=read_corrections(root.get("corrections"), self.scope),
            stays_in_parts=read_stays_in_parts(root.get("stays_in_parts"), self.scope),
        )
        for node in (in_force, dates):
            if node:
                node.close()
        root.get("cases")  # worked cases stand beside the policy and are not part of the law
        root.close()
        return policy

    def _sources(self) -> tuple[Source, ...]:
        listed = self.root.need("sources", "登记每一份出处：id: {title: …, url: …}")
        found = []
        for key in listed.keys if listed else ():
            node = listed.get(key) if listed else None
            if node is None:
                continue
            title = node.need("title", "写文件名称")
            found.append(
                Source(
                    id=key,
                    title=title.text() if title else "",
                    publisher=node.optional_text("publisher"),
                    url=node.optional_text("url"),
                    date=node.optional_text("date"),
                )
            )
            node.close()
        return tuple(found)

    def _not_entered(self) -> tuple[str, ...]:
        """Rules that are known and not entered, each with the title of its source if it has one."""
        listed = self.root.get("not_entered")
        found = []
        for node in listed.items() if listed else ():
            if not node.is_mapping:
                found.append(node.text("写成一句话，或 {text: 规定, source: 出处}"))
                continue
            text = node.need("text", "写这条规定说了什么")
            cited = read_evidence(node, self.evidence, self.source_ids).source
            known = (s.title for s in self.sources if s.id == cited and "source" in node.keys)
            title = next(known, None)
            node.close()
            if text:
                found.append(f"{text.text()}（{title}）" if title else text.text())
        return tuple(found)

    def _text(self, key: str, remedy: str) -> str:
        node = self.root.need(key, remedy)
        return node.text(remedy) if node else ""

    def _scheme(self) -> Scheme:
        node = self.root.need("scheme", "写险种，如 resident")
        text = node.text() if node else ""
        for scheme in Scheme:
            if text in (scheme.value, scheme.label):
                return scheme
        if node:
            node.fault(f"不认识的险种“{text}”", "可用：" + "、".join(s.label for s in Scheme))
        return Scheme.RESIDENT

    def _version(self) -> int:
        node = self.root.need("version", "写版本号，从 1 起")
        text = node.text() if node else "1"
        if not _VERSION.fullmatch(text):
            if node:
                node.fault("版本号应为正整数", "从 1 起")
            return 1
        return int(text)

    def _evidence_of(self, node: Node | None) -> Evidence:
        return read_evidence(node, self.evidence, self.source_ids) if node else self.evidence

    @staticmethod
    def _from(in_force: Node | None) -> date:
        node = in_force.get("from") if in_force else None
        if node is None and in_force is not None:
            in_force.fault("缺少 from", "写开始施行的日期；不明时写推定日期并标 assumed")
        return _optional_date(node) or date.min

    @staticmethod
    def _if_lower(in_force: Node | None) -> IfLower | None:
        node = in_force.get("if_lower") if in_force else None
        return read_choice(in_force, "if_lower", IfLower) if node else None

    def _layers(self, year: BenefitYear, rounding: Rounding) -> tuple[Layer, ...]:
        listed = self.root.need("layers", "按结算先后列出各层保障")
        layers: list[Layer] = []
        for node in listed.items() if listed else ():
            layer = LayerReader(node, scope=self.scope, year=year, rounding=rounding).layer()
            if any(known.id == layer.id for known in layers):
                node.fault(f"层“{layer.id}”重复", "每层的 id 不能相同")
            layers.append(layer)
        if listed and not layers:
            listed.fault("没有任何一层", "至少写一层")
        return tuple(layers)


def _optional_date(node: Node | None) -> date | None:
    return read_date(node) if node else None
