"""FORMAT.md explains by example, and its examples are the language."""

import re

import pytest

from contracts.vocabulary import (
    AdministrativeLevel,
    Identity,
    InstitutionTier,
    Payer,
    Place,
    Scheme,
)
from settlement.adapters.institutions_csv import DESIGNATIONS
from settlement.adapters.plain_yaml import read_plain_text
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.facts import FACT_LABELS
from settlement.law.policy import (
    BandsFrom,
    CapOf,
    Period,
    StayDate,
    ThresholdKind,
)
from settlement.law.rounding import RoundingMode
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
     "rounding", "fictional", "applies", "unless", "stays", "counters_before", "not_entered",
     "pool", "order"],
)  # fmt: skip
def test_every_construct_is_explained(key: str) -> None:
    """Each key appears as code in the guide."""
    assert re.search(rf"\b{key}\b", TEXT)


@pytest.mark.parametrize(
    "word",
    [
        word
        for codes in (Identity, InstitutionTier, AdministrativeLevel, Place, Payer, Scheme)
        for word in codes
    ],
    ids=lambda word: f"{type(word).__name__}-{word}",
)
def test_every_code_stands_beside_its_label(word: Identity) -> None:
    """Whoever writes a policy finds the Chinese word and the code in one row of a table."""
    assert f"| {word.label} | `{word.value}` |" in TEXT


def test_every_designation_and_amount_is_in_a_table() -> None:
    """Designations as institutions carry them; amounts by name and in Chinese."""
    assert [code for code in DESIGNATIONS.values() if f"`{code}`" not in TEXT] == []
    for name, label in AMOUNT_LABELS.items():
        row = next(line for line in TEXT.splitlines() if line.startswith("| `") and name in line)
        assert label.removesuffix("费用") in row


def test_a_policy_of_the_guide_names_what_is_not_entered() -> None:
    """The first example lists rules it leaves out, one of them with its source."""
    text = BLOCKS[0].replace("http://www.ybq.gov.cn/…", "http://example.org/")
    basic = next(block for block in BLOCKS if block.startswith("layers:"))

    assert policy_of(text + basic).not_entered == (
        "重症精神病住院不设起付线（问答没有列诊断编码）",
        "意外伤害住院限额 3000 元（渝北区医保局政策问答）",
    )


def test_whatever_is_inferred_may_say_so_where_the_guide_says_it_may() -> None:
    """Pool, conditions, order of the deductible, minus, ceilings, rounding, amounts elsewhere."""
    examples = {
        key: next(b for b in BLOCKS if b.startswith(f"    {key}:") and "status" in b)
        for key in ("pool", "applies", "deductible_taken_from")
    }
    assumed = "status: assumed, note: 借来"
    ceiling = f"{{value: 90%, {assumed}}}"
    second = examples["pool"] + examples["applies"] + examples["deductible_taken_from"]
    second += (
        "    deductible: 1200\n    parts:\n"
        f"      - {{id: class_a, base: class_a, rate: {{value: 60%, at_most: {ceiling}}}}}\n"
        f"      - {{id: class_b, base: class_b, rate: 60%, minus: {{amount: basic, {assumed}}}}}\n"
        f"    rounding: {{mode: down, to: jiao, {assumed}}}\n"
    )
    third = (
        "  - id: third\n    payer: 民政救助\n    pool: '990100'\n"
        f"    decided_elsewhere: {{by: 民政, at_most: total, {assumed}}}\n"
    )

    policy = policy_of(RIGHT + "  - id: second\n    payer: 大病保险\n" + second + third)

    layer_read, elsewhere = policy.layers[1], policy.layers[2].elsewhere
    assert layer_read.deductible is not None
    assert elsewhere is not None
    evidences = {
        "pool": layer_read.pool_evidence,
        "applies": layer_read.condition_evidence,
        "order": layer_read.deductible.order_evidence,
        "minus": layer_read.parts[1].minus_evidence,
        "at_most": layer_read.parts[0].bands[0].rate.at_most_evidence,
        "rounding": layer_read.rounding.evidence,
        "elsewhere": elsewhere.evidence,
    }
    assert [name for name, e in evidences.items() if e is None or e.status != "assumed"] == []


def test_the_top_up_of_the_guide_pays_up_to_its_target() -> None:
    """minus: a target of 90% less what was paid before."""
    top_up = next(block for block in BLOCKS if "id: top_up" in block)
    text = RIGHT + top_up.replace("basic + critical + assistance", "basic")

    assert errors_of(text) == []
