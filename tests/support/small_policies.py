"""Small fictional policies for stories at the desk, each of one county: 990103 (虚构).

A story writes the layers it is about; what every document needs stands here.
"""

from datetime import date
from pathlib import Path
from textwrap import dedent, indent

from settlement.adapters.plain_yaml import read_plain_text
from settlement.adapters.published_csv import REGISTER, append_to_register
from settlement.application.publish_policies import publication_of
from settlement.law.reading import read_policy

REGION = "990103"
POOL = "990100"
PUBLISHED = date(2015, 1, 1)

_HEAD = """\
yizhan_policy: 1
region: "{region}"
region_name: 样例县（虚构）
scheme: resident
version: {version}
title: 样例政策（虚构）
fictional: 是
in_force: {{from: {begins}}}
dates:
  version_chosen_by: admission
  person_asked_as_of: {person_asked_as_of}
  benefit_year: {{begins: 01-01, chosen_by: discharge}}
{claim_by}rounding: {{mode: half_up, to: fen}}
sources:
  text: {{title: 样例文件（虚构）}}
evidence: {{status: stated, source: text}}
"""


def policy_text(
    *layers: str,
    more: str = "",
    version: int = 1,
    begins: str = "2020-01-01",
    person_asked_as_of: str = "admission",
    claim_by: str = "",
) -> str:
    """A document with these layers; `more` are keys at its top, such as `asks`."""
    head = _HEAD.format(
        region=REGION,
        version=version,
        begins=begins,
        person_asked_as_of=person_asked_as_of,
        claim_by=f"  claim_by: {claim_by}\n" if claim_by else "",
    )
    listed = "".join(indent(dedent(layer).strip("\n"), "  ") + "\n" for layer in layers)
    return f"{head}{dedent(more)}layers:\n{listed}"


def layer_text(body: str, *, layer_id: str = "basic", payer: str = "basic") -> str:
    """One layer that a fund of the pooling region pays."""
    lines = indent(dedent(body).strip("\n"), "  ")
    return f'- id: {layer_id}\n  payer: {payer}\n  pool: "{POOL}"\n{lines}\n'


def write_book(root: Path, *texts: str) -> Path:
    """A directory of policies with these documents, published; returns the directory."""
    folder = root / REGION / "resident"
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        version = _value(text, "version")
        begins = _value(text, "in_force").removeprefix("{from: ").removesuffix("}")
        begins = begins.partition(",")[0]
        (folder / f"{begins}.v{version}.yaml").write_text(text, encoding="utf-8")
        publication = publication_of(read_policy(read_plain_text(text, {})), known_on=PUBLISHED)
        append_to_register(root / REGISTER, [publication])
    return root


def _value(text: str, key: str) -> str:
    line = next(line for line in text.splitlines() if line.startswith(f"{key}: "))
    return line.removeprefix(f"{key}: ")


RICHER_POLICY = policy_text(
    """
    - id: own
      name: 个人先付
      payer: patient
      base: {fixed: 500}
      rate: 100%
    """,
    layer_text(
        """
        name: 按病种定额
        article: 第三条
        base: {fixed: 9000}
        rate: 80%
        factor: 95%
        not_below: total - own
        not_above: total
        surplus: hospital
        person_asked_as_of: discharge
        applies: {when: {disease: 阑尾炎, ward: 普通, care: 住院}, unless: {identity: 孤儿}}
        caps: [{per: year, of: payment, each: tier, amount: 80000}]
        """
    ),
    layer_text(
        """
        name: 住院生活补助
        base: {fixed: 300}
        rate: 100%
        pays: cash
        applies: {when: {identity: 低保对象, student: 否, years_insured: {from: 3}}}
        """,
        layer_id="allowance",
        payer="medical_assistance",
    ),
    layer_text(
        """
        name: 重特大疾病救助
        decided_elsewhere: {by: 民政局评审, at_most: total - basic, may_come_later: 是}
        borne_by: {payer: 财政兜底, pool: "990100", when: 次年预算}
        """,
        layer_id="reviewed",
        payer="medical_assistance",
    ),
    more="""
    asks:
      student: {name: 在校学生, kind: yes_no}
      years_insured: {name: 连续参保年数, kind: number}
      ward: {name: 病房, kind: word, words: [普通, 特需]}
    people:
      keeps: [{identity: 低保对象, months: 12}]
    deposit: {share_of_normal: 30%, amount: 200}
    reported:
      - {id: actual_ratio, name: 实际补偿比, share: basic, of: total, target: 80%}
      - {id: own_burden, name: 个人负担, amount: patient}
    stays_in_parts: {settled: as_stays_of_their_own, dates: of_part}
    """,
)
"""What the shipped policies around 500112 do not use, in one document: a fixed price with its
surplus, cash, the patient first, a pending layer, another day, a total kept apart, answers."""
