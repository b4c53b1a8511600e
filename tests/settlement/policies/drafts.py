"""Policy documents for tests: one that is right, and ways to make it wrong."""

from pathlib import Path

from settlement.adapters.plain_yaml import read_plain_text
from settlement.application.check_policies import Draft, check_policies
from settlement.law.document import Fault, Tree
from settlement.law.policy import Policy
from settlement.law.reading import read_policy

HEAD = """\
yizhan_policy: 1
region: "990102"
region_name: 测试县
scheme: resident
version: 1
title: 测试政策
in_force: {from: 2020-01-01}
dates:
  version_chosen_by: admission
  person_asked_as_of: admission
  benefit_year: {begins: 01-01, chosen_by: discharge}
rounding: {mode: half_up, to: fen}
sources:
  text: {title: 测试文件}
evidence: {status: stated, source: text}
layers:
"""

BASIC = """\
  - id: basic
    payer: basic
    pool: "990100"
    base: in_scope
    deductible: 300
    rate: 70%
"""

RIGHT = HEAD + BASIC
"""A document without any fault or warning."""

WHOLE_LANGUAGE = Path(__file__).with_name("whole_language.yaml").read_text(encoding="utf-8")
"""A document that uses every key of the language; the one number it does not know is a warning."""


def layer(body: str, *, layer_id: str = "second", payer: str = "critical_illness") -> str:
    """A layer with these lines, each indented as in a document."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return f'  - id: {layer_id}\n    payer: {payer}\n    pool: "990100"\n{lines}'


def tree_of(text: str) -> Tree:
    """The document's tree."""
    return read_plain_text(text, {})


def policy_of(text: str) -> Policy:
    """The policy in the text."""
    return read_policy(tree_of(text))


def faults_of(*texts: str) -> list[Fault]:
    """Everything found when these documents are checked together."""
    return [f.fault for f in check_policies([Draft(tree_of(text)) for text in texts])]


def errors_of(*texts: str) -> list[str]:
    """The messages of the errors."""
    return [f.message for f in faults_of(*texts) if not f.is_warning]


def warnings_of(*texts: str) -> list[str]:
    """The messages of the warnings."""
    return [f.message for f in faults_of(*texts) if f.is_warning]
