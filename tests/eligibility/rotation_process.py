"""`python -m tests.eligibility.rotation_process DATA` replaces the master key, step by step.

After each line it prints it reads one, so that whoever started it can kill it just there.
"""

import sys
from pathlib import Path

from eligibility.application import rotate_keys
from eligibility.bootstrap import build_key_replacement
from tests.support.people_places import people_settings


def main(data: Path) -> None:
    """Replace the key, two people a portion."""
    rotate_keys.PORTION_PEOPLE = 2
    replacement = build_key_replacement(people_settings(data))
    replacement.rotate(progress=lambda done, people: wait(f"{done}/{people}"))
    wait("exchanged")
    replacement.take_into_use()
    wait("done")


def wait(step: str) -> None:
    """Say where we are and wait."""
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
