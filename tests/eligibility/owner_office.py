"""A desk whose eligibility asks an office's server, stood in for, over real HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from contracts.vocabulary import DataOwner
from eligibility.bootstrap import build
from eligibility.entrypoints.http.app import create_app
from standalone.owner_stand_in import Mode, StandInOwner, Told, stand_in_app
from standalone.serving import served
from tests.eligibility.conftest import Desk, number
from tests.support.people_places import people_settings
from tests.support.signed import signing_client

TOKEN = "stand-in-token"  # noqa: S105 -- of the stand-in alone
VARIABLE = "YIZHAN_OWNER_TOKEN_TEST"
PATIENCE_SECONDS = 2.0  # to connect, and to answer: enough for a busy machine
NAME = "样例乙"
LOW_INCOME = {"identity": "subsistence_allowance", "valid_from": "2023-01-01"}
MARGIN = {"identity": "subsistence_margin", "valid_from": "2023-02-01"}


def entry(name: str, owner: str, url: str, *more: str, regions: str = '["421022"]') -> str:
    """One item of the file of servers."""
    lines = (f"名称: {name}", f"部门: {owner}", f"地址: {url}", f"令牌变量: {VARIABLE}")
    return "- " + "\n  ".join((*lines, f"区划: {regions}", *more)) + "\n"


@dataclass
class OnlineDesk(Desk):
    """A desk with servers configured; the offices' clocks go with the desk's."""

    offices: dict[str, StandInOwner] = field(default_factory=dict)
    owners_file: str = ""

    def start(self) -> None:
        """Start the service with the servers of `owners_file`."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / "owners.yaml"
        path.write_text(self.owners_file, encoding="utf-8")
        settings = people_settings(
            self.data_dir,
            master_key=bytes(32),
            owners=path if self.owners_file else None,
            owner_tokens={VARIABLE: TOKEN},
        )
        self.eligibility = build(settings)
        self.client = signing_client(create_app(self.eligibility, clock=lambda: self.now))

    def refresh(self, sequence: int = 2, key: str | None = None) -> httpx2.Response:
        """Ask all offices about a person who is there; a second passes."""
        url = f"/v1/persons/{self.person_id(number(sequence))}/refresh"
        answer = self.client.post(url, headers=self.headers(key))
        self.now += timedelta(seconds=1)
        return answer

    def heard(self, sequence: int = 2) -> dict[str, Any]:
        """What the only office answered about a person."""
        (only,) = self.refresh(sequence).json()["owners"]
        return dict(only)

    def tell(
        self,
        sequence: int = 2,
        *,
        name: str = NAME,
        office: str = "minzheng",
        withdrawn: dict[str, Any] | None = None,
        **stated: Any,
    ) -> None:
        """The office decides something; a second passes."""
        self.now += timedelta(seconds=1)
        told = Told(
            certificate_number=number(sequence),
            name=name,
            stated=stated,
            withdrawn=withdrawn or {},
        )
        self.offices[office].tell(told)
        self.now += timedelta(seconds=1)

    def switch(self, mode: Mode, office: str = "minzheng") -> None:
        """Let an office's server behave otherwise."""
        self.offices[office].mode, self.offices[office].slow_seconds = (
            mode,
            2 * PATIENCE_SECONDS + 2,
        )

    def identities(self, sequence: int = 2, on: str = "2023-07-01") -> list[tuple[str, str | None]]:
        """The identities of a person on a day, with their last days."""
        found = self.entitlements(number(sequence), on)["identities"]
        return [(each["identity"], each["valid_to"]) for each in found]


@contextmanager
def online_desk(data: Path, **owners: DataOwner) -> Iterator[OnlineDesk]:
    """A desk, and a stand-in for each of these offices."""
    patience = (f"连接限时秒: {PATIENCE_SECONDS}", f"应答限时秒: {PATIENCE_SECONDS}")
    desk_now = [datetime(2023, 7, 1, 1, 0, tzinfo=UTC)]
    with ExitStack() as stack:
        desk: OnlineDesk | None = None

        def clock() -> datetime:
            return desk.now if desk is not None else desk_now[0]

        offices = {name: StandInOwner(owner, clock=clock) for name, owner in owners.items()}
        urls = {
            name: stack.enter_context(served(stand_in_app(office, token=TOKEN)))
            for name, office in offices.items()
        }
        entries = [
            entry(name, office.owner.value, urls[name], *patience)
            for name, office in offices.items()
        ]
        desk = OnlineDesk(data, offices=offices, owners_file="".join(entries))
        with desk.client:
            yield desk
