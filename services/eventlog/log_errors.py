"""Why the log refuses (事件日志的拒绝), sorted by what the caller can do about it."""


class VersionConflict(Exception):
    """Somebody else wrote one of these aggregates first: load it again and decide again."""


class RequestAlreadyAccepted(Exception):
    """The same request key was accepted meanwhile: look its answer up and give it again."""


class LogBusy(Exception):
    """The write lock was not free, or the database out of reach, for longer than is waited.
    Nothing was stored: try again.
    """


class OutcomeUnknown(Exception):
    """The database went away at the very end of a save, and did not come back in time to be
    asked. Send the same request again, or ask what became of it.
    """


class EventLogMissing(Exception):
    """There is no event log of this version: run the create step before opening it."""


class LogSealed(EventLogMissing):
    """The log was sealed to be moved to another database: go on with it there."""


class EventNotStorable(Exception):
    """The event or its class cannot be stored so that it comes back equal. Nothing was stored.

    The message names the class and the field, never the value, which may be about a person.
    """


class TextNotStorable(EventNotStorable):
    """A text holds the character NUL, which no column of text on a server takes: whatever told
    the event on would stop there.
    """


class EventNotReadable(Exception):
    """A stored event does not fit the class its topic names, or nobody registered that topic."""
