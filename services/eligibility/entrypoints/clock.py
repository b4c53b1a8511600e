"""The one place of this service where time is read (时钟)."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(tz=UTC)  # noqa: TID251 -- this is the door time comes in through
