"""Revisions over HTTP (追溯更正)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from contracts import settlement_revisions_v1 as message
from contracts.vocabulary import InstitutionId
from http_edge.acting import ActingHeaders
from settlement.application.decide_revision import (
    ApproveRevision,
    IssueRevision,
    RejectRevision,
    approve_revision,
    issue_revision,
    reject_revision,
    revision_in_sight,
)
from settlement.application.find_stay import hospital_acting
from settlement.application.propose_revision import (
    ProposeRevision,
    RevisionSources,
    propose_revision,
)
from settlement.bootstrap import Parts
from settlement.domain.record import Actor
from settlement.domain.revised_parts import RevisionStatus
from settlement.domain.revision import Revision
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write
from settlement.entrypoints.http.show_revisions import read_asked, show_listed, show_revision

LARGEST_PAGE = 500

Number = Annotated[str, Path(pattern=r"^GZ-(\d{6}-)?\d{4}-\d{6,}$", description="更正编号")]
After = Annotated[int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="每页至多 (page)")]


def revision_routes(parts: Parts) -> APIRouter:
    """The routes under `/v1/revisions`."""
    routes = APIRouter(tags=["追溯更正 revisions"])

    def seen_by(by: Actor) -> InstitutionId | None:
        return hospital_acting(parts.ledger, by)

    def show(revision: Revision, by: Actor) -> message.RevisionShown:
        return show_revision(revision, laws=parts.laws, seen_by=seen_by(by))

    @routes.post(
        "/v1/revisions",
        summary="提议追溯更正 (propose a revision)",
        status_code=201,
        response_model=message.RevisionShown,
    )
    def propose(asked: message.RevisionProposal, arrived: Arrived) -> Response:
        """政策追溯施行或身份更正后，逐人重算受影响的结算，列出原额与新额；批准前不动账。"""
        at = parts.clock()
        command = ProposeRevision(read_asked(asked), business_date(at), by=arrived.by, at=at)
        sources = RevisionSources(
            ledger=parts.ledger,
            laws=parts.laws,
            book=parts.book,
            eligibility=parts.eligibility,
            index=parts.settlements,
            touched=parts.touched,
        )
        return answer_write(
            parts,
            "propose-revision",
            arrived,
            decide=lambda accept: propose_revision(command, sources=sources, accept=accept),
            show=lambda revision: show_revision(
                revision,
                laws=parts.laws.along_with(parts.book.policies),
                seen_by=seen_by(arrived.by),
            ),
            status=HTTPStatus.CREATED,
        )

    @routes.get("/v1/revisions", summary="追溯更正清单 (list revisions)")
    def revisions(
        acting: ActingHeaders,
        status: Annotated[message.Status | None, Query(description="只看这种状态")] = None,
        after: After = 0,
        limit: Limit = 100,
    ) -> message.RevisionsListed:
        """按提出先后；医院只看本院提出的。"""
        found = parts.revision_list.revisions(
            institution_id=seen_by(translating.actor(acting)),
            status=RevisionStatus(status) if status else None,
            after=after,
            limit=limit,
        )
        return message.RevisionsListed(
            revisions=tuple(show_listed(each) for each in found),
            next_after=found[-1].position if len(found) == limit else None,
        )

    @routes.get("/v1/revisions/{number}", summary="追溯更正 (show a revision)")
    def revision(
        number: Number, acting: ActingHeaders, after: After = 0, limit: Limit = 100
    ) -> message.RevisionShown:
        """一次更正及其明细（分页）：原额、新额、差额走向、是否已执行。"""
        by = translating.actor(acting)
        found = revision_in_sight(parts.ledger, number, by)
        return show_revision(found, laws=parts.laws, seen_by=seen_by(by), after=after, limit=limit)

    @routes.post(
        "/v1/revisions/{number}/approval",
        summary="批准追溯更正 (approve a revision)",
        response_model=message.RevisionShown,
    )
    def approve(number: Number, asked: message.RevisionApproval, arrived: Arrived) -> Response:
        """由另一位经办人批准；不能批准自己的提议。"""
        del asked
        command = ApproveRevision(number=number, by=arrived.by, at=parts.clock())
        return answer_write(
            parts,
            "approve-revision",
            arrived,
            decide=lambda accept: approve_revision(command, ledger=parts.ledger, accept=accept),
            show=lambda found: show(found, arrived.by),
        )

    @routes.post(
        "/v1/revisions/{number}/rejection",
        summary="退回追溯更正 (reject a revision)",
        response_model=message.RevisionShown,
    )
    def reject(number: Number, asked: message.RevisionRejection, arrived: Arrived) -> Response:
        """由另一位经办人退回，写明理由；可以重新提议。"""
        command = RejectRevision(
            number=number, reason=asked.reason, by=arrived.by, at=parts.clock()
        )
        return answer_write(
            parts,
            "reject-revision",
            arrived,
            decide=lambda accept: reject_revision(command, ledger=parts.ledger, accept=accept),
            show=lambda found: show(found, arrived.by),
        )

    @routes.post(
        "/v1/revisions/{number}/issue",
        summary="执行追溯更正 (issue a revision)",
        response_model=message.RevisionShown,
    )
    def issue(number: Number, asked: message.RevisionIssue, arrived: Arrived) -> Response:
        """逐人执行：与提议不符的整人失效并写明原因；中断后再次请求从断处继续，不会重复。"""
        del asked
        at = parts.clock()
        command = IssueRevision(number=number, booked_on=business_date(at), by=arrived.by, at=at)
        return answer_write(
            parts,
            "issue-revision",
            arrived,
            decide=lambda accept: issue_revision(
                command,
                ledger=parts.ledger,
                laws=parts.laws,
                book=parts.book,
                eligibility=parts.eligibility,
                accept=accept,
            ),
            show=lambda found: show(found, arrived.by),
        )

    return routes
