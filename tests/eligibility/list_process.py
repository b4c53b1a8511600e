"""`python -m tests.eligibility.list_process DATA FILE` imports a list, waiting at every step.

After each line it prints it reads one, so that whoever started it can kill it just there.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from eligibility.application.import_list import ListDecisions
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import build
from tests.eligibility.list_office import full
from tests.support.people_places import people_settings


def main(data: Path, file: Path) -> None:
    """Import the file as a full list."""
    eligibility = build(people_settings(data, master_key=bytes(32)))
    with file.open("rb") as content:
        eligibility.import_list(
            content,
            full(),
            decisions=ListDecisions(),
            acting=ActsFor("O500112", "张"),
            at=datetime(2024, 7, 2, tzinfo=UTC),
            progress=wait,
        )
    wait("完成", 0)


def wait(step: str, done: int) -> None:
    """Say where we are and wait."""
    sys.stdout.write(f"{step} {done}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
