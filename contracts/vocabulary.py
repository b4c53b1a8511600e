"""Shared words (词汇): ids, codes and their Chinese labels. Standard library only.

Codes are English and stable, since they are stored in events and written in policies; labels
are what users read. The national interface's codes are given where it has one.
"""

from enum import StrEnum
from typing import NewType

Fen = NewType("Fen", int)
"""An amount of money (金额) in fen, 1/100 yuan. Never a float."""

PersonId = NewType("PersonId", str)
"""Opaque id of a person (人员标识), issued by eligibility; the only name a person has elsewhere."""

InstitutionId = NewType("InstitutionId", str)
"""Code of a medical institution (定点医药机构编码), national field `fixmedins_code`."""

RegionCode = NewType("RegionCode", str)
"""Six digits of GB/T 2260 (行政区划代码). Codes from 990000 up are ours: places a source leaves
unnamed, always flagged as assumed."""

LARGEST_BILL_FEN = Fen(100_000_000_00)
"""The largest bill (¥100 million) for which every product is proven to stay within 64 bits."""


class _Labelled(StrEnum):
    """A code with the Chinese label users read."""

    label: str

    def __new__(cls, code: str, label: str = "") -> "_Labelled":
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class Scheme(_Labelled):
    """Kind of insurance (险种), national dictionary `insutype`."""

    EMPLOYEE = "employee", "职工基本医疗保险"  # 310
    RURAL_COOPERATIVE = "rural_cooperative", "新型农村合作医疗"  # 380
    RESIDENT = "resident", "城乡居民基本医疗保险"  # 390


class Identity(_Labelled):
    """Poverty and assistance identities (身份) known everywhere; regions may add `local_…` ones."""

    POVERTY_REGISTERED = "poverty_registered", "建档立卡贫困人口"
    POVERTY_EXITED = "poverty_exited", "脱贫人口"
    RELAPSED_POVERTY = "relapsed_poverty", "返贫致贫人口"
    MONITORED_UNSTABLE = "monitored_unstable", "脱贫不稳定户"
    MONITORED_AT_RISK = "monitored_at_risk", "边缘易致贫户"
    MONITORED_HARDSHIP = "monitored_hardship", "突发严重困难户"
    SUBSISTENCE_ALLOWANCE = "subsistence_allowance", "低保对象"
    SUBSISTENCE_MARGIN = "subsistence_margin", "低保边缘家庭成员"
    EXTREME_HARDSHIP = "extreme_hardship", "特困人员"
    ORPHAN = "orphan", "孤儿"
    SEVERE_DISABILITY = "severe_disability", "重度残疾人"
    PREFERENTIAL_TREATMENT = "preferential_treatment", "优抚对象"
    FAMILY_PLANNING_SPECIAL = "family_planning_special", "计划生育特殊家庭"
    EXPENDITURE_POVERTY = "expenditure_poverty", "支出型困难人员"


class InstitutionTier(_Labelled):
    """Grade of a hospital (医院等级), national dictionary `hosp_lv`, coarsened."""

    TOWNSHIP = "township", "乡镇卫生院"
    LEVEL_1 = "level_1", "一级"
    LEVEL_2 = "level_2", "二级"
    LEVEL_3 = "level_3", "三级"


class AdministrativeLevel(_Labelled):
    """Whose hospital it is (隶属层级): many policies set numbers by 乡/县/市/省."""

    TOWNSHIP = "township", "乡级"
    COUNTY = "county", "县级"
    CITY = "city", "市级"
    PROVINCE = "province", "省级"


class Place(_Labelled):
    """Where the hospital is, seen from the person's enrolment (就医地)."""

    IN_COUNTY = "in_county", "县（区）内"
    IN_CITY = "in_city", "市内县外"
    IN_PROVINCE = "in_province", "省内市外"
    OUT_OF_PROVINCE = "out_of_province", "省外"


class Payer(_Labelled):
    """Who pays a layer (支付方). National settlement fields in the comments."""

    BASIC = "basic", "基本医疗保险"  # hifp_pay
    CRITICAL_ILLNESS = "critical_illness", "大病保险"  # hifmi_pay
    MEDICAL_ASSISTANCE = "medical_assistance", "医疗救助"  # maf_pay
    TILT_ASSISTANCE = "tilt_assistance", "倾斜救助"  # maf_pay
    COMMERCIAL_SUPPLEMENT = "commercial_supplement", "商业补充医疗保险"  # oth_pay
    FISCAL_BACKSTOP = "fiscal_backstop", "财政兜底"  # oth_pay
    CIVIL_ASSISTANCE = "civil_assistance", "民政救助"  # maf_pay
    CHARITY = "charity", "慈善救助"  # oth_pay
    HOSPITAL = "hospital", "医院减免"  # hosp_part_amt
    PATIENT = "patient", "个人先付"  # psn_part_amt; the patient's own share, taken first
    NONE = "none", "只测算"  # nobody pays: the amount is computed for other layers to use

    @property
    def has_fund(self) -> bool:
        """Whether a fund of a pooling region stands behind it."""
        return self not in (Payer.HOSPITAL, Payer.PATIENT, Payer.NONE)


