"""Small fictional policies for stories at the desk, each of one county: 990103 (虚构).

A story writes the layers it is about; what every document needs stands here.
"""

from pathlib import Path
from textwrap import dedent, indent

REGION = "990103"
POOL = "990100"

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
    """A directory of policies with these documents; returns the directory."""
    folder = root / REGION / "resident"
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        version = _value(text, "version")
        begins = _value(text, "in_force").removeprefix("{from: ").removesuffix("}")
        (folder / f"{begins}.v{version}.yaml").write_text(text, encoding="utf-8")
    return root


def _value(text: str, key: str) -> str:
    line = next(line for line in text.splitlines() if line.startswith(f"{key}: "))
    return line.removeprefix(f"{key}: ")
