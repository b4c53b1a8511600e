"""FORMAT.md explains by example, and its examples are the language."""

import re
from collections.abc import Iterable

import pytest

from contracts.vocabulary import (
    AdministrativeLevel,
    Care,
    Identity,
    InstitutionTier,
    Occasion,
    Payer,
    Place,
    Scheme,
)
from settlement.adapters.institutions_csv import DESIGNATIONS
from settlement.adapters.plain_yaml import read_plain_text
from settlement.adapters.reading_cases import read_case
from settlement.application.check_policies import Draft, check_policies
from settlement.entrypoints.policy_schema.cases import case_file_schema
from settlement.entrypoints.policy_schema.document import policy_document_schema
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.document import Fault, Node
from settlement.law.facts import FACT_LABELS, KEYS_OF_COUNTERS
from settlement.law.numbers import Number
from settlement.law.policy import (
    BandsFrom,
    CapOf,
    FirstTaken,
    IfLower,
    Passed,
    Period,
    StayDate,
    ThresholdKind,
)
from settlement.law.rounding import RoundingMode
from tests.settlement.policies.drafts import RIGHT, policy_of, tree_of
from tests.settlement.policies.format_examples import (
    BLOCKS,
    TEXT,
    Example,
    case_examples,
    examples,
)

HEAD = next(block for block in BLOCKS if block.startswith("yizhan_policy:"))
FIRST_LAYER = next(block for block in BLOCKS if block.startswith("layers:"))


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_every_example_is_right_where_it_belongs(example: Example) -> None:
    """Put into a document, an example has no error, and lacks only what it says is missing."""
    if "use:" in example.block:
        assert example.make(tree_of)  # shared numbers are put in place where files are read
        return
    found = check_policies([Draft(example.make(tree_of))])

    assert [f.fault for f in found if not f.fault.is_warning] == []
    # The guide declares what a bill is asked in one example and asks it in the next.
    expected = "没有一行用到它" if example.block.startswith("asks:") else "缺少参数"
    assert [f.fault.message for f in found if expected not in f.fault.message] == []


@pytest.mark.parametrize("block", case_examples())
def test_the_cases_read(block: str) -> None:
    """What the guide shows of worked cases."""
    faults: list[Fault] = []
    for node in Node(read_plain_text(block, {}), (), faults).items():
        read_case(node, ())

    assert faults == []


def test_the_head_and_the_first_layer_are_a_policy() -> None:
    """What the guide shows first can be copied and read."""
    policy = policy_of(HEAD + FIRST_LAYER)

    assert policy.region == "500112"
    assert policy.layer("basic").article == "第八条"
    assert policy.not_entered == (
        "重症精神病住院不设起付线（问答没有列诊断编码）",
        "意外伤害住院限额 3000 元（渝北区医保局政策问答）",
    )


@pytest.mark.parametrize(
    "words",
    [FACT_LABELS, KEYS_OF_COUNTERS, BandsFrom, CapOf, FirstTaken, IfLower, Passed, Period,
     RoundingMode, StayDate, ThresholdKind],
)  # fmt: skip
def test_every_word_of_the_language_is_explained(words: Iterable[str]) -> None:
    """A word the reader may write stands in the guide."""
    left_out = {"deducted"}  # the default of `kind`, never written

    assert [word for word in words if str(word) not in TEXT and word not in left_out] == []


def _keys(schema: object) -> set[str]:
    """Every key that a policy or a file of cases may have anywhere."""
    if isinstance(schema, list):
        return set().union(*map(_keys, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*map(_keys, schema.values()))


def test_every_key_is_explained() -> None:
    """Each key of the schema appears as code in the guide."""
    keys = _keys(policy_document_schema()) | _keys(case_file_schema())
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", TEXT, flags=re.DOTALL))

    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", code)) == []


@pytest.mark.parametrize(
    "word",
    [
        word
        for codes in (
            Identity,
            InstitutionTier,
            AdministrativeLevel,
            Place,
            Care,
            Occasion,
            Payer,
            Scheme,
        )
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
    rate = layer_read.parts[0].bands[0].rate
    evidences = {
        "pool": layer_read.pool_evidence,
        "applies": layer_read.condition_evidence,
        "order": layer_read.deductible.order_evidence,
        "minus": layer_read.parts[1].minus_evidence,
        "at_most": rate.at_most.evidence if isinstance(rate, Number) and rate.at_most else None,
        "rounding": layer_read.rounding.evidence,
        "elsewhere": elsewhere.evidence,
    }
    assert [name for name, e in evidences.items() if e is None or e.status != "assumed"] == []
