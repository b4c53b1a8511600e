"""Tables as downloads (导出下载): streamed, so that a large one is never in memory as a whole."""

from collections.abc import Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Literal

from fastapi.responses import StreamingResponse

from settlement.adapters.spreadsheets import (
    CSV_TYPE,
    XLSX_TYPE,
    Cell,
    csv_pieces,
    write_xlsx,
)

Format = Literal["csv", "xlsx"]
_PIECE_BYTES = 64 * 1024
_IN_MEMORY_BYTES = 1024 * 1024


def download(
    name: str,
    title: str,
    headings: Sequence[str],
    rows: Iterable[Iterable[Cell]],
    *,
    as_format: Format,
) -> StreamingResponse:
    """A table as a file called `name.csv` or `name.xlsx`."""
    listed = (list(row) for row in rows)
    if as_format == "csv":
        content, media_type = csv_pieces(headings, listed), CSV_TYPE
    else:
        content, media_type = _workbook_pieces(title, headings, listed), XLSX_TYPE
    disposition = f'attachment; filename="{name}.{as_format}"'
    return StreamingResponse(
        content, media_type=media_type, headers={"Content-Disposition": disposition}
    )


def _workbook_pieces(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Iterator[bytes]:
    # A workbook is a zip: nothing of it can be sent before its last row is known.
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        write_xlsx(file, title, headings, rows)  # type: ignore[arg-type]  # it is a binary file, though not declared as one
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece
