"""Schema of the layers (各层的模式)."""

from contracts.vocabulary import Payer
from settlement.entrypoints.policy_schema.numbers import identity
from settlement.entrypoints.policy_schema.pieces import (
    EVIDENCE,
    EXPRESSION,
    NAME,
    REGION,
    Schema,
    coded,
    codes,
    either,
    expression,
    mapping,
    one_or_several,
    ref,
    several,
    text,
    words,
    yes_no,
)
from settlement.law.policy import BandsFrom, CapOf, Period, StayDate, ThresholdKind

_KEYED = ["none", "tier", "level", "place", "care", "plan", "disease"]
_COUNTER = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"


def layer_definitions() -> dict[str, Schema]:
    """`layer` and what it is made of."""
    return {
        "expression": expression("口径：名称的加减"),
        "pool": _pool(),
        "benefit_year": benefit_year(),
        "bands": _bands(),
        "deductible": _deductible(),
        "cap": _cap(),
        "part": mapping("一个分项", {**_part_keys(), "id": _id("分项")}, needs=["id", "base"]),
        "layer": mapping("一层保障", _layer_keys(), needs=["id", "payer"])
        | {"allOf": _layer_needs()},
    }


def _layer_needs() -> list[Schema]:
    """What a layer must say, unless it says something else instead."""
    instead = [{"required": ["parts"]}, {"required": ["decided_elsewhere"]}]
    without_fund = coded("没有基金", {p.value: p.label for p in Payer if not p.has_fund})
    return [
        {"anyOf": [{"required": ["base"]}, *instead]},
        {"anyOf": [{"required": ["rate"]}, {"required": ["bands"]}, *instead]},
        {"anyOf": [{"required": ["pool"]}, {"properties": {"payer": without_fund}}]},
    ]


def stay_date(about: str) -> Schema:
    """A day of a stay."""
    return words(f"{about}：admission 入院日、discharge 出院日、settlement 结算日", list(StayDate))


def benefit_year() -> Schema:
    """The year counters run over."""
    return mapping(
        "待遇年度",
        {
            "begins": text("起始月日，如 01-01", r"^[0-9]{2}-[0-9]{2}$"),
            "chosen_by": stay_date("跨年住院按哪一天归入"),
        },
        needs=["begins", "chosen_by"],
    )


def _id(of: str) -> Schema:
    return text(f"{of}的英文名：小写字母开头，只用小写字母、数字和下划线", NAME)


def _pool() -> Schema:
    code = text('六位代码，加引号，如 "500000"', REGION)
    return either(
        "这一层基金的统筹区",
        code,
        mapping("代码和依据", {"code": code, **EVIDENCE}, needs=["code"]),
    )


def _part_keys() -> dict[str, Schema]:
    keys = {"fixed": ref("amount", "定额，元"), **EVIDENCE}
    fixed = mapping("定额：不论实际费用", keys, needs=["fixed"])
    return {
        "name": text("名称，印在结算单上"),
        "base": either("口径：看哪些费用", ref("expression"), fixed),
        "first_self_pay": ref("ratio_rule", "先自付的比例"),
        "first_self_pay_taken": words(
            "先自付在扣起付线之前 before 还是之后 after", ["before", "after"]
        ),
        "rate": ref("ratio_rule", "支付比例"),
        "bands": ref("bands", "分段的比例"),
        "factor": ref("ratio_rule", "乘在结果上的系数，不超过 100%"),
        "minus": ref("expression", "补足：减去已付的"),
        "not_below": ref("expression", "保底：不低于"),
        "not_above": ref("expression", "不超过"),
        "rounding": ref("rounding", "自己的取整"),
    }


