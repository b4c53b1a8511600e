"""What tells an event of a log from every other (事件印记): in another log others stand there."""

from hashlib import sha256

from eventlog.log import EventLog

_MARK_CHARACTERS = 32


def event_mark(log: EventLog, position: int) -> str:
    """The mark of the event at a position; empty where there is none. Raises LogBusy."""
    for row in log.recorder.select_notifications(position, 1):
        if row.id == position:
            told = f"{row.originator_id} {row.originator_version} {row.topic} "
            return sha256(told.encode() + bytes(row.state)).hexdigest()[:_MARK_CHARACTERS]
    return ""
