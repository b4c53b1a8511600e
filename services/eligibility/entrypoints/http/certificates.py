"""More certificates of a person (增加证件); the number stands in the body and nowhere else."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from contracts.eligibility_v1 import CertificateRecorded, CertificateStated
from eligibility.application.add_certificate import AddedCertificate
from eligibility.application.find_person import UnknownPerson
from eligibility.bootstrap import Eligibility
from eligibility.domain.certificate import read_certificate
from eligibility.entrypoints.http.person_ids import PersonIdPath, person_id_of
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.entrypoints.http.reading import acts_for
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import ActingHeaders, IdempotencyKey
from http_edge.answer_once import answer_once, body_hash, response_of
from http_edge.problems import refusal_of


def certificates_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The route `/v1/persons/{person_id}/certificates`."""
    router = APIRouter(prefix="/v1/persons/{person_id}/certificates", tags=["证件 (certificates)"])
    refuse = partial(refusal_of, table=PROBLEMS)

    @router.post("", summary="增加证件 (add a certificate)", response_model=CertificateRecorded)
    def add(
        person_id: PersonIdPath,
        stated: CertificateStated,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """此后按任一证件都查到此人；证件已属于他人的拒绝，确为同一人的请归并。"""
        request = RequestKey(acting.institution_id, f"add-certificate/{person_id}", key)

        def do(body_hash: str) -> Answer:
            def accept(made: AddedCertificate) -> RegisteredRequest:
                return RegisteredRequest(request, body_hash, accepted=True, answer=_answer(made))

            certificate = read_certificate(
                certificate_type=stated.certificate_type, number=stated.certificate_number
            )
            made = eligibility.add_certificate(
                person_id_of(person_id),
                certificate,
                acting=acts_for(acting),
                at=clock(),
                accept=accept,
            )
            return _answer(made)

        answer, replayed = answer_once(
            eligibility.log,
            key=request,
            # The register keeps a hash of what was asked: of a number, only under a secret key.
            hashed=body_hash(_fingerprint(eligibility, person_id, stated)),
            do=do,
            refuse=refuse,
        )
        return response_of(answer, replayed=replayed)

    return router


def _fingerprint(eligibility: Eligibility, person_id: str, stated: CertificateStated) -> bytes:
    try:
        content = stated.model_dump_json().encode()
        return eligibility.add_certificate.fingerprint(person_id_of(person_id), content)
    except UnknownPerson:
        return b""


def _answer(made: AddedCertificate) -> Answer:
    message = CertificateRecorded(
        person_id=str(made.person_id),
        certificate_type=made.certificate_type,
        added=made.added,
        recorded_at=made.recorded_at,
        version=made.version,
    )
    return Answer(200, message.model_dump_json().encode())