def _layer_keys() -> dict[str, Schema]:
    return {
        "id": _id("层"),
        **_part_keys(),
        "payer": codes("支付方", Payer),
        "pool": ref("pool"),
        "article": text("条款，印在结算单上"),
        "applies": mapping(
            "适用对象",
            {"when": ref("when", "符合"), "unless": ref("when", "都不符合"), **EVIDENCE},
        ),
        "deductible": ref("deductible"),
        "deductible_taken_from": _taken_from(),
        "parts": several("分项：各有口径和比例，共用起付线和封顶", ref("part")),
        "caps": either("封顶，按写的先后", several("各个封顶", ref("cap")), ref("use")),
        "surplus": words(
            "定额的结余：hospital 归医院，none 只付实际", ["hospital", "医院", "none", "无"]
        ),
        "pays": words("bill 抵账单，cash 发给个人、账单之外", ["bill", "账单", "cash", "现金"]),
        "counts_toward": one_or_several(
            "这一层付的也算进哪些层的年度支付限额；none 是都不算", text("如 assistance.paid")
        ),
        "borne_by": mapping(
            "最后由谁承担，只记录",
            {
                "payer": codes("承担方", Payer),
                "pool": text("承担方的统筹区，六位代码", REGION),
                "when": text("什么时候，如 次年预算"),
                **EVIDENCE,
            },
            needs=["payer"],
        ),
        "decided_elsewhere": mapping(
            "外部结算：由别的系统算好，只把金额传来",
            {
                "by": text("由哪个系统或部门"),
                "at_most": text("金额不得超过什么：名称的加减", EXPRESSION),
                "may_come_later": yes_no("出院以后才有金额的写 是"),
                **EVIDENCE,
            },
            needs=["by", "at_most"],
        ),
        "benefit_year": ref("benefit_year", "这一层自己的待遇年度"),
        "person_asked_as_of": stay_date("这一层按哪一天认身份"),
        "precedence": one_or_several("这一层自己的身份次序", identity()),
        **EVIDENCE,
    }


def _taken_from() -> Schema:
    names = one_or_several("分项，从先到后", text("分项的 id", NAME))
    ordered = mapping("次序和依据", {"order": names, **EVIDENCE}, needs=["order"])
    return either("起付线先从哪个分项扣", names, ordered)


def _bands() -> Schema:
    row = mapping(
        "一段",
        {"up_to": ref("amount", "到多少，含"), "rate": ref("ratio", "这一段的比例")},
        needs=["rate"],
    )
    keys = {
        "measured_from": words("zero 从 0 起量，deductible 从起付线以上起量", list(BandsFrom)),
        "rows": either("从低到高，最后一段不写 up_to", several("各段", row), ref("use")),
    }
    return either("分段", mapping("分段", keys, needs=["measured_from", "rows"]), ref("use"))


def _each() -> Schema:
    return words("none 合在一起累计；否则每个值各自累计", _KEYED)


def _deductible() -> Schema:
    limit = mapping(
        "各次起付线全年合计的上限",
        {
            "per": words("year 全年", [Period.YEAR.value]),
            "amount": ref("amount_rule", "上限，元"),
            "counter": text("累计器", _COUNTER),
            "each": _each(),
            **EVIDENCE,
        },
        needs=["per", "amount"],
    )
    keys = {
        "per": words("stay 每次，year 全年一次，episode 连续住院合计", list(Period)),
        "amount": ref("amount_rule", "金额，元"),
        "kind": words("deducted 扣除，trigger 门槛：过了不扣除", list(ThresholdKind)),
        "passed": words("门槛：above 超过，at 达到", ["above", "at"]),
        "counter": text("累计器，只用于 per: year、per: episode", _COUNTER),
        "each": _each(),
        "limit": limit,
    }
    long_form = mapping("起付线", keys, needs=["per", "amount"])
    return either("起付线；只写一个数是每次扣", long_form, ref("amount_rule"))


def _cap() -> Schema:
    return mapping(
        "一个封顶",
        {
            "per": words("stay 每次，year 全年", [Period.STAY.value, Period.YEAR.value]),
            "of": words("payment 支付，cost 进入计算的费用，times 次数", list(CapOf)),
            "amount": ref("amount_rule", "限额（元或次）；不设限写 unlimited"),
            "counter": text("累计器：与别的层共用限额，写同一个", _COUNTER),
            "each": _each(),
            **EVIDENCE,
        },
        needs=["per", "of", "amount"],
    )
