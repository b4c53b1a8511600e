"""What somebody began to write and did not finish is never taken for "none" (漏写)."""

import pytest

from tests.settlement.policies.drafts import RIGHT, errors_of, layer, policy_of

EMPTY = "写了却没有值"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("deductible: 300", "deductible:", f"“deductible”{EMPTY}"),
        ("deductible: 300", "deductible: ''", f"“deductible”{EMPTY}"),
        ("deductible: 300", "deductible: ~", f"“deductible”{EMPTY}"),
        ("deductible: 300", "deductible: null", f"“deductible”{EMPTY}"),
        ("rate: 70%", "rate: 70%\n    caps:", f"“caps”{EMPTY}"),
        ("rate: 70%", "rate: 70%\n    applies:", f"“applies”{EMPTY}"),
        ("rate: 70%", "rate: 70%\n    applies: {when: }", f"“when”{EMPTY}"),
        ("rate: 70%", "rate: 70%\n    applies: {when: {tier: }}", f"“tier”{EMPTY}"),
        ("rate: 70%", "rate: 70%\n    minus:", f"“minus”{EMPTY}"),
        ("rate: 70%", "rate: {value: 70%, at_most: }", f"“at_most”{EMPTY}"),
        ("rate: 70%", "rate: {value: 70%, note: }", f"“note”{EMPTY}"),
        ("{from: 2020-01-01}", "{from: 2020-01-01, to: }", f"“to”{EMPTY}"),
        ("layers:", "fictional:\nlayers:", f"“fictional”{EMPTY}"),
        ("layers:", "not_entered:\nlayers:", f"“not_entered”{EMPTY}"),
        ("layers:", "not_entered: ['']\nlayers:", "列表里有一项没有值"),
        ("rate: 70%", "rate: 70%\n    applies: {}", "适用条件是空的"),
        ("rate: 70%", "rate: 70%\n    applies: {when: {tier: ['']}}", "列表里有一项没有值"),
    ],
)
def test_a_key_without_a_value_is_an_error(old: str, new: str, told: str) -> None:
    """Nobody can tell "none" from "forgotten": the line is finished, or taken out."""
    assert any(told in message for message in errors_of(RIGHT.replace(old, new)))


def test_an_empty_key_is_told_once_and_not_as_missing() -> None:
    """One thing is wrong, so one thing is said."""
    assert errors_of(RIGHT.replace('pool: "990100"', "pool:")) == [f"“pool”{EMPTY}"]
    assert errors_of(RIGHT.replace("base: in_scope", "base:")) == [f"“base”{EMPTY}"]


def test_a_policy_may_say_that_it_has_no_end() -> None:
    """`to: ~` is a value where having none means something."""
    text = RIGHT.replace("{from: 2020-01-01}", "{from: 2020-01-01, to: ~}")
    assert errors_of(text) == []
    assert policy_of(text).in_force_to is None


@pytest.mark.parametrize("word", ["真", "虚构", "True", "1", "是的"])
def test_a_flag_is_yes_or_no(word: str) -> None:
    """`fictional: 真` would otherwise be a real county's policy."""
    text = RIGHT.replace("layers:", f"fictional: {word}\nlayers:")
    assert errors_of(text) == [f"“{word}”应为 是 或 否"]


@pytest.mark.parametrize(
    ("word", "fictional"), [("是", True), ("yes", True), ("true", True), ("否", False)]
)
def test_yes_and_no_in_both_languages(word: str, fictional: bool) -> None:  # noqa: FBT001 - a case
    """Everything else is refused."""
    text = RIGHT.replace("layers:", f"fictional: {word}\nlayers:")
    assert policy_of(text).fictional is fictional


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("rate: 70%", "rate: 70％", "70％"),
        ("deductible: 300", "deductible: ３００", "３００"),
        ('region: "990102"', 'region: "９９０１０２"', "９９０１０２"),
        ("base: in_scope", "base: in_scope － total", "in_scope － total"),
        ("2020-01-01", "２０２０-01-01", "２０２０-01-01"),
    ],
)
def test_full_width_signs_are_pointed_out(old: str, new: str, wrong: str) -> None:
    """`70％` and `70%` look the same: the message says what the eye does not see."""
    assert f"“{wrong}”里有全角字符" in errors_of(RIGHT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("base: in_scope", "base: in_scope - in_scope", "“in_scope”出现了两次"),
        (
            "deductible: 300",
            "deductible: {amount: 300, per: stay, counter: a.b}",
            "按次计算的规则没有累计器",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    caps: [{amount: 9, per: stay, counter: a.b}]",
            "按次计算的规则没有累计器",
        ),
    ],
)
def test_what_would_be_dropped_in_silence_is_an_error(old: str, new: str, told: str) -> None:
    """A name taken off itself; a counter of what runs over one stay."""
    assert any(told in message for message in errors_of(RIGHT.replace(old, new)))


_PARTS = """
deductible: {per: year, amount: 1000, counter: second.cost}
deductible_taken_from: [class_b]
parts:
  - {id: class_a, base: class_a, rate: 60%}
  - {id: class_b, base: class_b, rate: 60%}
"""


def test_a_part_is_listed_once_in_the_order_of_a_deductible() -> None:
    """Taken from it twice, the second time would undo the first."""
    text = RIGHT + layer(_PARTS.replace("[class_b]", "[class_b, class_b]"))
    assert errors_of(text) == ["分项“class_b”写了两次"]


def test_a_counter_of_some_parts_cannot_count_all_of_them() -> None:
    """The deductible looks at class B alone, the cap on cost at both classes."""
    text = RIGHT + layer(_PARTS + "caps: [{per: year, of: cost, amount: 9000}]")
    assert any("两处累计的费用却不同" in message for message in errors_of(text))
    assert errors_of(text.replace("class_b]", "class_b, class_a]")) == []
