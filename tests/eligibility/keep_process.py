"""`python -m tests.eligibility.keep_process DATA LEFT RIGHT` keeps a comparison, step by step.

After each line it prints it reads one, so that whoever started it can kill it just there.
"""

import sys
from datetime import date
from pathlib import Path

from eligibility.bootstrap import build
from tests.eligibility.difference_lists import ACTING, AT, order
from tests.eligibility.list_process import wait
from tests.support.people_places import people_settings


def main(data: Path, left: Path, right: Path) -> None:
    """Keep the comparison of February."""
    eligibility = build(people_settings(data, master_key=bytes(32)))
    with left.open("rb") as one, right.open("rb") as other:
        eligibility.keep_comparison(
            order(date(2025, 2, 1)),
            one,
            other,
            accept_rejected_rows=False,
            today=date(2025, 2, 1),
            acting=ACTING,
            at=AT,
            progress=wait,
        )
    wait("完成", 0)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
