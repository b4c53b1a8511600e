"""FORMAT.md explains by example, and its examples are the language."""

import re

import pytest

from settlement.adapters.plain_yaml import read_plain_text
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.law.facts import FACT_LABELS
from settlement.law.policy import (
    BandsFrom,
    CapOf,
    Period,
    RoundingMode,
    StayDate,
    ThresholdKind,
)
from tests.settlement.policies.drafts import RIGHT, errors_of, layer, policy_of

TEXT = (SHIPPED_POLICIES / "FORMAT.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_plain_yaml(block: str) -> None:
    """Alternatives of one key stand on lines of their own; each is readable."""
    lines = [line for line in block.splitlines() if re.match(r" {4}deductible: ", line)]
    for part in lines if len(lines) > 1 else [block]:
        assert read_plain_text(part, {})


def test_the_head_and_the_first_layer_are_a_policy() -> None:
    """What the guide shows first can be copied and read."""
    text = BLOCKS[0].replace("http://www.ybq.gov.cn/…", "http://example.org/")
    basic = next(block for block in BLOCKS if block.startswith("layers:"))

    policy = policy_of(text + basic)

    assert policy.region == "500112"
    assert policy.layer("basic").article == "第八条"


@pytest.mark.parametrize(
    "body",
    [block for block in BLOCKS if re.match(r" {4}(rate|bands|caps):", block)],
)
def test_every_example_of_a_layer_reads_in_a_layer(body: str) -> None:
    """Rates, bands and caps as the guide writes them, in a policy of their own."""
    if "use:" in body:
        pytest.fail("examples with shared fragments are tested where fragments are")
    lines = [line.removeprefix("    ") for line in body.splitlines()]
    wanted = "" if lines[0].startswith(("rate", "bands")) else "rate: 10%\n"
    text = RIGHT + layer(f"base: in_scope - basic\n{wanted}" + "\n".join(lines))

    assert [e for e in errors_of(text) if "超过 100%" not in e] == []


@pytest.mark.parametrize(
    "words",
    [FACT_LABELS, *map(list, (BandsFrom, CapOf, Period, RoundingMode, StayDate, ThresholdKind))],
)
def test_every_word_of_the_language_is_explained(words: list[str]) -> None:
    """A word the reader may write stands in the guide."""
    left_out = {"deducted"}  # the default of `kind`, never written

    assert [word for word in words if str(word) not in TEXT and word not in left_out] == []


@pytest.mark.parametrize(
    "key",
    ["choose", "otherwise", "missing", "unlimited", "adjust", "at_most", "parts", "use", "minus",
     "deductible_taken_from", "measured_from", "counter", "decided_elsewhere", "benefit_year",
     "rounding", "fictional", "applies", "unless", "stays", "counters_before"],
)  # fmt: skip
def test_every_construct_is_explained(key: str) -> None:
    """Each key appears as code in the guide."""
    assert re.search(rf"\b{key}\b", TEXT)


def test_the_top_up_of_the_guide_pays_up_to_its_target() -> None:
    """minus: a target of 90% less what was paid before."""
    top_up = next(block for block in BLOCKS if "id: top_up" in block)
    text = RIGHT + top_up.replace("basic + critical + assistance", "basic")

    assert errors_of(text) == []
