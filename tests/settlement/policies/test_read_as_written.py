"""Reading, word by word (读文档): what spellings mean the same, what is at the edge of allowed, and
every word that is said of what is not.
"""

import pytest

from settlement.law.document import Fault
from settlement.law.policy import LayerKind, Policy
from settlement.law.reading import read_with_faults
from tests.settlement.policies.drafts import RIGHT, layer, policy_of, tree_of

Told = tuple[str, str, str]
"""Where, what is wrong, and what to do."""


def _told(text: str) -> list[Told]:
    return [_plain(fault) for fault in read_with_faults(tree_of(text))[1]]


def _plain(fault: Fault) -> Told:
    return ".".join(str(step) for step in fault.path), fault.message, fault.remedy


def _with(head: str) -> str:
    """The right document with more before its layers."""
    return RIGHT.replace("layers:", f"{head}\nlayers:")


def _layer(body: str, *, payer: str = "charity") -> Policy:
    """The right document with a layer more."""
    return policy_of(RIGHT + layer(body, payer=payer))


@pytest.mark.parametrize("word", ["bill", "账单"])
def test_a_layer_pays_the_bill_where_it_says_so_or_nothing(word: str) -> None:
    """Both spellings are what a layer does anyway."""
    assert _layer(f"base: total\nrate: 10%\npays: {word}").layers[1].kind is LayerKind.PAYMENT


@pytest.mark.parametrize("word", ["none", "无"])
def test_a_fixed_price_without_surplus(word: str) -> None:
    """Both spellings."""
    assert (
        not _layer(f"base: {{fixed: 100}}\nrate: 100%\nsurplus: {word}")
        .layers[1]
        .surplus_to_hospital
    )


@pytest.mark.parametrize("word", ["unlimited", "不设限"])
def test_a_cap_without_a_limit(word: str) -> None:
    """Both spellings."""
    (cap,) = _layer(f"base: total\nrate: 10%\ncaps: [{{per: stay, amount: {word}}}]").layers[1].caps
    assert str(cap.amount.choices[0].value) == "Unlimited()"


def test_who_pays_without_a_fund_has_no_pool() -> None:
    """A hospital's waiver has no pooling region, even where one is written."""
    assert _layer("base: total\nrate: 10%", payer="hospital").layers[1].pool is None
    assert str(_layer("base: total\nrate: 10%").layers[1].pool) == "990100"


def test_an_adjustment_rests_on_what_its_number_rests_on() -> None:
    """Unless it says something else."""
    number = "{value: 10%, status: assumed, note: 假定, adjust: [{when: {tier: 二级}, plus: 5%}]}"
    rate = _layer(f"base: total\nrate: {number}").layers[1].parts[0].bands[0].rate
    assert [a.evidence.note for a in rate.adjustments] == ["假定"]


def test_the_note_of_a_number_stays_with_its_own_evidence() -> None:
    """A number borrowed from elsewhere needs a note of its own; one that only names a place keeps
    the note outside."""
    outside = "status: assumed\nnote: 外面的说明\nbase: total\n"
    kept = _layer(outside + "rate: {value: 10%, place: 第二条}").layers[1].parts[0].bands[0].rate
    own = _layer(outside + "rate: {value: 10%, status: stated}").layers[1].parts[0].bands[0].rate
    assert kept.choices[0].evidence.note == "外面的说明"
    assert own.choices[0].evidence.note is None


def test_words_to_choose_from_have_up_to_64_characters() -> None:
    """One more, or none, is refused; what is asked after a question without a value is read."""
    asks = "asks:\n  ward: {{name: 病房, kind: word, words: [{}, 普通]}}"
    assert policy_of(_with(asks.format("长" * 64))).asks[0].words[0] == "长" * 64

    too_long = ("asks.ward.words", "可选的词太长或是空的", "每个词不超过 64 个字")
    assert _told(_with(asks.format("长" * 65))) == [too_long]
    empty = ("asks.ward.words.0", "列表里有一项没有值", "删去这一项，或写出它的值")
    assert _told(_with(asks.format("''"))) == [empty, too_long]

    _, faults = read_with_faults(tree_of(_with("asks:\n  ward:\n  bed: {name: 床位}")))
    assert [_plain(f)[:2] for f in faults] == [
        ("asks.ward", "“ward”写了却没有值"),
        ("asks.bed", "缺少“kind”"),
    ]


