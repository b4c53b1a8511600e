"""Whatever is done to the files, the commands answer: with findings, a refusal, a comparison."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from settlement.entrypoints.cli import app
from tests.settlement.policies.drafts import RIGHT, WHOLE_LANGUAGE
from tests.settlement.policies.mangled import mangled_text

ADDRESS = Path("990102", "resident", "2020-01-01.v1.yaml")
CASES = """\
- name: 低保对象二级医院住院
  kind: constructed
  source: {text: 依规则推算}
  bill: {total: 9000, in_scope: 8000}
  facts: {identity: 低保对象, tier: 二级}
  dates: {admission: 2020-05-01, discharge: 2020-05-11}
  expect:
    layers: {basic: 5390.00}
    patient: 3610.00
"""
ERROR = re.compile(r"[^:]+:\d+: 错误：.+")
DRAFTS = mangled_text([RIGHT, WHOLE_LANGUAGE])

quick = settings(max_examples=20)
long = settings(max_examples=2_000)


def _run(*words: object) -> Result:
    """The command's answer; a crash of any kind fails here."""
    result = CliRunner().invoke(app, ["policy", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.output.strip()
    return result


def _written(folder: str, text: str, cases: str = CASES) -> Path:
    """The text as a policy file in a book of its own, with a file of cases beside it."""
    file = Path(folder) / ADDRESS
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8", errors="replace")
    beside = file.with_name(file.name.removesuffix(".yaml") + ".cases.yaml")
    beside.write_text(cases, encoding="utf-8", errors="replace")
    return file


def _check_and_show(text: str) -> None:
    with TemporaryDirectory() as folder:
        file = _written(folder, text)
        checked = _run("check", file)
        errors = [line for line in checked.output.splitlines() if "错误：" in line]
        assert checked.exit_code == (1 if errors else 0)
        # A remedy follows, and what was quoted of the file may have broken the line.
        assert all(ERROR.match(line) or ":" not in line for line in errors)
        assert errors == [] or "；" in checked.output
        shown = _run("show", "990102", "--policies", folder, "--on", "2020-05-01")
        assert shown.exit_code in (0, 2)
        assert shown.exit_code == 2 or checked.exit_code == 0


def _test(text: str, cases: str) -> None:
    with TemporaryDirectory() as folder:
        assert _run("test", _written(folder, text, cases)).exit_code in (0, 1)


def _diff(before: str, after: str) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        compared = _run("diff", _written(first, before), _written(second, after))
        assert compared.exit_code in (0, 1, 2)


@quick
@given(text=DRAFTS)
def test_a_mangled_policy_is_checked_and_shown(text: str) -> None:
    """Errors name file and line and end in a remedy; what has none can be read aloud."""
    _check_and_show(text)


@quick
@given(text=DRAFTS)
def test_the_cases_of_a_mangled_policy_are_run(text: str) -> None:
    """They fail or pass; a policy that cannot be read is told once."""
    _test(text, CASES)


@quick
@given(cases=mangled_text([CASES]))
def test_mangled_cases_of_a_right_policy_are_run(cases: str) -> None:
    """What the case says is compared with what the policy gives, or refused by line."""
    _test(RIGHT, cases)


@quick
@given(text=DRAFTS)
def test_a_mangled_policy_is_compared_with_the_whole_language(text: str) -> None:
    """The rules that differ are listed, or the file's errors."""
    _diff(WHOLE_LANGUAGE, text)
    _diff(text, WHOLE_LANGUAGE)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("check", "documents"),
    [
        (_check_and_show, [DRAFTS]),
        (_test, [DRAFTS, mangled_text([CASES])]),
        (_diff, [DRAFTS, DRAFTS]),
    ],
    ids=["check and show", "test", "diff"],
)
def test_thousands_of_mangled_files(check: Any, documents: list[st.SearchStrategy[str]]) -> None:
    """The same answers for as long as a night allows."""
    long(given(*documents)(check))()
