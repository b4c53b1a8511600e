"""What ships: the regions of the first release, checked, with their bills to the fen."""

from datetime import date
from pathlib import Path

import pytest

from contracts.vocabulary import EvidenceStatus, RegionCode, Scheme
from settlement.adapters.case_files import (
    cases_beside,
    find_case_files,
    load_cases,
    load_policy_and_cases,
)
from settlement.adapters.policy_files import (
    SHIPPED_POLICIES,
    address_in,
    find_policy_files,
    load_book,
    load_policy,
    read_document,
)
from settlement.application.check_policies import Draft, check_policies
from settlement.application.run_worked_cases import run_worked_case
from settlement.application.worked_cases import CaseKind, StatedAmount
from settlement.law.book import RegionUnknown
from settlement.law.evidence import Evidence
from settlement.law.numbers import Picked, ShareOf, with_parameters
from settlement.law.policy import Layer, numbers_of, rules_of

REVISED = SHIPPED_POLICIES.parent / "samples" / "revised_policies"
ROOTS = (SHIPPED_POLICIES, REVISED)
FILES = [(root, file) for root in ROOTS for file in find_policy_files(root)]
CASE_FILES = [(root, file) for root in ROOTS for file in find_case_files(root)]

PUBLISHED = {
    "渝北：低保边缘家庭成员二级医院住院": (
        {"basic": 34_790_00, "critical": 0, "assistance": 10_647_00, "tilt": 937_80},
        5_625_20,
    ),
    "老张：低保对象，2023 年 10 月出院，四层": (
        {"basic": 125_790_00, "critical": 29_743_68, "assistance": 17_126_42, "tilt": 2_687_93},
        24_651_97,
    ),
    "公安县：甲乙丙类账单，起付线先从乙类扣": (
        {
            "basic": 3_518_18,
            "basic.class_a": 2_452_83,
            "basic.class_b": 1_065_35,
            "critical": 0,
            "assistance": 0,
            "bottom": 0,
        },
        4_136_84,
    ),
    "湖北大病保险：合规自付 15 万元，三段 10800＋45500＋37500": (
        {"basic": 150_000_00, "critical": 93_800_00},
        56_200_00,
    ),
    "沂水：贫困户乡镇卫生院住院，四个支付方，个人 8.16 元": (
        {"basic": 1_313_04, "civil": 292_54, "waiver": 18_14, "commercial": 155_07},
        8_16,
    ),
}


@pytest.mark.parametrize(
    ("root", "file"), CASE_FILES, ids=lambda p: p.relative_to(SHIPPED_POLICIES.parent).as_posix()
)
def test_every_worked_case_comes_out_to_the_fen(root: Path, file: Path) -> None:
    """Every layer, the patient, or the refusal is as the case states it."""
    policy, cases = load_policy_and_cases(file, root)

    results = [run_worked_case(policy, case) for case in cases]

    assert [(r.case.name, str(c)) for r in results for c in r.compared if not c.agrees] == []
    assert results


@pytest.mark.parametrize(("root", "file"), FILES)
def test_every_shipped_policy_has_worked_cases(root: Path, file: Path) -> None:
    """A number that no case walks is a number nobody has tried."""
    assert (root, cases_beside(file)) in CASE_FILES


def test_the_published_bills_are_all_there() -> None:
    """The bills of the first release state exactly the amounts that were published."""
    published = {
        case.name: case
        for _, file in CASE_FILES
        for case in load_cases(file)
        if case.kind is CaseKind.PUBLISHED
    }
    stated = {
        name: ({k: v.fen for k, v in expected.layers.items()}, expected.patient)
        for name, case in published.items()
        if name in PUBLISHED
        for expected in [case.stays[0].expected]
    }

    assert stated == {n: (layers, StatedAmount(fen)) for n, (layers, fen) in PUBLISHED.items()}


