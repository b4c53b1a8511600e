"""The demonstration's chapter of an office on-line (演示：联机核实): recognised during a stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from contracts.vocabulary import DataOwner, NoAnswerReason
from settlement.entrypoints.clock import business_date, now
from standalone.hospital import Hospital
from standalone.owner_stand_in import Mode, StandInOwner, Told, stand_in_app
from standalone.serving import served

TOKEN_VARIABLE: Final = "YIZHAN_OWNER_TOKEN_DEMO"  # noqa: S105 -- the name of a variable
TOKEN: Final = "demo-token"  # noqa: S105 -- of the stand-in alone
_PATIENT, _NAME = "990001197109110041", "样例丁"
_FILE: Final = """\
- 名称: gongan_minzheng
  部门: 民政
  地址: {url}
  令牌变量: {variable}
  区划: ["421022"]
  连接限时秒: 1
  应答限时秒: 1
"""


class OwnerChapterFailed(Exception):
    """The office's answer did not come out as it should; the message says what."""


@dataclass(frozen=True)
class DemoOffice:
    """The office, and the file that names its server."""

    office: StandInOwner
    file: Path


@contextmanager
def demo_office(directory: Path) -> Iterator[DemoOffice]:
    """The civil affairs of 421022, stood in for while the block runs. Raises NotStarted."""
    office = StandInOwner(DataOwner.CIVIL_AFFAIRS, clock=now)
    with served(stand_in_app(office, token=TOKEN)) as url:
        file = directory / "owners.yaml"
        file.write_text(_FILE.format(url=url, variable=TOKEN_VARIABLE), encoding="utf-8")
        yield DemoOffice(office, file)


def show_owner_on_line(office: StandInOwner, hospital: Hospital, console: Console) -> None:
    """Recognised during the stay, asked; then the server goes down. Raises OwnerChapterFailed."""
    person_id = hospital.person_id(_PATIENT)
    today = business_date(now())
    console.print(f"住院期间，民政部门今天把{_NAME}认定为低保对象；名册里还没有")
    recognised = {"identity": "subsistence_allowance", "valid_from": today.isoformat()}
    office.tell(Told(certificate_number=_PATIENT, name=_NAME, stated={"identities": [recognised]}))
    answer = _asked(hospital.refresh(person_id), "changed")
    console.print(f"联机核实：有变化，新记录 {answer['stated']} 项", highlight=False)
    known = hospital.entitlements(person_id, today.isoformat())
    sources = [each["source"] for each in known["identities"]]
    console.print(f"今天的身份：低保对象，来源 {'、'.join(sources)}", highlight=False)
    office.mode = Mode.DOWN
    answer = _asked(hospital.refresh(person_id), "no_answer")
    reason = NoAnswerReason(answer["reason"]).label
    answered = datetime.fromisoformat(answer["answered_at"])
    console.print(
        f"对方系统停了，再核实：没有应答（{reason}）；"
        f"仍用 {answered:%H:%M:%S}Z 的答复，距今 {answer['age_seconds']} 秒",
        highlight=False,
    )
    if hospital.entitlements(person_id, today.isoformat())["identities"] != known["identities"]:
        raise OwnerChapterFailed("对方系统停了之后，已知的身份变了")


def _asked(asked: dict[str, Any], expected: str) -> dict[str, Any]:
    outcomes = [each["outcome"] for each in asked["owners"]]
    if outcomes != [expected]:
        raise OwnerChapterFailed(f"联机核实应为 {expected}，得到 {outcomes}")
    found: dict[str, Any] = asked["owners"][0]
    return found