class Care(_Labelled):
    """Kind of care (医疗类别), national dictionary `med_type`, coarsened."""

    INPATIENT = "inpatient", "住院"  # 21
    OUTPATIENT = "outpatient", "普通门诊"  # 11
    OUTPATIENT_SPECIAL = "outpatient_special", "门诊慢特病"  # 14
    MATERNITY = "maternity", "生育"  # 52
    DRUG_PURCHASE = "drug_purchase", "特药购药"  # 41


class Occasion(_Labelled):
    """What a settlement is made for (结算场合)."""

    DISCHARGE = "discharge", "出院结算"
    YEAR_END = "year_end", "年终结算"
    APPLICATION = "application", "依申请"


class CatalogueClass(_Labelled):
    """Class of a charged item in the catalogue (收费项目等级), national dictionary `chrgitm_lv`."""

    A = "A", "甲类"  # 01
    B = "B", "乙类"  # 02
    C = "C", "丙类"  # 03


class Departure(_Labelled):
    """How a patient left (离院方式), national dictionary `dscg_way`."""

    BY_ORDER = "by_order", "医嘱离院"  # 1
    TRANSFERRED = "transferred", "医嘱转院"  # 2
    TO_COMMUNITY = "to_community", "医嘱转社区卫生服务机构/乡镇卫生院"  # 3
    AGAINST_ADVICE = "against_advice", "非医嘱离院"  # 4
    DEATH = "death", "死亡"  # 5
    OTHER = "other", "其他"  # 9


class Transfer(_Labelled):
    """From what hospital a stay goes on, seen from this one's tier (转院)."""

    NONE = "none", "不是转入"
    FROM_LOWER = "from_lower", "由下级医院转入"
    FROM_SAME = "from_same", "由同级医院转入"
    FROM_HIGHER = "from_higher", "由上级医院转入"


class DepositMethod(_Labelled):
    """How a deposit is paid or given back (押金收退方式)."""

    CASH = "cash", "现金"
    CARD = "card", "银行卡"
    MOBILE = "mobile", "移动支付"
    TRANSFER = "transfer", "转账"


class CertificateType(_Labelled):
    """Kind of certificate (证件类型), national dictionary `psn_cert_type`."""

    RESIDENT_ID = "resident_id", "居民身份证"  # 01
    HOUSEHOLD_REGISTER = "household_register", "居民户口簿"  # 02
    PASSPORT = "passport", "护照"  # 03
    RESIDENCE_PERMIT = "residence_permit", "港澳台居民居住证"  # 06
    BIRTH_CERTIFICATE = "birth_certificate", "出生医学证明"  # 99; newborns without a number yet


class DataOwner(_Labelled):
    """The office that answers for a fact (数据主管部门): which roster or statement it came from."""

    POVERTY_OFFICE = "poverty_office", "乡村振兴（扶贫）部门"
    CIVIL_AFFAIRS = "civil_affairs", "民政部门"
    HEALTH_INSURANCE = "health_insurance", "医疗保障部门"
    DISABLED_FEDERATION = "disabled_federation", "残疾人联合会"
    HEALTH = "health", "卫生健康部门"
    COMMERCIAL_INSURER = "commercial_insurer", "商业保险承办机构"


class FactKind(_Labelled):
    """What a fact about a person is about (事项)."""

    IDENTITY = "identity", "身份"
    HOUSEHOLD = "household", "家庭户"
    ENROLMENT = "enrolment", "参保"
    MARK = "mark", "慢特病待遇"
    DISEASE_LISTING = "disease_listing", "大病病种名单"
    FILING = "filing", "转诊与异地备案"
    DISABILITY = "disability", "残疾"
    DEATH = "death", "死亡"
    RESIDENCE = "residence", "居住地"


class RecordsChange(_Labelled):
    """That the ids of people became one person's, or two people's again (归并、拆分)."""

    MERGED = "persons_merged", "人员归并"
    SPLIT = "persons_split", "人员拆分"


class PremiumPayer(_Labelled):
    """Who paid the premium of an enrolment (参保缴费方)."""

    PERSON = "person", "个人缴费"
    EMPLOYER = "employer", "单位缴费"
    PARTLY_SUBSIDISED = "partly_subsidised", "定额资助"
    FULLY_SUBSIDISED = "fully_subsidised", "全额资助"


