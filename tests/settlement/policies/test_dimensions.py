"""docs/policy-language.md: for every feature found in real policies, how it is written and where.

What the table claims is looked up: the files, cases and tests exist, and a policy or a case that
is named for a construct contains it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from settlement.adapters.case_files import find_case_files, load_policy_and_cases
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.application.run_worked_cases import run_worked_case

ROOT = SHIPPED_POLICIES.parents[2]
DIMENSIONS = Path(__file__).parent / "dimensions"
DOCUMENT = (ROOT / "docs/policy-language.md").read_text(encoding="utf-8")

FEATURES = [
    *range(1, 8), *range(10, 20), *range(20, 30), *range(30, 40), *range(40, 53), *range(53, 61),
    *range(61, 70), *range(70, 79), *range(80, 87), *range(90, 100), *range(100, 105), 110, 111,
]  # fmt: skip
"""Every feature that the text of some real policy needs (A to K, and two of N)."""

OPEN_QUESTIONS = range(1, 7)

KEPT_BY_THE_ARITHMETIC = {"D04", "D68"}
"""No key says these; what is named shows them."""

ELSEWHERE = {"D65", "D67", "D76", "D78", "D102"}
"""Not a policy's to say: of the ledger, the desk, the roster; or found in no text at all."""


@dataclass(frozen=True)
class Row:
    """One line of the table: the feature, how it is written, where it is used."""

    number: str
    constructs: tuple[str, ...]
    used_in: tuple[str, ...]

    def __str__(self) -> str:
        """What a test is called."""
        return self.number


def _rows(pattern: str) -> list[Row]:
    """The lines whose first cell fits: number | need | constructs | where."""
    found = []
    for line in DOCUMENT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(pattern, cells[0]):
            constructs, used_in = (tuple(re.findall("`([^`]+)`", cell)) for cell in cells[-2:])
            found.append(Row(cells[0], constructs, used_in))
    return found


FEATURE_ROWS = _rows(r"D[0-9]+")
QUESTION_ROWS = _rows(r"未决 [0-9]+")


def _text_of(reference: str) -> str:
    """The text of a policy, of a case file or of a test. Fails when there is none such."""
    if "::" in reference:
        file, _, test = reference.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert f"def {test}(" in text, reference
        return text[text.index(f"def {test}(") :]
    if reference.startswith("dimensions/"):
        return (DIMENSIONS.parent / f"{reference}.cases.yaml").read_text(encoding="utf-8")
    law = SHIPPED_POLICIES / f"{reference}.yaml"
    cases = SHIPPED_POLICIES / f"{reference}.cases.yaml"
    return (law if law.is_file() else cases).read_text(encoding="utf-8")


def test_every_feature_of_real_policies_is_in_the_table() -> None:
    """All of them once, in order."""
    assert [row.number for row in FEATURE_ROWS] == [f"D{number:02d}" for number in FEATURES]


def test_every_question_that_texts_leave_open_has_its_switch() -> None:
    """Six of them."""
    assert [row.number for row in QUESTION_ROWS] == [f"未决 {n}" for n in OPEN_QUESTIONS]


@pytest.mark.parametrize("row", [*FEATURE_ROWS, *QUESTION_ROWS], ids=str)
def test_what_a_row_names_is_there(row: Row) -> None:
    """Each policy, case file and test exists; policies and cases contain what they show."""
    if row.number in ELSEWHERE:
        assert (row.constructs, row.used_in) == ((), ())
        return
    assert row.used_in
    for reference in row.used_in:
        text = _text_of(reference)
        is_shown = any(construct in text for construct in row.constructs)
        assert is_shown or row.number in KEPT_BY_THE_ARITHMETIC, reference


@pytest.mark.parametrize("file", find_case_files(DIMENSIONS), ids=lambda file: file.stem)
def test_the_small_policies_that_show_a_feature_come_out_to_the_fen(file: Path) -> None:
    """Features that no shipped policy uses have a county of their own, made up for them."""
    policy, cases = load_policy_and_cases(file, DIMENSIONS)

    for case in cases:
        assert [c for c in run_worked_case(policy, case).compared if not c.agrees] == [], case.name
