"""An office's server, stood in for (样板部门服务器): `contracts/owner_v1.py` served from memory.

For tests, for the demonstration, and for the IT person of an office who wants to see one run. The
people are invented. What it is told to do under `/stand-in` is no part of the contract.
"""

import asyncio
import hmac
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response, StreamingResponse

from contracts.eligibility_v1 import FactsStated, FactsWithdrawal
from contracts.owner_v1 import (
    LARGEST_PAGE,
    ChangesPage,
    PersonAnswered,
    PersonAsked,
    PersonChanged,
)
from contracts.vocabulary import CertificateType, DataOwner, FactKind
from http_edge.problems import Problem, ProblemKind, install_problems

DESCRIPTION: Final = """\
主管部门的服务器向一站提供的两个地址；每个请求带 `Authorization: Bearer 令牌`。
(What an office's server offers eligibility: docs/owner-connectors.md.)
"""

# What two statements of one fact have in common, by the name of the list they stand in.
_SAME_FACT: Final = {
    "identities": ("identity", "valid_from"),
    "households": ("register_owner", "valid_from"),
    "enrolments": ("region", "scheme", "valid_from"),
    "marks": ("region", "code", "valid_from"),
    "disease_listings": ("disease_list", "diagnosis_system", "diagnosis_code", "valid_from"),
    "filings": ("kind", "number"),
    "disabilities": ("valid_from",),
    "residences": ("valid_from",),
}


class Mode(StrEnum):
    """How the stand-in behaves (样板模式)."""

    ANSWERING = "answering"
    SLOW = "slow"
    DRIPPING = "dripping"
    DOWN = "down"
    GARBAGE = "garbage"


class Told(BaseModel):
    """What the office decides about somebody (样板认定): becomes the next change of the feed."""

    model_config = ConfigDict(extra="forbid")

    certificate_type: CertificateType = CertificateType.RESIDENT_ID
    certificate_number: str
    name: str
    stated: dict[str, Any] = {}
    withdrawn: dict[str, Any] = {}


class StandInOwner:
    """The office behind the server: what it knows of whom, and its changes in order."""

    def __init__(
        self,
        owner: DataOwner,
        *,
        clock: Callable[[], datetime],
        complete_kinds: tuple[FactKind, ...] = (FactKind.IDENTITY,),
    ) -> None:
        self.owner = owner
        self.complete_kinds = complete_kinds
        self.mode = Mode.ANSWERING
        self.slow_seconds = 60.0
        self.requests = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._changes: list[PersonChanged] = []

    def tell(self, told: Told) -> PersonChanged:
        """Decide something about somebody, now. Raises `ValueError` for what is no fact."""
        with self._lock:
            change = PersonChanged(
                position=len(self._changes) + 1,
                changed_at=self._clock(),
                certificate_type=told.certificate_type,
                certificate_number=told.certificate_number,
                name=told.name,
                stated=self._message(FactsStated, told.stated),
                withdrawn=self._message(FactsWithdrawal, told.withdrawn),
            )
            self._changes.append(change)
            return change

    def look_up(self, asked: PersonAsked) -> PersonAnswered:
        """What is known of one person."""
        with self._lock:
            own = [each for each in self._changes if _is_of(each, asked)]
            facts: dict[str, Any] = {"owner": self.owner}
            for change in own:
                _apply(facts, change)
            return PersonAnswered(
                contract="owner.v1",
                certificate_type=asked.certificate_type,
                certificate_number=asked.certificate_number,
                found=bool(own),
                name=own[-1].name if own else None,
                facts=FactsStated.model_validate(facts) if own else None,
                complete_kinds=self.complete_kinds,
                as_of=self._clock(),
            )

    def page(self, after: int, limit: int) -> ChangesPage:
        """The changes after a position."""
        with self._lock:
            found = self._changes[after : after + limit]
            reached = found[-1].position if found else after
            return ChangesPage(
                contract="owner.v1",
                changes=tuple(found),
                next_after=reached,
                has_more=reached < len(self._changes),
                last_position=len(self._changes),
            )

    def _message(self, kind: type[Any], said: dict[str, Any]) -> Any:
        return kind.model_validate({"owner": self.owner, **said}) if said else None


