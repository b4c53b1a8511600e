"""What the stories with real processes run: `python -m tests.eventlog.writer_process MODE …`.

Acknowledgements go to standard output, one line each, only after the save has returned.
"""

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eventlog.log import (
    RequestAlreadyAccepted,
    VersionConflict,
    create_event_log,
)
from tests.eventlog.log_addresses import open_at
from tests.eventlog.savings_box import Box, request

_THREADS = 8


def say(line: str) -> None:
    """One acknowledgement, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def write_own_boxes(address: str, name: str, saves: int) -> None:
    """Each save opens two boxes with a coin each: four events, all or nothing."""
    log = open_at(address)
    for number in range(saves):
        left, right = Box.open(f"{name}-{number}-left"), Box.open(f"{name}-{number}-right")
        left.add_coin(1)
        right.add_coin(1)
        log.save(left, right)
        say(f"{name}-{number}")


def add_to_shared_box(address: str, _name: str, saves: int) -> None:
    """Put coins into one box that others use too, loading it again after each conflict."""
    log = open_at(address)
    added = 0
    while added < saves:
        box = log.find(Box.create_id("shared"), Box)
        assert box is not None
        box.add_coin(1)
        try:
            log.save(box)
        except VersionConflict:
            continue
        added += 1
    say(str(added))


def repeat_same_requests(address: str, name: str, requests: int) -> None:
    """Send the same request keys as every other process; say which were accepted here."""
    log = open_at(address)
    for number in range(requests):
        box = Box.open(f"{name}-{number}")
        try:
            log.save(box, accepted=request(f"key-{number}"))
        except RequestAlreadyAccepted:
            say(f"repeated {number}")
        else:
            say(f"accepted {number}")


def write_mixed_batches(address: str, name: str, events: int) -> None:
    """Eight threads save from one to forty events at a time; say how many were stored."""
    log = open_at(address)

    def save(thread: int) -> int:
        sizes = random.Random(f"{name}-{thread}")  # noqa: S311 -- sizes, not secrets
        stored = 0
        while stored < events // _THREADS:
            box = Box.open(f"{name}-{thread}-{stored}")
            for _ in range(min(sizes.choice((0, 2, 5, 39)), events // _THREADS - stored - 1)):
                box.add_coin(1)
            stored += box.version
            log.save(box)
        return stored

    with ThreadPoolExecutor(_THREADS) as threads:
        say(str(sum(threads.map(save, range(_THREADS)))))


def hand_out_serials(address: str, _name: str, count: int) -> None:
    """Draw numbers of one series."""
    log = open_at(address)
    for _ in range(count):
        say(str(log.next_serial("settlement")))


def create_only(address: str, _name: str, times: int) -> None:
    """Run the create step over and over and read from the result."""
    for _ in range(times):
        create_event_log(Path(address))
        say(str(open_at(address).last_position()))


MODES = {
    "own": write_own_boxes,
    "mixed": write_mixed_batches,
    "shared": add_to_shared_box,
    "repeat": repeat_same_requests,
    "serials": hand_out_serials,
    "create": create_only,
}

if __name__ == "__main__":
    MODES[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4]))
