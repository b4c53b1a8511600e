"""`python -m tests.contracts.record_examples` writes the samples that are missing, and no others.

contracts/examples holds one example of every message, and of every event version ever stored the
bytes as they were stored. Event samples are history: they are added, never changed or removed.
An example of a message that changed is removed by hand, so that it is recorded again.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

import contracts
from tests.contracts.scripted_day import ScriptedDay

EXAMPLES = Path(contracts.__file__).resolve().parent / "examples"


def main() -> None:
    """Run the scripted day and write what is missing."""
    with tempfile.TemporaryDirectory(prefix="yizhan-examples-") as directory:
        day = ScriptedDay(Path(directory))
        day.run()
        made = message_examples(day.messages) | event_samples(day.stored())
    written = write_missing(made, EXAMPLES)
    sys.stdout.write("".join(f"contracts/examples/{name}\n" for name in written))


def write_missing(made: dict[str, bytes], directory: Path) -> list[str]:
    """Write the files that are not there; returns their names. What is there stays as it is."""
    missing = [name for name in sorted(made) if not (directory / name).exists()]
    for name in missing:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made[name])
    return missing


def message_examples(said: Iterable[BaseModel]) -> dict[str, bytes]:
    """One example of each message and of each part of one: the one that says most."""
    found: dict[str, bytes] = {}
    for message in [part for each in said for part in _with_parts(each)]:
        kind = type(message)
        name = f"{kind.__module__.rpartition('.')[2]}/{kind.__name__}.json"
        content = message.model_dump(mode="json", exclude_unset=True)
        example = json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
        found[name] = max(example, found.get(name, b""), key=len)
    return found


def event_samples(stored: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """One sample of each topic: the longest bytes stored under it, and a line end."""
    found: dict[str, bytes] = {}
    for topic, state in stored:
        name = f"events/{topic}.json"
        found[name] = max(state + b"\n", found.get(name, b""), key=len)
    return found


def _with_parts(message: BaseModel) -> Iterator[BaseModel]:
    yield message
    for name in type(message).model_fields:
        value = getattr(message, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from _with_parts(part)


if __name__ == "__main__":
    main()
