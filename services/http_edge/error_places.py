"""Where an error happened (出错位置): kinds, files and lines; never messages or values.

An exception's message may quote what was sent (pydantic quotes the input of a failed validation),
and that may be a name or a certificate number.
"""

import traceback

MOST_FRAMES = 8


def error_places(error: BaseException | None) -> str:
    """Kinds of the error and its causes, with files and lines; no messages, no values."""
    links = []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        places = " < ".join(
            f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames[-MOST_FRAMES:])
        )
        links.append(f"{type(error).__module__}.{type(error).__qualname__} at {places}")
        error = error.__cause__ or error.__context__
    return " | caused by ".join(links)
