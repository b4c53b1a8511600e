"""What only the written function shows (查算式): names that meet, and steps nobody can prove."""

import pytest

from settlement.kernel import checking
from settlement.kernel.checking import check_policy
from settlement.law.document import Fault
from tests.settlement.policies.drafts import HEAD, RIGHT, layer, policy_of


def test_names_that_meet_in_one_variable_are_told_with_what_to_do() -> None:
    """Layer `year_basic` has a room, and so would a counter called basic.room."""
    cap = "caps: [{per: year, of: payment, amount: 9, counter: basic.room}]"
    text = HEAD + layer(f"base: in_scope\nrate: 60%\n{cap}", layer_id="year_basic")

    assert check_policy(policy_of(text)) == [
        Fault(
            ("layers",),
            "两个名称写成了同一个变量 year_basic_room；请改动层、分项或计数器的 id",
            "换一个层、分项或累计器的名称",
        )
    ]


@pytest.mark.parametrize("unknown", [NotImplementedError("Pow()"), KeyError("Pow()")])
def test_a_function_that_cannot_be_proven_is_no_policy(
    monkeypatch: pytest.MonkeyPatch, unknown: Exception
) -> None:
    """Whatever the proof does not know is a fault of the document, to be reported to us."""

    def find_nothing(_: object) -> None:
        raise unknown

    monkeypatch.setattr(checking, "find_overflows", find_nothing)

    assert check_policy(policy_of(RIGHT)) == [
        Fault(("layers",), f"算式无法证明不会溢出（{unknown}）", "请把这份政策报给维护者")
    ]
