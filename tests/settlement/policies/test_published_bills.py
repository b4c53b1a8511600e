"""The published bills that recompute, those whose sources err, and those nobody can recompute."""

from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from contracts.vocabulary import EvidenceStatus
from settlement.adapters.case_files import find_case_files, load_policy_and_cases
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.run_worked_cases import CaseResult, run_worked_case
from settlement.application.worked_cases import CaseKind, StatedAmount, WorkedCase
from settlement.law.policy import Policy

FOLDER = SHIPPED_POLICIES / "published_bills"

RECOMPUTED: dict[str, list[tuple[str, int]]] = {
    "case-yubei-2023-dibaobianyuan": [
        ("basic", 34_790_00), ("assistance", 10_647_00), ("tilt", 937_80),
    ],
    "case-gongan-2018-caseB-deductible-on-classB": [
        ("basic.class_a", 2_452_83), ("basic.class_b", 1_065_35), ("basic", 3_518_18),
    ],
    "case-hubei-critical-150000": [("critical", 93_800_00)],
    "case-ningbo-2023-zhao": [
        ("basic", 13_160_00), ("coinsurance", 5_640_00), ("patient", 8_840_00),
    ],
    "case-huangshi-2024-premium": [("subsidy", 342_00), ("patient", 38_00)],
    "case-daxin-2018-huang": [("patient", 534_90)],
    "case-mianyang-huimianbao": [
        ("within", 14_000_00), ("outside", 20_000_00), ("special", 70_000_00),
        ("within + outside + special", 104_000_00),
    ],
    "case-henan-2011-asd": [("basic", 15_400_00), ("civil", 4_400_00), ("patient", 2_200_00)],
    "case-urban-resident-band-table-adm1": [
        ("basic", 7_680_00), ("basic", 24_680_00), ("basic", 35_320_00),
    ],
    "case-lanzhou-outpatient-wang": [("basic", 900_00), ("patient", 1_100_00)],
    "case-urban-resident-band-table-group2-adm1": [
        ("basic", 7_840_00), ("basic", 24_840_00), ("basic", 35_160_00),
    ],
    "case-chengdu-staff-tier1": [("basic", 24_564_51), ("patient", 5_435_49)],
    "case-beijing-yilao": [("basic", 29_220_00)],
    "case-ziyang-ncms-critical-1": [("critical", 21_000_00)],
    "case-jiangyin-zhang": [("assistance", 20_307_14), ("patient", 23_703_06)],
    "case-xiangrikui-staff-ankle": [("basic", 14_723_20), ("patient", 5_276_80)],
    "case-suzhou-sukangbao-zhao": [
        ("within", 56_000_00), ("outside", 50_000_00), ("special", 64_000_00),
        ("within + outside + special", 170_000_00), ("patient", 130_000_00),
    ],
    "case-picc-a": [
        ("within", 45_000_00), ("outside", 12_000_00), ("allowance", 7_500_00),
        ("surgery", 1_500_00), ("all_benefits", 66_000_00), ("net_of_allowances", 4_000_00),
    ],
    "case-feng-commercial": [
        ("within", 40_000_00), ("outside", 8_000_00), ("within + outside", 48_000_00),
    ],
    "case-exam-zhang-2013": [("basic", 92_000_00), ("patient", 11_000_00)],
    "case-baiyin-500": [("basic", 180_00)],
    "case-beihai-7000": [("critical", 500_00)],
    "case-resident-12000-three-tiers": [
        ("basic", 9_945_00), ("basic", 8_550_00), ("basic", 7_215_00),
    ],
    "case-laweer-5000": [("basic", 2_400_00), ("patient", 2_600_00)],
    "case-lawparks-3000": [("basic", 1_760_00), ("basic", 1_750_00)],
    "case-qbnews-5000": [("basic", 2_660_00)],
    "case-cq-2024-laozhang": [
        ("basic", 125_790_00), ("critical", 29_743_68), ("assistance", 17_126_42),
        ("tilt", 2_687_93),
    ],
    "case-yishui-2017-liu": [
        ("basic", 1_313_04), ("civil", 292_54), ("waiver", 18_14), ("commercial", 155_07),
        ("patient", 8_16),
    ],
    "case-luxian-2011-tong": [("basic", 50_000_00), ("second", 20_513_00)],
    # The source rounds to 0.1 万: see the test of what it rounds to.
    "case-zhenjiang-huiminbao-99": [
        ("within", 110_000_00), ("outside", 74_000_00), ("special", 121_000_00),
        ("within + outside + special", 305_000_00),
    ],
}  # fmt: skip
"""The 30 published bills that recompute, and what each source prints, in fen."""

