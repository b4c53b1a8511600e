"""A page as PDF (结算单 PDF), with everything that takes loaded only when somebody prints."""

from datetime import datetime

from settlement.entrypoints.paper.page import Page


def page_as_pdf(page: Page, *, printed_at: datetime) -> bytes:
    """The document; the same page and instant give the same bytes."""
    from settlement.entrypoints.paper.pdf_page import pdf_page  # noqa: PLC0415 -- no other command should wait a second for a library of fonts

    return pdf_page(page, printed_at=printed_at)
