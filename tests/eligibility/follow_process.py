"""`python -m tests.eligibility.follow_process DATA` follows a feed, waiting at every step.

After each line it prints it reads one, so that whoever started it can kill it just there.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from eligibility.bootstrap import build
from tests.eligibility.owner_office import TOKEN, VARIABLE
from tests.support.people_places import people_settings


def main(data: Path) -> None:
    """Read the whole feed."""
    settings = people_settings(
        data, master_key=bytes(32), owners=data / "owners.yaml", owner_tokens={VARIABLE: TOKEN}
    )
    follow = build(settings).follow_owner
    while follow.pull("minzheng", at=datetime(2024, 7, 2, tzinfo=UTC), progress=wait).has_more:
        pass
    wait("完成", 0)


def wait(step: str, position: int) -> None:
    """Say where we are and wait."""
    sys.stdout.write(f"{step} {position}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