def invented_people() -> list[Told]:
    """Two people of the sample roster, all invented: one recognised, one recognised by mistake."""
    margin = {"identity": "subsistence_margin", "valid_from": "2023-01-01"}
    return [
        Told(
            certificate_number="990001197109110041",
            name="样例丁",
            stated={
                "identities": [{"identity": "subsistence_allowance", "valid_from": "2023-06-01"}]
            },
        ),
        Told(
            certificate_number="990001198008170082", name="样例辛", stated={"identities": [margin]}
        ),
        Told(
            certificate_number="990001198008170082",
            name="样例辛",
            withdrawn={"reason": "another_person", "identities": [margin]},
        ),
    ]


def contract_app(office: StandInOwner, *, token: str) -> FastAPI:
    """The two routes of the contract, and nothing else."""
    app = FastAPIOffline(
        redoc_url=None,
        title="一站 · 主管部门联机接口 (an office's server)",
        version="1",
        description=DESCRIPTION,
    )
    install_problems(app, {_Unauthorised: _UNAUTHORISED})

    async def authorised(request: Request) -> None:
        said = request.headers.get("Authorization", "")
        if not hmac.compare_digest(said.encode(), f"Bearer {token}".encode()):
            raise _Unauthorised

    @app.post(
        "/v1/people/lookup",
        summary="单人查询 (look one person up)",
        tags=["部门 (office)"],
        dependencies=[Depends(authorised)],
    )
    async def look_up(asked: PersonAsked) -> PersonAnswered:
        """证件号码只在请求体中；不认识此人也答 200，`found` 为 `false`。"""
        return office.look_up(asked)

    @app.get(
        "/v1/changes",
        summary="变更清单 (changes in order)",
        tags=["部门 (office)"],
        dependencies=[Depends(authorised)],
    )
    async def changes(
        after: Annotated[int, Query(ge=0, description="上次答复的 next_after，首次为 0")] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="至多多少条")] = 200,
    ) -> ChangesPage:
        """按位置顺序；`changed_at` 与查询答复的 `as_of` 用同一个时钟。"""
        return office.page(after, limit)

    return app


def stand_in_app(office: StandInOwner, *, token: str) -> FastAPI:
    """The contract's routes, their behaviour switchable under `/stand-in`."""
    app = contract_app(office, token=token)

    @app.post("/stand-in/mode/{mode}", include_in_schema=False)
    async def switch(mode: Mode, seconds: float = 60.0) -> dict[str, str]:
        office.mode, office.slow_seconds = mode, seconds
        return {"mode": mode.value}

    @app.post("/stand-in/told", include_in_schema=False)
    async def tell(told: Told) -> PersonChanged:
        return office.tell(told)

    @app.middleware("http")
    async def behave(request: Request, answer: Any) -> Response:
        if request.url.path.startswith("/stand-in"):
            ordinary: Response = await answer(request)
            return ordinary
        return await _behaving(office, request, answer)

    return app


class _Unauthorised(Exception):
    """The token is not the one agreed on."""


_UNAUTHORISED = ProblemKind("unauthorised", 401, "令牌不正确 (bearer token)")


async def _behaving(office: StandInOwner, request: Request, answer: Any) -> Response:
    office.requests += 1
    match office.mode:
        case Mode.DOWN:
            return Problem("out-of-service", 503, "系统维护中 (out of service)").response()
        case Mode.GARBAGE:
            return Response(b'{"contract": "owner.v1", "found": tr\x00\xff', 200)
        case Mode.DRIPPING:
            return StreamingResponse(_drops(office.slow_seconds))
        case Mode.SLOW:
            await asyncio.sleep(office.slow_seconds)
        case Mode.ANSWERING:
            pass
    given: Response = await answer(request)
    return given


async def _drops(seconds: float) -> AsyncIterator[bytes]:
    """A space now and then: JSON may begin so, and the answer never does."""
    for _ in range(int(seconds * 10)):
        yield b" "
        await asyncio.sleep(0.1)


def _is_of(change: PersonChanged, asked: PersonAsked) -> bool:
    return (change.certificate_type, change.certificate_number) == (
        asked.certificate_type,
        asked.certificate_number,
    )


def _apply(facts: dict[str, Any], change: PersonChanged) -> None:
    """Bring what is held to what a change says."""
    for message, keeps in ((change.withdrawn, False), (change.stated, True)):
        if message is None:
            continue
        for name, fields in _SAME_FACT.items():
            for fact in getattr(message, name):
                same = [getattr(fact, each) for each in fields]
                held = facts.get(name, ())
                rest = [e for e in held if [getattr(e, each) for each in fields] != same]
                facts[name] = (*rest, fact) if keeps else tuple(rest)
        if message.death is not None:
            facts["death"] = message.death if keeps else None