class MarkKind(_Labelled):
    """Kind of outpatient disease mark (门诊慢特病类别)."""

    CHRONIC = "chronic", "慢性病"
    SPECIAL = "special", "特殊疾病"


class FilingKind(_Labelled):
    """What was filed before care elsewhere (备案类别)."""

    REFERRAL = "referral", "转诊转院"
    OUT_OF_AREA = "out_of_area", "异地就医备案"


class WithdrawalReason(_Labelled):
    """Why a statement never was true (撤回原因); a code, since words might name somebody."""

    ENTERED_BY_MISTAKE = "entered_by_mistake", "录入错误"
    ANOTHER_PERSON = "another_person", "记错了人"
    NEVER_GRANTED = "never_granted", "主管部门从未认定"


class ComparedSubject(_Labelled):
    """What of two owners' lists is compared (比对内容)."""

    PEOPLE = "people", "人员与事项"
    MARKS = "marks", "慢特病标识"
    ENROLMENT = "enrolment", "困难未参保"


class DifferenceKind(_Labelled):
    """How two owners' lists, the left and the right one, differ about somebody (差异类别)."""

    MISSING_RIGHT = "missing_right", "{left}有，{right}没有"
    MISSING_LEFT = "missing_left", "{right}有，{left}没有"
    KINDS = "kinds", "两边事项不同"
    NAME = "name", "同一号码，姓名不同"
    NUMBER = "number", "姓名与出生日期（或村）相同，号码差一处"
    TWO_NAMES_LEFT = "two_names_left", "{left}同一号码有两个姓名"
    TWO_NAMES_RIGHT = "two_names_right", "{right}同一号码有两个姓名"
    MARK_MISSING_RIGHT = "mark_missing_right", "{left}已登记病种，{right}没有"
    MARK_MISSING_LEFT = "mark_missing_left", "{right}已登记病种，{left}没有"
    MARK_DAYS = "mark_days", "同一病种，起止日期不同"
    NOT_ENROLLED = "not_enrolled", "{left}有困难身份，{right}没有参保"


class DifferenceState(_Labelled):
    """How far a difference has been followed up (差异状态), in this order."""

    FOUND = "found", "待交办"
    SENT = "sent", "已交办"
    ANSWERED = "answered", "已反馈"
    RESOLVED = "resolved", "已销号"


class DifferenceAnswer(_Labelled):
    """What the one who was sent a difference found out (核查结果)."""

    CONFIRMED = "confirmed", "情况属实"
    LEFT_WRONG = "left_wrong", "{left}名单有误"
    RIGHT_WRONG = "right_wrong", "{right}名单有误"
    MOVED = "moved", "已迁出"
    DIED = "died", "已死亡"
    ENROLLED_ELSEWHERE = "enrolled_elsewhere", "已在外地参保"
    NOT_FOUND = "not_found", "查无此人"
    OTHER = "other", "其他（见说明）"


class MergeReason(_Labelled):
    """Why two records are one person (归并原因); a code, since words might name somebody."""

    NEWBORN_GOT_OWN_NUMBER = "newborn_got_own_number", "新生儿取得本人证件号码"
    NUMBER_CHANGED = "number_changed", "证件号码变更（含 15 位升 18 位）"
    SEVERAL_CERTIFICATES = "several_certificates", "同一人持有多种证件"
    REGISTERED_TWICE = "registered_twice", "重复建档"


class SplitReason(_Labelled):
    """Why two merged records are two people after all (拆分原因)."""

    MERGED_BY_MISTAKE = "merged_by_mistake", "归并操作有误"
    FOUND_TO_BE_TWO = "found_to_be_two", "核实为两个人"


class EvidenceStatus(_Labelled):
    """How sure a number is (依据状态)."""

    STATED = "stated", "原文载明"
    INFERRED = "inferred", "由账单推得"
    ASSUMED = "assumed", "假定"


class NoAnswerReason(_Labelled):
    """Why an office that was asked on-line gave no usable answer (没有应答的原因)."""

    UNREACHABLE = "unreachable", "连接不上"
    TIMED_OUT = "timed_out", "超时"
    SERVER_FAULT = "server_fault", "对方系统出错"
    REFUSED = "refused", "对方拒绝（请核对令牌与地址）"
    UNREADABLE = "unreadable", "答复不符合契约"
    PAUSED = "paused", "连续没有应答，暂停询问"
    ANOTHER_PERSON = "another_person", "答复的不是此人"
    ANOTHER_OWNER = "another_owner", "答复的不是这个部门"
    CONTRADICTORY = "contradictory", "答复自相矛盾"
    IMPOSSIBLE_FACT = "impossible_fact", "事项不成立"
    UNKNOWN_IDENTITY = "unknown_identity", "身份代码未登记"
    FROM_THE_FUTURE = "from_the_future", "时刻晚于本系统时钟"