def test_yubei_pays_what_the_bureau_printed() -> None:
    """The four layers of 渝北 add up to the printed 46,374.80."""
    layers, patient_fen = PUBLISHED["渝北：低保边缘家庭成员二级医院住院"]

    assert sum(layers.values()) == 46_374_80
    assert sum(layers.values()) + patient_fen == 52_000_00


def test_constructed_cases_say_so() -> None:
    """A bill that nobody published is labelled as computed from the rules."""
    sources = {
        case.source
        for _, file in CASE_FILES
        for case in load_cases(file)
        if case.kind is CaseKind.CONSTRUCTED
    }

    assert sources == {"依规则推算，无公布账单（computed from the rules, no published bill）"}


@pytest.mark.parametrize("root", ROOTS, ids=["shipped", "revised"])
def test_shipped_policies_have_no_errors(root: Path) -> None:
    """The check finds warnings, for numbers nobody knows, and nothing else."""
    drafts = [
        Draft(read_document(file, root).tree, address_in(file, root))
        for file in find_policy_files(root)
    ]

    found = check_policies(drafts)

    assert [f for f in found if not f.fault.is_warning] == []
    assert any("缺少参数" in f.fault.message for f in found)


def test_the_revised_book_replaces_the_shipped_versions_without_a_clash() -> None:
    """Both books together still give every stay exactly one version."""
    drafts = [Draft(read_document(file, root).tree, address_in(file, root)) for root, file in FILES]

    assert [f for f in check_policies(drafts) if not f.fault.is_warning] == []


def test_every_region_of_the_release_is_there() -> None:
    """Nine regions; 公安县 and 湖北 before and after the revision of 2023."""
    labels = {
        (p.region, p.scheme.value, str(p.in_force_from)) for p in load_book(*ROOTS[:1]).policies
    }

    assert labels == {
        ("120000", "resident", "2019-01-01"),
        ("141032", "resident", "2017-01-01"),
        ("211100", "resident", "2025-01-01"),
        ("211381", "rural_cooperative", "2016-01-01"),
        ("230800", "resident", "2018-01-01"),
        ("320281", "resident", "2021-01-01"),
        ("320300", "resident", "2020-01-01"),
        ("321300", "resident", "2024-01-01"),
        ("341022", "resident", "2021-01-01"),
        ("350000", "resident", "2017-07-01"),
        ("350000", "resident", "2019-06-06"),
        ("360400", "resident", "2023-01-01"),
        ("360783", "resident", "2020-01-01"),
        ("370000", "rural_cooperative", "2013-01-01"),
        ("370282", "resident", "2017-03-02"),
        ("371302", "resident", "2019-01-01"),
        ("371323", "resident", "2017-01-01"),
        ("420000", "resident", "2018-01-01"),
        ("420000", "resident", "2023-01-01"),
        ("420200", "resident", "2024-01-01"),
        ("420500", "resident", "2023-01-01"),
        ("421022", "resident", "2018-01-01"),
        ("421022", "resident", "2023-01-01"),
        ("430000", "rural_cooperative", "2009-11-01"),
        ("430100", "resident", "2023-01-01"),
        ("430700", "resident", "2019-01-01"),
        ("450000", "resident", "2018-11-08"),
        ("450400", "rural_cooperative", "2012-01-01"),
        ("500000", "resident", "2018-01-01"),
        ("500112", "resident", "2023-01-01"),
        ("511800", "resident", "2017-01-01"),
        ("520181", "rural_cooperative", "2016-01-01"),
        ("610400", "resident", "2023-01-01"),
        ("610926", "resident", "2019-01-01"),
        ("620000", "rural_cooperative", "2016-01-01"),
        ("620724", "rural_cooperative", "2016-01-01"),
        ("620922", "resident", "2022-01-01"),
        ("653226", "resident", "2021-01-01"),
        ("990101", "resident", "2023-01-01"),
        ("990201", "resident", "2024-01-01"),
        ("990301", "rural_cooperative", "2016-06-21"),
        ("990302", "rural_cooperative", "2016-01-01"),
        ("990303", "resident", "2018-04-01"),
        ("990304", "resident", "2020-01-01"),
    }