CONSISTENT = {
    "case-zhanggong-2021-chen",
    "case-linxian-2017-liu",
    "case-shimen-2017-xu",
    "case-gaolan-2021-miao",
    "case-luxi-2014-qin",
    "case-wuhan-2013-yu",
    "case-henan-2023-dong",
    "case-wuxi-shen",
    "case-hunan-li-2025-secondary",
    "case-kashgar-li-ai",
    "case-guangzhou-zhang-2025-secondary",
    "case-mayang-2018-zhang",
    "case-yongning-cataract-fang",
    "case-xiaoli-46026",
}
"""Bills whose amounts close while rules are missing: kept for an order, a cap, a zero layer."""

ERRING = {
    "case-qingyuan-2013-zheng": {"basic": 1_492_63},
    "case-cq-three-policies-wang": {"patient": 12_000_00},
    "case-fangxian-2018-ye": {"patient": 6_000_00},
    "case-yanan-30000": {"basic": 23_120_00},
    "case-hzbdd-staff-10000-ai": {"basic": 8_800_00},
    "case-ncms-4812457-ai": {"first + second + third": 10_750_00},
    "case-guangxi-zhangsan-ai": {"counted": 108_000_00, "critical": 71_400_00},
    "case-xuchang-3000-ai": {"basic": 1_858_00},
    "case-staff-15000-ai": {"basic": 10_400_00, "patient": 4_600_00},
    "case-hzbdd-secondary-ai": {"second": 187_500_00},
    "case-staff-15000-bands-ai": {"basic": 10_400_00},
    "case-poor-5000-ai": {"basic": 4_440_00},
}
"""Bills whose sources err, and what (the last of) their cases says that the source printed."""

LEFT_OUT = {
    "case-fuping-2020-jiajia",
    "case-pingshan-2013-guo",
    "case-zongyang-zhang",
    "case-susong-2015-he",
    "case-dangshan-2015-zhao",
    "case-baicheng-2017-zhang",
    "case-qixian-2020-li",
    "case-shanxi-yonghe-2018-song",
    "case-yudu-2017-li",
    "case-leye-2018-lan",
    "case-fuyang-2018-li",
}
"""Bills of which too little was printed to settle anything; the README says why, each."""

LOADED = {file: load_policy_and_cases(file, SHIPPED_POLICIES) for file in find_case_files(FOLDER)}


def _published() -> list[tuple[Policy, WorkedCase]]:
    """Every numbered bill that ships, beside a regional policy or with one of its own."""
    regional = (f for f in find_case_files(SHIPPED_POLICIES) if f not in LOADED)
    beside = (load_policy_and_cases(f, SHIPPED_POLICIES) for f in regional)
    return [
        (policy, case)
        for policy, cases in (*LOADED.values(), *beside)
        for case in cases
        if case.id is not None
    ]


BILLS = _published()


def _results(bill: str) -> list[CaseResult]:
    """The cases of one bill, run."""
    return [run_worked_case(policy, case) for policy, case in BILLS if case.id == bill]


def test_no_published_bill_is_lost() -> None:
    """Thirty recompute, fourteen close, twelve err; eleven are left out, with a reason."""
    ids = {case.id for _, case in BILLS}

    assert (len(RECOMPUTED), len(CONSISTENT), len(ERRING), len(LEFT_OUT)) == (30, 14, 12, 11)
    assert ids == {*RECOMPUTED, *CONSISTENT, *ERRING}
    assert {case.kind for _, case in BILLS} == {CaseKind.PUBLISHED}


def test_what_is_left_out_is_named_with_its_reason() -> None:
    """Every bill that is not entered stands in the README of the folder."""
    rows = [
        line.split("|")[1:3]
        for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| case-")
    ]

    assert {name.strip() for name, _ in rows} == LEFT_OUT
    assert all(reason.strip() for _, reason in rows)


@pytest.mark.parametrize("bill", sorted(RECOMPUTED))
def test_a_bill_that_recomputes_states_what_was_printed_and_comes_out(bill: str) -> None:
    """Each printed amount stands in a case, and every case agrees to the fen or as rounded."""
    results = _results(bill)
    stated = [(name, amount.fen) for result in results for name, amount in _stated(result.case)]

    assert [amount for amount in RECOMPUTED[bill] if amount not in stated] == []
    assert all(result.passed and not result.source_errors for result in results)


