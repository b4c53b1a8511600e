"""An import killed at any step, and sent again, ends as one clean import does."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.eligibility.list_office import Office, full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file

BASE = csv_file(CIVIL_HEADER, *(civil_row(n) for n in range(600)))


def with_an_end(sequence: int) -> list[str]:
    """A row of somebody whose allowance is known to end."""
    row = civil_row(sequence)
    row[5] = "2025-12-31"
    return row


# Twenty of the six hundred are absent, as many are new, and everybody's last day is news.
NEXT = csv_file(CIVIL_HEADER, *(with_an_end(n) for n in range(20, 620)))
STEPS = ("读取 600", "比对 500", "比对 600", "生效 500", "生效 600", "完成 0")
BEGAN = full(until=date(2023, 12, 31))


def killed_after(step: str, data: Path, file: Path) -> None:
    """Start the import and kill it, without warning, right after it has told of a step."""
    command = [sys.executable, "-m", "tests.eligibility.list_process", str(data), str(file)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # The killed process leaves its workspace behind: in the test's own folder.
        env={**os.environ, "TMPDIR": str(file.parent)},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line.strip())
            if told[-1] == step:
                process.kill()
                break
            process.stdin.write("\n")
            process.stdin.flush()
    assert told == list(STEPS[: STEPS.index(step) + 1])
    assert process.returncode == -9


def known(office: Office) -> list[object]:
    """How much is recorded, and what is known: absent, listed twice, new, and people between."""
    found: list[object] = [office.eligibility.log.last_position()]
    for n in (0, 19, 20, 21, 100, 200, 300, 400, 499, 500, 501, 599, 600, 619):
        person = office.person(n)
        sources = {said.recorded.source for said in person.said if said.recorded} if person else {}
        found.append((office.facts(n), sorted(sources)))
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What is known after both lists were imported undisturbed."""
    office = Office(tmp_path_factory.mktemp("clean"))
    office.bring(BASE, BEGAN)
    office.bring(NEXT, full())
    return known(office)


@pytest.mark.parametrize(
    ("step", "kept_on"),
    [*((step, "sqlite") for step in STEPS), ("生效 500", "postgres"), ("完成 0", "postgres")],
)
def test_killed_and_sent_again_is_as_if_sent_once(
    step: str, data_dir: Path, tmp_path: Path, clean: list[object]
) -> None:
    """Before the commit nothing has changed, after it everything has; then the file again."""
    file = tmp_path / "next.csv"
    file.write_bytes(NEXT)
    office = Office(data_dir)
    office.bring(BASE, BEGAN)
    position = office.eligibility.log.last_position()

    killed_after(step, office.data_dir, file)
    after_the_kill = Office(office.data_dir, now=datetime(2024, 7, 3, tzinfo=UTC))
    left_behind = after_the_kill.eligibility.log.last_position()
    report = after_the_kill.bring(NEXT, full())

    committed = step == "完成 0"
    assert (left_behind > position) is committed
    assert report.is_repeated is committed
    assert (report.figures.persons_new, report.figures.persons_ended) == (20, 20)
    assert known(after_the_kill) == clean
    imported = datetime(2024, 7, 2, tzinfo=UTC) if committed else after_the_kill.now
    assert after_the_kill.instants() == {office.now, imported}