def test_a_county_news_item_settles_nobody_elsewhere() -> None:
    """The 136 policy is 永和 county's; someone enrolled in 太原 has no policy, and is told so."""
    book = load_book(SHIPPED_POLICIES)
    day = date(2018, 3, 1)

    found = book.on(region=RegionCode("141032"), scheme=Scheme.RESIDENT, day=day)
    with pytest.raises(RegionUnknown, match="140105"):
        book.on(region=RegionCode("140105"), scheme=Scheme.RESIDENT, day=day)

    assert found.region_evidence.status is EvidenceStatus.INFERRED


def test_a_policy_states_only_what_its_own_region_said() -> None:
    """What 渝北 took from another, unnamed district is assumed, and says where it is from."""
    policy = load_policy(SHIPPED_POLICIES / "500112/resident/2023-01-01.v1.yaml", SHIPPED_POLICIES)
    borrowed = [
        (layer.id, evidence)
        for layer in policy.layers
        for evidence in _evidences_of(layer)
        if evidence.source != "yubei_qa"
    ]

    assert {layer for layer, _ in borrowed} == {"basic", "critical", "assistance", "tilt"}
    assert [e for _, e in borrowed if e.status is not EvidenceStatus.ASSUMED] == []
    assert [e for _, e in borrowed if "990101" not in (e.note or "")] == []


def test_rules_that_are_known_and_left_out_are_named() -> None:
    """Rules that are neither entered nor refused stand in the document, for every statement."""
    left_out = {(p.region, *p.not_entered) for p in load_book(SHIPPED_POLICIES).policies}

    assert {region for region, *rules in left_out if rules} == {
        "120000", "211100", "211381", "230800", "320300", "341022", "350000", "360783",
        "370282", "420000", "421022", "430700", "450000", "500000", "520181", "610400",
        "620000", "620724", "653226", "990201", "990301", "990302", "990303", "990304",
    }  # fmt: skip
    assert any("国家基本药物" in rule for rules in left_out for rule in rules)
    assert any("住院分娩" in rule for rules in left_out for rule in rules)


def _evidences_of(layer: Layer) -> list[Evidence]:
    """Everything of a layer that rests on something: rules, then numbers."""
    found = [layer.pool_evidence] if layer.pool else []
    found += [layer.condition_evidence, layer.rounding.evidence]
    found += [layer.elsewhere.evidence] if layer.elsewhere else []
    found += [layer.deductible.order_evidence] if layer.deductible else []
    found += [layer.borne_by.evidence] if layer.borne_by else []
    for part in layer.parts:
        found += [part.base_evidence, part.minus_evidence, part.rounding.evidence]
        found += [guard.evidence for guard in (part.not_below, part.not_above) if guard]
    for rule in rules_of(layer):
        found += [rule.by_evidence] if isinstance(rule, Picked) else []
        found += [rule.of_evidence] if isinstance(rule, ShareOf) else []
    for number in (each for n in numbers_of(layer) for each in with_parameters(n)):
        found += [c.evidence for c in number.choices] + [a.evidence for a in number.adjustments]
        found += [bound.evidence for bound in (number.at_least, number.at_most) if bound]
    return found


@pytest.mark.parametrize(("root", "file"), FILES)
def test_everything_names_its_source_and_says_why_when_it_was_not_stated(
    root: Path, file: Path
) -> None:
    """Nothing assumed or inferred ships without a note, and nothing without a known source."""
    policy = load_policy(file, root)
    known = {source.id for source in policy.sources}
    documentary = [policy.region_evidence, policy.in_force_evidence, policy.dates_evidence]
    documentary += [policy.people.evidence] if policy.people.evidence else []
    evidences = documentary + [e for layer in policy.layers for e in _evidences_of(layer)]

    assert {e.source for e in evidences} <= known
    assert all(e.is_stated or e.note for e in evidences)
