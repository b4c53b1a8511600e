"""Two invented lists whose differences are followed up."""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from contracts.vocabulary import ComparedSubject, DataOwner
from eligibility.application.difference_ports import ComparisonOrder
from eligibility.application.keep_comparison import KeptComparison
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import Eligibility
from eligibility.domain.difference_notice import NoticeLetter
from tests.eligibility.conftest import number
from tests.eligibility.owner_files import csv_file

CIVIL = ("姓名", "身份证号", "救助类别", "批准日期", "乡镇", "村")
INSURER = ("姓名", "证件号码", "险种", "参保开始日期")
ACTING = ActsFor("O500112", "张")
AT = datetime(2025, 1, 10, 2, 0, tzinfo=UTC)


def civil(*people: int, township: str = "甲乡") -> bytes:
    """The poor, as the civil affairs office lists them."""
    rows = [
        (f"样例{n}", number(n), "低保", "2023-01-01", township, f"{'东西'[n % 2]}村")
        for n in people
    ]
    return csv_file(CIVIL, *rows)


def insurer(*people: int, unreadable: Iterable[str] = ()) -> bytes:
    """The enrolled, as the insurer lists them; and rows with numbers that cannot be right."""
    rows = [(f"样例{n}", number(n), "390", "2023-01-01") for n in people]
    bad = [("坏行", each, "390", "2023-01-01") for each in unreadable]
    return csv_file(INSURER, *rows, *bad)


def order(on: date = date(2025, 1, 1), region: str = "500112") -> ComparisonOrder:
    """The poor against the enrolled."""
    return ComparisonOrder(
        region,
        DataOwner.CIVIL_AFFAIRS,
        DataOwner.HEALTH_INSURANCE,
        ComparedSubject.ENROLMENT,
        on,
        2025,
    )


def keep(
    eligibility: Eligibility,
    left: bytes,
    right: bytes,
    on: date = date(2025, 1, 1),
    *,
    at: datetime = AT,
    accept_rejected_rows: bool = False,
    confirmed_resolutions: int | None = None,
) -> KeptComparison:
    """Compare and keep."""
    return eligibility.keep_comparison(
        order(on),
        io.BytesIO(left),
        io.BytesIO(right),
        accept_rejected_rows=accept_rejected_rows,
        confirmed_resolutions=confirmed_resolutions,
        today=max(on, at.date()),
        acting=ACTING,
        at=at,
    )


def letter(township: str = "甲乡") -> NoticeLetter:
    """A notice to a township."""
    return NoticeLetter(
        township=township,
        owner=None,
        document_number="样医保函〔2025〕3号",
        issuer="样例县医疗保障局",
        basis="关于开展困难群众参保核查的通知第三条",
        sent_on=date(2025, 1, 10),
        reply_by=date(2025, 1, 25),
    )


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file."""
    path = folder / name
    path.write_bytes(content)
    return path