def test_a_bill_may_be_claimed_up_to_ten_years_after() -> None:
    """Eleven are too long."""
    dates = "  claim_by: {{day: 03-31, years_after: {}}}\nrounding:"
    ten = policy_of(RIGHT.replace("rounding:", dates.format(10), 1))
    assert ten.claim_by is not None
    assert ten.claim_by.years_after == 10
    assert _told(RIGHT.replace("rounding:", dates.format(11), 1)) == [
        ("dates.claim_by.years_after", "11 年太久", "不超过 10")
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            _with("parameters:\n  a: {amount: {of: b}}\n  b: {amount: {of: a}}"),
            [
                ("parameters.a", "参数“a”绕回到自己", "改正 of，让参数一个由另一个推算"),
                ("parameters.b", "参数“b”绕回到自己", "改正 of，让参数一个由另一个推算"),
            ],
        ),
        (
            RIGHT.replace("deductible: 300", "deductible: {per: episode, amount: 300, each: tier}"),
            [
                (
                    "layers.0.deductible.each",
                    "连续住院合计的起付线不能另行分别累计",
                    "删去 each",
                )
            ],
        ),
        (
            RIGHT + "    caps: [{per: episode, amount: 300}]\n",
            [("layers.0.caps.0", "封顶不能按连续住院合计", "写 per: stay 或 per: year")],
        ),
        (
            RIGHT
            + layer(
                "decided_elsewhere: {by: 民政, at_most: total}\ndeductible: 5\n"
                "caps: [{per: stay, amount: 9}]",
                payer="charity",
            ),
            ["不认识的键“deductible”", "不认识的键“caps”"],
        ),
        (
            RIGHT
            + layer(
                "deductible: {per: year, amount: 5, counter: a.b}\nbase: total\nrate: 10%\n"
                "first_self_pay: 10%\nfirst_self_pay_taken: before\n"
                "caps: [{per: year, of: cost, amount: 9, counter: a.b}]"
            ),
            [
                (
                    "layers.1",
                    "累计器“a.b”由起付线和费用封顶共用，两处累计的费用却不同",
                    "给其中一个写另外的 counter",
                )
            ],
        ),
    ],
    ids=["circle", "episode-each", "episode-cap", "elsewhere", "one counter"],
)
def test_what_is_said_of_it(text: str, told: list[Told | str]) -> None:
    """Every word; of a key that nobody knows, the first sentence."""
    found = _told(text)
    assert found == told or [message for _, message, _ in found] == told


def test_what_was_not_entered_names_its_own_source() -> None:
    """A sentence, or one with its source; the source of the whole document is not its source."""
    sources = "  text: {title: 测试文件}\n  letter: {title: 答复}"
    rows = "not_entered: [甲, {text: 乙}, {text: 丙, source: letter}, {text: 丁, source: text}]"
    text = _with(rows).replace("  text: {title: 测试文件}", sources)
    assert policy_of(text).not_entered == ("甲", "乙", "丙（答复）", "丁（测试文件）")


def test_a_source_without_a_value_hides_none_behind_it() -> None:
    """Both are told."""
    sources = "  text: {title: 测试文件}\n  letter:\n  reply: {url: a}"
    assert [told[:2] for told in _told(RIGHT.replace("  text: {title: 测试文件}", sources))] == [
        ("sources.letter", "“letter”写了却没有值"),
        ("sources.reply", "缺少“title”"),
    ]


def test_a_document_is_a_mapping() -> None:
    """A list is told where to look."""
    assert [_plain(fault) for fault in read_with_faults(["a"])[1]][:1] == [
        ("", "文档应当是一组“键: 值”", "参照 policies/FORMAT.md")
    ]


def test_a_document_has_layers() -> None:
    """At least one."""
    assert ("layers", "没有任何一层", "至少写一层") in _told(
        RIGHT[: RIGHT.index("layers:")] + "layers: []\n"
    )
