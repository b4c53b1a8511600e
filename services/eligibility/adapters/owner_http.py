"""An office's server over HTTP (部门联机客户端), by `contracts/owner_v1.py`.

Whatever a server sends ends as an answer or as one of the reasons for none; nothing it sends is
ever repeated in an error or a log.
"""

import json
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx2 as httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.eligibility_v1 import FactsStated, FactsWithdrawal
from contracts.owner_v1 import PersonAnswered, PersonAsked, PersonChanged
from contracts.vocabulary import CertificateType, DataOwner, NoAnswerReason
from eligibility.adapters.roster_cells import CellRefused, read_name
from eligibility.adapters.stated_facts import facts_of
from eligibility.application.owner_ports import NoAnswer, OnlinePage
from eligibility.domain.certificate import (
    Certificate,
    InvalidCertificate,
    PersonalData,
    read_certificate,
)
from eligibility.domain.facts import Fact
from eligibility.domain.online_facts import Connector, OnlineAnswer, OnlineChange
from eligibility.domain.owner_feed import SetAside

LOOKUP_PATH: Final = "/v1/people/lookup"
CHANGES_PATH: Final = "/v1/changes"
LARGEST_ANSWER_BYTES: Final = 16 * 1024 * 1024

TMessage = TypeVar("TMessage", bound=BaseModel)


@dataclass(frozen=True)
class OwnerAddress:
    """Where a server is, and how long it is waited for (部门服务器)."""

    url: str
    token: str = field(repr=False)
    connect_seconds: float = 2.0
    answer_seconds: float = 5.0
    root_certificates: Path | None = None


def open_owner_client(address: OwnerAddress) -> httpx.Client:
    """A client of a server. It follows no redirection: the token is for this server alone.

    Raises `OSError` or `ssl.SSLError` if the root certificates cannot be read.
    """
    roots = address.root_certificates
    return httpx.Client(
        base_url=address.url,
        headers={"Authorization": f"Bearer {address.token}", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(address.answer_seconds, connect=address.connect_seconds),
        verify=ssl.create_default_context(cafile=roots) if roots is not None else True,
        follow_redirects=False,
        # Neither proxies nor anything else of the environment: personal data goes straight there.
        trust_env=False,
    )


class OwnerHttp:
    """The port `OwnerSource`, on a server."""

    def __init__(self, connector: Connector, client: httpx.Client, *, address: OwnerAddress):
        self.connector = connector
        self._client = client
        self._answer_seconds = address.answer_seconds
        self.patience_seconds = address.connect_seconds + address.answer_seconds

    def look_up(self, certificate: Certificate) -> OnlineAnswer:
        """What the office knows of one person. Raises `NoAnswer`."""
        asked = PersonAsked(
            certificate_type=certificate.type, certificate_number=certificate.number
        )
        content = self._call("POST", LOOKUP_PATH, json=asked.model_dump(mode="json"))
        said = _message(PersonAnswered, content)
        if _certificate(said.certificate_type, said.certificate_number) != certificate:
            raise NoAnswer(NoAnswerReason.ANOTHER_PERSON)
        person = _found_person(said)
        facts = _facts(said.facts, self.connector.owner)
        if (person is None and facts) or said.found is not (person is not None):
            raise NoAnswer(NoAnswerReason.CONTRADICTORY)
        return OnlineAnswer(person, facts, frozenset(said.complete_kinds), _utc(said.as_of))

    def changes(self, after: int, limit: int) -> OnlinePage:
        """The changes after a position. Raises `NoAnswer`."""
        content = self._call("GET", CHANGES_PATH, params={"after": after, "limit": limit})
        page = _message(_Page, content)
        return OnlinePage(
            items=tuple(self._change(each) for each in page.changes),
            next_after=page.next_after,
            has_more=page.has_more,
            last_position=page.last_position,
        )

    def _change(self, item: Any) -> OnlineChange | SetAside:
        position = item.get("position") if isinstance(item, dict) else None
        if type(position) is not int or position < 1:
            # Without its place it could neither be set aside nor be found again.
            raise NoAnswer(NoAnswerReason.UNREADABLE)
        try:
            return _change_of(PersonChanged.model_validate(item), self.connector.owner)
        except ValidationError:
            return SetAside(position, NoAnswerReason.UNREADABLE)
        except NoAnswer as unusable:
            return SetAside(position, unusable.reason)

    def _call(self, method: str, path: str, **asked: Any) -> bytes:
        # The client's time-outs are for one step each: a server that sends a byte now and then
        # would never meet them.
        deadline = time.monotonic() + self.patience_seconds
        try:
            with self._client.stream(method, path, **asked) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if time.monotonic() > deadline:
                        raise NoAnswer(NoAnswerReason.TIMED_OUT)
                    if len(content) > LARGEST_ANSWER_BYTES:
                        raise NoAnswer(NoAnswerReason.UNREADABLE)
        except httpx.TimeoutException:
            raise NoAnswer(NoAnswerReason.TIMED_OUT) from None
        except (httpx.RemoteProtocolError, httpx.DecodingError):
            raise NoAnswer(NoAnswerReason.UNREADABLE) from None
        except httpx.HTTPError:
            raise NoAnswer(NoAnswerReason.UNREACHABLE) from None
        _require_ok(response.status_code)
        return bytes(content)


class _Page(BaseModel):
    """A page whose changes are read one by one: one that is wrong does not spoil the others."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contract: str = Field(pattern=r"^owner\.v1$")
    changes: list[Any]
    next_after: int = Field(ge=0)
    has_more: bool
    last_position: int = Field(ge=0)


def _require_ok(status: int) -> None:
    if status == HTTPStatus.OK:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NoAnswer(NoAnswerReason.SERVER_FAULT)
    raise NoAnswer(NoAnswerReason.REFUSED)


def _message(kind: type[TMessage], content: bytes) -> TMessage:
    try:
        return kind.model_validate(json.loads(content))
    except (ValueError, RecursionError):
        raise NoAnswer(NoAnswerReason.UNREADABLE) from None


def _found_person(said: PersonAnswered) -> PersonalData | None:
    if said.name is None:
        return None
    certificate = _certificate(said.certificate_type, said.certificate_number)
    return _person(certificate, said.name, said.birth_date)


def _change_of(said: PersonChanged, owner: DataOwner) -> OnlineChange:
    certificate = _certificate(said.certificate_type, said.certificate_number)
    return OnlineChange(
        position=said.position,
        changed_at=_utc(said.changed_at),
        person=_person(certificate, said.name, said.birth_date),
        stated=_facts(said.stated, owner),
        withdrawn=_facts(said.withdrawn, owner),
        reason=said.withdrawn.reason if said.withdrawn is not None else None,
    )


def _facts(said: FactsStated | FactsWithdrawal | None, owner: DataOwner) -> tuple[Fact, ...]:
    if said is None:
        return ()
    if said.owner is not owner:
        raise NoAnswer(NoAnswerReason.ANOTHER_OWNER)
    return tuple(facts_of(said))


def _person(certificate: Certificate, name: str, birth_date: date | None) -> PersonalData:
    try:
        # A number that tells the birth date is believed before a second statement of it.
        return PersonalData(certificate, read_name(name), certificate.birth_date or birth_date)
    except CellRefused:
        raise NoAnswer(NoAnswerReason.UNREADABLE) from None


def _certificate(certificate_type: CertificateType, number: str) -> Certificate:
    try:
        return read_certificate(certificate_type=certificate_type, number=number)
    except InvalidCertificate:
        raise NoAnswer(NoAnswerReason.UNREADABLE) from None


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise NoAnswer(NoAnswerReason.UNREADABLE) from None
