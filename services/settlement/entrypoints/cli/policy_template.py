"""The template of a new policy (空白政策): reads as it stands, and asks for every number."""

from datetime import date, timedelta
from pathlib import Path
from string import Template

from contracts.vocabulary import RegionCode, Scheme

_SAMPLES = Path(__file__).resolve().parents[2] / "samples"
_STAY = timedelta(days=9)


def policy_template(region: RegionCode, *, name: str, scheme: Scheme, begins: date) -> str:
    """A document of three usual layers in which every number is missing and says so."""
    return _filled(
        "new_policy.template",
        region=region,
        city=f"{region[:4]}00",
        name=name,
        scheme=scheme.value,
        scheme_label=scheme.label,
        begins=begins.isoformat(),
        year=str(begins.year),
    )


def case_template(*, begins: date) -> str:
    """One case beside it, which stops at the first number nobody has filled in."""
    return _filled(
        "new_cases.template", admission=begins.isoformat(), discharge=(begins + _STAY).isoformat()
    )


def _filled(file: str, **blanks: str) -> str:
    return Template((_SAMPLES / file).read_text(encoding="utf-8")).substitute(blanks)
