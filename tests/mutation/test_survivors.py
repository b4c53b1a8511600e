"""The list of survivors is read as it is written, and is strict about its form (存活的变异)."""

import pytest

from tests.mutation.survivors import ListMalformed, Survivor, read_reasons, survivor_of

ONE = Survivor("settlement.law.exact.reduced", ("while digits and x:",), ("while digits or x:",))

LISTED = """\
# Those that change nothing.

why: 结果相同
in: settlement.law.exact.reduced
- while digits and x:
+ while digits or x:

in: settlement.law.exact.Ratio.plus
- a
- b
+ c
why: 只改文字
in: settlement.law.exact.reduced
- while digits and x:
+ while digits or x:
"""


def test_a_survivor_is_known_by_its_function_and_its_lines() -> None:
    """Indentation and the lines around it do not matter."""
    diff = """\
--- settlement/law/exact.py
+++ settlement/law/exact.py
@@ -1,3 +1,3 @@
 def reduced(units, digits):
-    while digits and x:
+    while digits or x:
         return 1"""

    assert survivor_of("settlement.law.exact.reduced", diff) == ONE
    assert str(ONE) == (
        "in: settlement.law.exact.reduced\n- while digits and x:\n+ while digits or x:"
    )


def test_the_same_change_may_be_allowed_twice() -> None:
    """A line that stands twice in a function has two mutants that look alike."""
    found = read_reasons(LISTED)

    assert found == {ONE: 2, Survivor("settlement.law.exact.Ratio.plus", ("a", "b"), ("c",)): 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("in: a.b\n- x", "1: in: a.b"),
        ("why: 有\n- x", "2: - x"),
        ("why:\nin: a", "1: why:"),
        ("why: 有\nin: a\n* x", "3: * x"),
    ],
)
def test_what_has_no_reason_or_no_place_is_refused(text: str, line: str) -> None:
    """The line is named."""
    with pytest.raises(ListMalformed) as refused:
        read_reasons(text)
    assert str(refused.value) == f"survivors.txt:{line}"
