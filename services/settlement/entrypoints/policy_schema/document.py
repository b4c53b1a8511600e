"""Schema of a policy document (政策文件的模式)."""

from contracts.vocabulary import Scheme
from settlement.entrypoints.policy_schema.layers import (
    benefit_year,
    layer_definitions,
    stay_date,
)
from settlement.entrypoints.policy_schema.numbers import identity, number_definitions
from settlement.entrypoints.policy_schema.pieces import (
    DAY,
    DIALECT,
    EVIDENCE,
    EXPRESSION,
    LOCAL_IDENTITY,
    NAME,
    REGION,
    Schema,
    codes,
    count,
    either,
    mapping,
    one_or_several,
    ref,
    several,
    text,
    words,
    yes_no,
)
from settlement.law.corrections import Overpaid, Underpaid
from settlement.law.policy import READABLE_LANGUAGES
from settlement.law.stays_in_parts import PartsDates, PartsSettled


def policy_document_schema() -> Schema:
    """Everything a policy document may say."""
    return {
        "$schema": DIALECT,
        "title": "一站 政策文件",
        **policy_document(),
        "$defs": policy_definitions(),
    }


def policy_definitions() -> dict[str, Schema]:
    """What a policy document refers to."""
    return dict(sorted((number_definitions() | layer_definitions()).items()))


def policy_document() -> Schema:
    """The document itself; its definitions stand beside it."""
    return mapping(
        "一份政策：一个地区、一个险种、一个版本",
        _keys(),
        needs=[
            "yizhan_policy", "region", "region_name", "scheme", "version", "title", "in_force",
            "dates", "rounding", "sources", "evidence", "layers",
        ],
    )  # fmt: skip


def _keys() -> dict[str, Schema]:
    day = text("日期，如 2018-01-01", DAY)
    language = list(READABLE_LANGUAGES)
    return {
        "yizhan_policy": words("语言版本", [*map(int, language), *language]),
        "region": either(
            "参保地",
            text('六位代码，加引号，如 "500112"', REGION),
            mapping("代码和依据", {"code": text("六位代码", REGION), **EVIDENCE}, needs=["code"]),
        ),
        "region_name": text("地区名称"),
        "scheme": codes("险种", Scheme),
        "version": {**count("版本号，从 1 起；号大的替换同一施行日号小的"), "minimum": 1},
        "title": text("政策文件的名称"),
        "published": {**day, "description": "文件公布的日期"},
        "fictional": yes_no("虚构的政策写 是"),
        "in_force": mapping(
            "施行期",
            {
                "from": {**day, "description": "开始施行的日期"},
                "to": either("最后一天；不写是长期有效", day, {"type": "null"}),
                "if_lower": words(
                    "追溯施行而待遇降低的：collect_back 追回，leave 不追回",
                    ["collect_back", "leave"],
                ),
                **EVIDENCE,
            },
            needs=["from"],
        ),
        "dates": mapping(
            "按哪一天",
            {
                "version_chosen_by": stay_date("选版本"),
                "person_asked_as_of": stay_date("认身份"),
                "benefit_year": benefit_year(),
                "claim_by": mapping(
                    "申报期限",
                    {
                        "day": text("月日，如 03-31", r"^[0-9]{2}-[0-9]{2}$"),
                        "years_after": count("出院后第几年：当年写 0，次年写 1"),
                    },
                    needs=["day", "years_after"],
                ),
                **EVIDENCE,
            },
            needs=["version_chosen_by", "person_asked_as_of", "benefit_year"],
        ),
        "rounding": ref("rounding", "每一步怎样取整"),
        "sources": {
            "description": "登记每一份出处，下面用名字引用",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": mapping(
                "一份文件",
                {
                    "title": text("文件名称"),
                    "publisher": text("谁发的"),
                    "url": text("网址"),
                    "date": text("日期"),
                },
                needs=["title"],
            ),
        },
        "evidence": mapping("各数的依据，除非另写", EVIDENCE, needs=["status", "source"]),
        "not_entered": several(
            "知道有而没有录入的规定，印在每张结算单上",
            either(
                "一条规定",
                text("规定说了什么"),
                mapping("规定和出处", {"text": text("规定"), **EVIDENCE}, needs=["text"]),
            ),
        ),
        "parameters": _parameters(),
        "asks": _asks(),
        "identities": {
            "description": "地方身份：代码和名称",
            "type": "object",
            "propertyNames": {"pattern": LOCAL_IDENTITY},
            "additionalProperties": text("名称"),
        },
        "people": _people(),
        "deposit": mapping(
            "押金，不参加结算",
            {
                "share_of_normal": ref("ratio", "普通押金的几成"),
                "amount": ref("amount", "押金金额，元"),
                **EVIDENCE,
            },
        ),
        "corrections": _corrections(),
        "stays_in_parts": _stays_in_parts(),
        "reported": several("只算出来报告、从不支付的指标", _reported()),
        "layers": several("各层保障，按结算先后", ref("layer")),
        "cases": {"description": "算例写在旁边的文件里，这里的不读"},
    }


