"""Institutions over HTTP (机构目录): a CSV file, all rows or none."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts import settlement_v1 as message
from http_edge.acting import BodyBytes
from settlement.adapters.institutions_csv import read_institutions
from settlement.application.institutions import import_institutions
from settlement.application.ports import Accept
from settlement.bootstrap import Parts
from settlement.entrypoints.http.once import Arrived, answer_write


def institution_routes(parts: Parts) -> APIRouter:
    """The route of the import."""
    routes = APIRouter(tags=["机构目录 institutions"])

    @routes.post(
        "/v1/institutions",
        summary="导入机构目录 (import institutions)",
        response_model=message.InstitutionsImported,
        openapi_extra=_CSV,
    )
    def import_file(
        arrived: Arrived,
        body: BodyBytes,
        name: Annotated[str, Query(max_length=200, description="文件名，记作出处")] = "upload.csv",
    ) -> Response:
        """导入机构目录（CSV）：有一行错误则全部不导入。"""
        by, at = arrived.by, parts.clock()

        def decide(accept: Accept) -> None:
            rows = read_institutions(body)
            count = len({r.institution_id for r in rows})
            import_institutions(
                rows, source=name, ledger=parts.ledger, by=by, at=at, receipt=accept(count)
            )

        return answer_write(
            parts,
            "import-institutions",
            arrived,
            decide=decide,
            show=lambda count: message.InstitutionsImported(institutions=count),
        )

    return routes


_CSV = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
