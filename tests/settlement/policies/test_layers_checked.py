"""What checking says of layers, indicators and questions (查语义): each finding, word for word."""

import pytest

from settlement.kernel.checking import check_policy
from settlement.law.document import PolicyUnreadable
from tests.settlement.policies.drafts import HEAD, RIGHT, layer, policy_of

Told = tuple[str, str, str, bool]


def _told(text: str) -> list[Told]:
    """Of each finding: the place, what is wrong, what to do, whether it may be."""
    return [
        (".".join(map(str, fault.path)), fault.message, fault.remedy, fault.is_warning)
        for fault in check_policy(policy_of(text))
    ]


def _wrong(place: str, message: str, remedy: str) -> list[Told]:
    return [(place, message, remedy, False)]


def _places(text: str, message: str) -> list[str]:
    return [place for place, said, _, _ in _told(text) if said.startswith(message)]


def test_names_that_mean_nothing_are_told_where_they_stand() -> None:
    """What a number is picked by, what a share is of, what an indicator is a share of."""
    rows = "rows: [{up_to: 100, then: 50%}, {then: 60%}]"
    picked = RIGHT.replace("rate: 70%", f"rate: {{by: nothing, {rows}}}")
    shared = RIGHT.replace(
        "deductible: 300", "deductible: {per: stay, amount: {share: 9%, of: nothing}}"
    )
    ratio = RIGHT + "reported:\n  - {id: ratio, name: 比例, share: basic, of: nothing}\n"
    message = "“nothing”既不是费用名称，也不是前面某一层的 id"

    assert _places(picked, message) == ["layers.0.rate.by"]
    assert _places(shared, message) == ["layers.0.deductible.amount.of"]
    assert _places(ratio, message) == ["reported.0.of"]


@pytest.mark.parametrize(
    ("of", "places"), [("cost", ["layers.0.caps.0.amount.by"]), ("payment", [])]
)
def test_a_cap_on_cost_cannot_look_at_the_base_it_holds(of: str, places: list[str]) -> None:
    """A cap on payment can."""
    rows = "{by: this.base, rows: [{up_to: 100, then: 50}, {then: 60}]}"
    text = f"{RIGHT}    caps: [{{per: stay, of: {of}, amount: {rows}}}]\n"

    assert (
        _places(text, "“this.base”只能用在按金额选数、按金额的比例里，费用封顶里不能用") == places
    )


def _parts(*parts: str) -> str:
    listed = "".join(f"      - {{{part}}}\n" for part in parts)
    text = RIGHT.replace("    base: in_scope\n", "").replace("    rate: 70%\n", "")
    return f"{text}    parts:\n{listed}"


def test_parts_that_share_a_yearly_deductible_have_one_band_each() -> None:
    """Whose edge would be used up first? A layer of one part may have bands."""
    bands = "bands: {measured_from: deductible, rows: [{up_to: 9, rate: 50%}, {rate: 60%}]}"
    two = _parts(f"id: a, base: class_a, {bands}", "id: b, base: class_b, rate: 70%")
    two += "    deductible_taken_from: [a, b]\n"
    yearly = two.replace("deductible: 300", "deductible: {per: year, amount: 300}")
    one = _parts(f"id: a, base: class_a, {bands}")

    assert _told(yearly) == _wrong(
        "layers.0.parts.0.bands",
        "几个分项共用全年起付线时不能分段（暂不支持）",
        "把这个分项写成单独一层，用同一个 counter",
    )
    assert _told(two) == []
    assert _told(one.replace("deductible: 300", "deductible: {per: year, amount: 300}")) == []


def test_parts_are_not_called_what_a_layer_has() -> None:
    """Of several; an only part may be called anything."""
    one, other = "id: base, base: class_a, rate: 60%", "id: b, base: class_b, rate: 70%"

    assert _told(_parts(one, other).replace("    deductible: 300\n", "")) == _wrong(
        "layers.0.parts.0", "分项的 id“base”另有用处，口径里分不清指哪一个", "换一个 id"
    )
    assert _told(_parts(one)) == []


def test_only_funds_have_a_pool() -> None:
    """A hospital bears it itself."""
    assert _told(RIGHT.replace("payer: basic", "payer: hospital")) == _wrong(
        "layers.0.pool", "医院减免没有统筹区", "删去 pool"
    )


def test_what_another_system_decides_leaves_no_surplus() -> None:
    """Told at the key."""
    text = HEAD + layer("decided_elsewhere: {by: 互助会, at_most: total}\nsurplus: hospital")

    assert _told(text) == _wrong("layers.0.surplus", "外部结算的层没有结余", "删去 surplus")


def test_what_a_template_left_is_told_until_it_is_filled_in() -> None:
    """But for the reason of a missing number, which is told with the number."""
    text = RIGHT.replace("title: 测试政策", "title: 待填：标题")
    unknown = RIGHT.replace("rate: 70%", "rate: {missing: 待填：查文件}")

    assert _told(text) == [("title", "还没有填写：待填：标题", "填好，或删去这一行", True)]
    assert [message for _, message, _, _ in _told(unknown)] == ["缺少参数 basic.rate：待填：查文件"]


def test_a_question_that_nothing_depends_on_is_told() -> None:
    """A warning: the bill need not be asked."""
    text = RIGHT.replace("layers:", "asks:\n  student: {name: 在校学生, kind: yes_no}\nlayers:")

    assert _told(text) == [
        (
            "asks.student",
            "账单要申报“在校学生”，而没有一行用到它",
            "删去，或在条件里用它",
            True,
        )
    ]


def test_only_identities_are_a_region_s_own() -> None:
    """A diagnosis is none; a word that the policy itself asks for may be called anything."""
    by_diagnosis = RIGHT + "    applies: {when: {diagnosis: [local_x]}}\n"
    ward = "asks:\n  ward: {name: 病房, kind: word, words: [local_x, 普通]}\nlayers:"
    by_word = RIGHT.replace("layers:", ward) + "    applies: {when: {ward: [local_x]}}\n"

    assert _told(by_diagnosis) == _wrong(
        "layers.0", "“local_x”不能用：地方自定的只有身份", "改用代码表里的值"
    )
    assert _told(by_word) == []


def test_lateness_needs_a_last_day() -> None:
    """Told at the layer that asks."""
    text = RIGHT + "    applies: {when: {late_claim: 否}}\n"

    assert _told(text) == _wrong(
        "layers.0", "问到是否逾期申报，却没有写申报期限", "在 dates 里写 claim_by"
    )


def test_two_parts_need_an_order_for_their_deductible() -> None:
    """An only part does not."""
    with pytest.raises(PolicyUnreadable, match="几个分项共用起付线，没有写先从哪个分项扣"):
        policy_of(_parts("id: a, base: class_a, rate: 60%", "id: b, base: class_b, rate: 70%"))
    assert _told(_parts("id: a, base: class_a, rate: 60%")) == []


def test_counts_have_six_figures_at_most() -> None:
    """Days of stay up to 999999."""
    days = RIGHT + "    applies: {when: {days: {from: 999999}}}\n"

    assert _told(days) == []
    with pytest.raises(PolicyUnreadable, match="“9999990”应是不小于 0 的整数"):
        policy_of(days.replace("999999", "9999990"))