def _stated(case: WorkedCase) -> list[tuple[str, StatedAmount]]:
    found = list(case.together.items())
    for stay in case.stays:
        expected = stay.expected
        found += [*expected.layers.items(), *expected.outside.items()]
        found += [("patient", expected.patient)] if expected.patient else []
        found += [
            (name, indicator.value)
            for name, indicator in expected.reported.items()
            if isinstance(indicator.value, StatedAmount)
        ]
    return found


@pytest.mark.parametrize("bill", sorted(CONSISTENT))
def test_a_bill_that_closes_comes_out(bill: str) -> None:
    """Order, caps and conservation agree with what was printed."""
    results = _results(bill)

    assert results
    assert all(result.passed and not result.source_errors for result in results)


@pytest.mark.parametrize("bill", sorted(ERRING))
def test_a_source_that_errs_is_kept_with_what_the_rules_give(bill: str) -> None:
    """The rules give something else than what was printed, and the note says why."""
    results = _results(bill)
    erring = [result for result in results if result.case.source_says]
    last = erring[-1].case.source_says

    assert all(result.passed for result in results)
    assert {name: last[name].fen for name in ERRING[bill]} == ERRING[bill]
    assert all(len(r.source_errors) == len(r.case.source_says) for r in erring)
    assert all(result.case.note for result in erring)


def test_only_what_the_source_rounds_is_rounded() -> None:
    """Every amount that is not held to the fen, with the unit its source prints."""
    rounded = {
        (case.id, name, amount.to_fen)
        for _, case in BILLS
        for name, amount in (*_stated(case), *case.source_says.items())
        if amount.to_fen > 1
    }

    assert rounded == {
        ("case-zhenjiang-huiminbao-99", "within", 1_000_00),
        ("case-zhenjiang-huiminbao-99", "outside", 1_000_00),
        ("case-zhenjiang-huiminbao-99", "special", 1_000_00),
        ("case-zhenjiang-huiminbao-99", "within + outside + special", 1_000_00),
        ("case-linxian-2017-liu", "patient", 1_00),
        ("case-gaolan-2021-miao", "second", 100_00),
        ("case-luxi-2014-qin", "basic", 1_000_00),
        ("case-luxi-2014-qin", "critical", 1_000_00),
        ("case-luxi-2014-qin", "patient", 1_000_00),
        ("case-yanan-30000", "basic", 10_00),
        ("case-hzbdd-secondary-ai", "second", 100_00),
    }


def test_the_policies_of_published_bills_are_no_law() -> None:
    """They settle the bill they stand beside and nobody else."""
    own = {policy.fingerprint for policy, _ in LOADED.values()}

    assert len(own) == len(LOADED)
    assert own.isdisjoint(p.fingerprint for p in load_book(SHIPPED_POLICIES).policies)


@pytest.mark.parametrize("file", LOADED, ids=lambda file: file.name)
def test_a_place_nobody_named_is_assumed(file: Path) -> None:
    """Reserved codes of this folder, 9904xx, one a place, always with a note."""
    policy = LOADED[file][0]
    reserved = policy.region.startswith("99")

    assert reserved is (policy.region_evidence.status is EvidenceStatus.ASSUMED)
    assert reserved is policy.region.startswith("9904")
    assert policy.region_evidence.is_stated or policy.region_evidence.note


@pytest.mark.parametrize("file", LOADED, ids=lambda file: file.name)
def test_every_bill_names_its_publisher_and_its_dates_are_assumed(file: Path) -> None:
    """No source prints a date in force; every published case says where it was printed."""
    policy, cases = LOADED[file]

    assert policy.in_force_evidence.status is EvidenceStatus.ASSUMED
    assert policy.in_force_evidence.note
    assert all(source.publisher for source in policy.sources)
    assert all(case.source for case in cases)
    assert all(case.id for case in cases if case.kind is CaseKind.PUBLISHED)


def test_the_bills_ship_with_the_product() -> None:
    """The wheel holds each of them and what the folder is for."""
    root = SHIPPED_POLICIES.parents[2]
    packed = {
        Path(file.path).resolve() for file in WheelBuilder(str(root)).recurse_included_files()
    }

    assert {*LOADED, FOLDER / "README.md"} <= packed
