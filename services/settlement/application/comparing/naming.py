"""What readers call the rules of a policy (规则的名称), for tables of layers and of differences."""

from collections.abc import Mapping

from settlement.law.policy import (
    Cap,
    CapOf,
    Deductible,
    Layer,
    LayerKind,
    Part,
    Period,
    ThresholdKind,
)

DOCUMENT_ITEMS: Mapping[str, str] = {
    "region": "地区代码",
    "region_name": "地区名称",
    "region_evidence": "地区代码",
    "scheme": "险种",
    "version": "版本号",
    "in_force_from": "施行日",
    "in_force_to": "终止日",
    "in_force_evidence": "施行期",
    "published": "公布日期",
    "version_chosen_by": "选版本的日期",
    "person_asked_as_of": "认身份的日期",
    "dates_evidence": "日期规则",
    "benefit_year": "待遇年度",
    "sources": "出处",
    "language_version": "语言版本",
    "fictional": "虚构",
    "not_entered": "未录入",
    "parameters": "参数",
    "asks": "另须申报的情形",
    "identities": "地方身份",
    "people": "身份认定",
    "deposit": "押金",
    "reported": "只报告的项目",
    "if_lower": "追溯而待遇降低时",
    "claim_by": "申报期限",
    "corrections": "更正",
    "stays_in_parts": "分段结算",
}
"""What the fields of a document are called."""

LAYER_ITEMS: Mapping[str, str] = {
    "name": "名称",
    "payer": "支付方",
    "pool": "统筹区",
    "pool_evidence": "统筹区",
    "article": "条款",
    "condition": "适用",
    "condition_evidence": "适用",
    "deductible": "起付线",
    "caps": "封顶线",
    "rounding": "取整",
    "benefit_year": "待遇年度",
    "elsewhere": "外部结算",
    "kind": "支付方式",
    "surplus_to_hospital": "结余归医院",
    "counts_toward": "另计入的额度",
    "borne_by": "最终承担",
    "person_asked_as_of": "认身份的日期",
    "precedence": "身份先后",
}
"""What the fields of a layer are called."""

INNER_ITEMS: Mapping[str, str] = {
    "base": "口径",
    "base_evidence": "口径",
    "fixed": "定额",
    "first_self_pay": "先自付",
    "first_taken": "先自付的先后",
    "bands": "分段",
    "bands_from": "分段起点",
    "factor": "系数",
    "minus": "补足：减去",
    "minus_evidence": "补足：减去",
    "not_below": "保底",
    "not_above": "不超过",
    "amount": "金额",
    "period": "周期",
    "counter": "累计器",
    "taken_from": "起付线先扣",
    "order_evidence": "起付线先扣",
    "passed": "门槛的界",
    "limit": "年度合计上限",
    "each": "分别累计",
    "decided_by": "由谁决定",
    "at_most": "不超过",
    "may_come_later": "可以后补",
    "share_of_normal": "占平常押金",
    "share": "比例",
    "of": "占",
    "target": "目标",
    "label": "名称",
    "precedence": "身份先后",
    "keeps": "结束后仍算",
    "reaches_back": "认定以前也算",
    "identities": "身份",
    "months": "月数",
    "until": "至",
    "words": "可选的词",
    "kind": "类型",
    "title": "名称",
    "publisher": "发布单位",
    "url": "网址",
    "date": "日期",
    "begins_month": "起始月",
    "begins_day": "起始日",
    "chosen_by": "归入",
    "mode": "取整方式",
    "quantum_fen": "取整到（分）",
    "years_after": "几年后",
    "underpaid": "补差",
    "overpaid": "追回",
}
"""What the fields of everything inside a layer or a document are called."""

DEDUCTIBLE_ITEMS: Mapping[str, str] = {
    "amount": "",
    "taken_from": "先扣",
    "order_evidence": "先扣",
    "counter": "累计器",
    "passed": "界",
    "limit": "年度合计上限",
}
"""What the fields of a deductible are called, after its own name."""

KIND_LABELS: Mapping[LayerKind, str] = {
    LayerKind.PAYMENT: "支付账单",
    LayerKind.MEASURE: "只测算",
    LayerKind.PATIENT: "个人先付",
    LayerKind.CASH: "账外现金",
}
"""What becomes of a layer's amount."""

PERIOD_LABELS: Mapping[Period, str] = {
    Period.STAY: "每次",
    Period.YEAR: "每年",
    Period.EPISODE: "连续住院合计",
}
CAP_LABELS: Mapping[CapOf, str] = {
    CapOf.PAYMENT: "支付封顶",
    CapOf.COST: "费用封顶",
    CapOf.TIMES: "次数封顶",
}


def cap_item(cap: Cap) -> str:
    """A cap: 每年支付封顶."""
    return f"{PERIOD_LABELS[cap.period]}{CAP_LABELS[cap.of]}"


def deductible_item(rule: Deductible) -> str:
    """A deductible or a threshold: 每次起付线、每年门槛."""
    kind = "门槛" if rule.kind is ThresholdKind.TRIGGER else "起付线"
    return f"{PERIOD_LABELS[rule.period]}{kind}"


def part_prefix(layer: Layer, part: Part) -> str:
    """What stands before a part's items: nothing where the layer has one part."""
    return "" if len(layer.parts) == 1 else f"{part.name}·"
