"""The clock (时钟): read at the door, nowhere deeper."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(tz=UTC)  # noqa: TID251 - this is the door


def business_date(instant: datetime) -> date:
    """The business date (业务日期) of an instant, in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()