def _corrections() -> Schema:
    """How a difference is carried at another hospital than the one that undoes something."""
    switches = {
        "underpaid": _switch("补差：基金应多付的", [str(each) for each in Underpaid]),
        "overpaid": _switch("追回：基金已多付的", [str(each) for each in Overpaid]),
    }
    return either(
        "更正：结算之后金额变动，差额在别的医院怎样走",
        mapping("更正的走法和依据", {**switches, **EVIDENCE}),
        ref("use"),
    )


def _stays_in_parts() -> Schema:
    """How a stay that is settled in the middle is settled."""
    options = {
        "settled": words("各段怎样算：各算一次住院", [str(each) for each in PartsSettled]),
        "dates": words(
            "后面各段的入院日：本段首日，或住院首日", [str(each) for each in PartsDates]
        ),
    }
    about = "分段结算（中途结算）：没有写的不能中途结算"
    return either(
        about, mapping(about, {**options, **EVIDENCE}, needs=["settled", "dates"]), ref("use")
    )


def _switch(about: str, options: list[str]) -> Schema:
    way = words("怎样走", options)
    return either(about, way, mapping("走法和依据", {"way": way, **EVIDENCE}, needs=["way"]))


def _named(about: str, member: Schema) -> Schema:
    return {
        "description": about,
        "type": "object",
        "propertyNames": {"pattern": NAME},
        "additionalProperties": member,
    }


def _parameters() -> Schema:
    return _named(
        "参数：别的数由它推算，用 of 引用",
        mapping(
            "一个参数",
            {
                "name": text("名称"),
                "amount": ref("amount", "金额，元"),
                "ratio": ref("ratio", "比例"),
                **EVIDENCE,
            },
        ),
    )


def _asks() -> Schema:
    return _named(
        "账单另须申报的情形",
        mapping(
            "一种情形",
            {
                "name": text("名称"),
                "kind": words("yes_no 是非，number 数，word 词", ["yes_no", "number", "word"]),
                "words": several("可以写的词", text("一个词")),
            },
            needs=["name", "kind"],
        ),
    )


def _people() -> Schema:
    who = one_or_several("身份", identity())
    months, until = count("几个月"), text("到哪一天", DAY)
    return mapping(
        "人：几种身份、身份前后",
        {
            "precedence": one_or_several("兼有几种身份的，只按排在最前的一种", identity()),
            "keeps": several(
                "身份结束后仍算",
                mapping(
                    "一条延续",
                    {"identity": who, "until": until, "months": months},
                    needs=["identity"],
                ),
            ),
            "reaches_back": several(
                "认定以前也算",
                mapping(
                    "一条追溯",
                    {"identity": who, "months": months},
                    needs=["identity", "months"],
                ),
            ),
            **EVIDENCE,
        },
    )


def _reported() -> Schema:
    return mapping(
        "一个指标",
        {
            "id": text("英文名", NAME),
            "name": text("名称"),
            "amount": text("金额：名称的加减", EXPRESSION),
            "share": text("分子：名称的加减", EXPRESSION),
            "of": text("分母：名称的加减", EXPRESSION),
            "target": ref("ratio", "目标，如 80%"),
            "applies": mapping(
                "只对谁算",
                {"when": ref("when", "符合"), "unless": ref("when", "都不符合")},
            ),
            **EVIDENCE,
        },
        needs=["id"],
    )
