"""`python -m tests.contracts.record_examples` writes the samples that are missing, and no others.

contracts/examples holds one example of every message, and of every event version ever stored the
bytes as they were stored. Event samples are history: they are added, never changed or removed.
An event class that gained a field gets one more, `topic~2.json`, and the older one still loads.
An example of a message that changed is removed by hand, so that it is recorded again.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel

import contracts
from eventlog.codec import TypedMapper
from tests.contracts.scripted_day import ScriptedDay

EXAMPLES = Path(contracts.__file__).resolve().parent / "examples"


def main() -> None:
    """Run the scripted day and write what is missing."""
    with tempfile.TemporaryDirectory(prefix="yizhan-examples-") as directory:
        day = ScriptedDay(Path(directory))
        day.run()
        messages, events = message_examples(day.messages), event_samples(day.stored())
    made = messages | {next_sample(name, EXAMPLES): state for name, state in events.items()}
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


def next_sample(name: str, directory: Path) -> str:
    """The name under which an event of today is kept: a new one if today it holds more fields."""
    number, found = 1, name
    while (directory / found).exists():
        latest = directory / found
        number += 1
        found = name.replace(".json", f"~{number}.json")
    if number > 1 and is_todays_form(latest):
        return latest.relative_to(directory).as_posix()
    return found


def is_todays_form(sample: Path) -> bool:
    """Whether the event of a sample, written again today, gives the same bytes."""
    stored = stored_sample(sample)
    return TypedMapper().to_stored_event(TypedMapper().to_domain_event(stored)) == stored


def stored_sample(sample: Path) -> StoredEvent:
    """A sample as it stands in a log; `topic~2.json` is of the same topic as `topic.json`."""
    topic, state = sample.stem.partition("~")[0], sample.read_bytes().removesuffix(b"\n")
    return StoredEvent(UUID(int=7), 3, topic, state)


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
