"""A follower killed at any step, and started again, ends as one that was never killed."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.vocabulary import CertificateType, DataOwner
from eligibility.application.follow_owner import PAGE_CHANGES
from eligibility.bootstrap import Eligibility, build
from eligibility.domain.certificate import read_certificate
from eligibility.domain.person import Person
from standalone.owner_stand_in import StandInOwner, Told, stand_in_app
from standalone.serving import served
from tests.eligibility.conftest import number
from tests.eligibility.owner_office import LOW_INCOME, TOKEN, VARIABLE, entry
from tests.support.people_places import people_settings

CHANGES = PAGE_CHANGES + 50
PEOPLE = 120
STEPS = ("取得 200", "识别 200", "记录 200", "取得 250", "识别 250", "记录 250", "完成 0")
NOW = datetime(2024, 7, 1, tzinfo=UTC)


@dataclass
class Office:
    """A stand-in whose feed has two pages, and where it is served."""

    url: str

    def folder(self, data: Path) -> Path:
        """A data folder configured for it."""
        data.mkdir(exist_ok=True)
        (data / "owners.yaml").write_text(entry("minzheng", "民政", self.url), encoding="utf-8")
        return data


@pytest.fixture(name="office", scope="module")
def _office() -> Iterator[Office]:
    """Recognised, then ended, of more people than a page has changes; one line is nonsense."""
    office = StandInOwner(DataOwner.CIVIL_AFFAIRS, clock=lambda: NOW)
    for n in range(CHANGES):
        last = {"valid_to": "2024-06-30"} if n >= PEOPLE else {}
        fact = LOW_INCOME | last | ({"identity": "no_such"} if n == 77 else {})
        office.tell(
            Told(
                certificate_number=number(n % PEOPLE),
                name=f"样例{n % PEOPLE}",
                stated={"identities": [fact]},
            )
        )
    with served(stand_in_app(office, token=TOKEN)) as url:
        yield Office(url)


def opened(data: Path) -> Eligibility:
    """The service on a folder."""
    return build(
        people_settings(
            data, master_key=bytes(32), owners=data / "owners.yaml", owner_tokens={VARIABLE: TOKEN}
        )
    )


def followed(data: Path) -> Eligibility:
    """Read the feed to its end."""
    people = opened(data)
    at = datetime(2024, 7, 3, tzinfo=UTC)
    while people.follow_owner.pull("minzheng", at=at).has_more:
        pass
    return people


def known(people: Eligibility) -> list[object]:
    """How much is recorded, where the feed stands, and what is known of some people."""
    (feed,) = people.owner_knowledge.of_feeds()
    found: list[object] = [people.log.last_position(), feed.cursor, feed.set_aside]
    for n in (0, 9, 10, 50, 76, 77, 78, 119):
        certificate = read_certificate(
            certificate_type=CertificateType.RESIDENT_ID, number=number(n)
        )
        person = people.log.find(people.find_person(certificate), Person)
        assert person is not None
        found.append([each.recorded.fact for each in person.said if each.recorded])
    return found


def killed_after(step: str, data: Path) -> None:
    """Start following and kill it, without warning, right after it has told of a step."""
    command = [sys.executable, "-m", "tests.eligibility.follow_process", str(data)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
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


@pytest.fixture(name="clean", scope="module")
def _clean(office: Office, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What is known after the feed was followed undisturbed."""
    return known(followed(office.folder(tmp_path_factory.mktemp("clean") / "data")))


@pytest.mark.parametrize(
    ("step", "kept_on"), [*((step, "sqlite") for step in STEPS), ("记录 200", "postgres")]
)
def test_killed_and_started_again_nothing_is_lost_or_doubled(
    step: str, office: Office, clean: list[object], data_dir: Path
) -> None:
    """Page and cursor stand or fall together; the second run goes on from there."""
    data = office.folder(data_dir)

    killed_after(step, data)
    (left,) = opened(data).owner_knowledge.of_feeds()

    recorded = [each for each in STEPS[: STEPS.index(step) + 1] if each.startswith("记录")]
    assert left.cursor == (int(recorded[-1].split()[1]) if recorded else 0)
    assert known(followed(data)) == clean
