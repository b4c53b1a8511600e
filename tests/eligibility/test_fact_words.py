"""What is shown of a fact at the command line."""

from datetime import date

import pytest

from contracts.vocabulary import DataOwner, FilingKind, MarkKind, PremiumPayer, Scheme
from eligibility.domain.facts import (
    BenefitsAfterEnd,
    Death,
    Disability,
    DiseaseListing,
    Enrolment,
    Fact,
    Filing,
    Household,
    Identity,
    Mark,
    Residence,
)
from eligibility.entrypoints.fact_words import words_of

FIRST, LAST = date(2023, 1, 1), date(2023, 12, 31)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (Identity("orphan", FIRST, None), "孤儿"),
        (Identity("local_a", FIRST, LAST, BenefitsAfterEnd(None)), "local_a（结束后待遇继续享受）"),
        (
            Identity("poverty_registered", FIRST, LAST, BenefitsAfterEnd(date(2026, 12, 31))),
            "建档立卡贫困人口（结束后待遇延续至 2026-12-31）",
        ),
        (
            Household(DataOwner.POVERTY_OFFICE, "H-7", FIRST, None),
            "乡村振兴（扶贫）部门 户编号 H-7",
        ),
        (Enrolment("500112", Scheme.RESIDENT, None, FIRST, None), "500112 城乡居民基本医疗保险"),
        (
            Enrolment(
                "500112",
                Scheme.RESIDENT,
                "一档",
                FIRST,
                LAST,
                premium_payer=PremiumPayer.FULLY_SUBSIDISED,
                waiting_to=date(2023, 3, 31),
            ),
            "500112 城乡居民基本医疗保险 一档 全额资助 等待期至 2023-03-31",
        ),
        (
            Mark(
                MarkKind.CHRONIC, "500112", "M1", "高血压", "4类33种", 1_000_05, None, FIRST, None
            ),
            "慢性病 高血压 4类33种 限额 1000.05 元",
        ),
        (
            Mark(MarkKind.SPECIAL, "500112", "M2", "透析", None, None, "按住院比例", FIRST, None),
            "特殊疾病 透析 按住院比例",
        ),
        (DiseaseListing("32种", "C50.900", "ICD-10", FIRST, None), "32种 C50.900（ICD-10）"),
        (
            Filing(FilingKind.REFERRAL, "ZZ-1", None, None, "510100", "H1", FIRST, LAST),
            "转诊转院 ZZ-1 至 510100 H1",
        ),
        (
            Filing(FilingKind.OUT_OF_AREA, "BA-1", None, None, None, None, FIRST, LAST),
            "异地就医备案 BA-1",
        ),
        (Disability(2, FIRST, None), "残疾 2 级"),
        (Residence("500112103", None, FIRST, None), "居住地 500112103"),
        (Residence("500112103", "500112103201", FIRST, None), "居住地 500112103201"),
        (Death(FIRST), "已死亡"),
    ],
)
def test_a_fact_is_told_in_chinese_words(fact: Fact, words: str) -> None:
    """Labels instead of codes, yuan instead of fen, and nothing where nothing was stated."""
    assert words_of(fact) == words
