"""The one place of this service where time is read (时钟)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(tz=UTC)  # noqa: TID251 -- this is the door time comes in through


def business_date(instant: datetime) -> date:
    """The business date (业务日期) of an instant, in Asia/Shanghai."""
    return instant.astimezone(_SHANGHAI).date()
