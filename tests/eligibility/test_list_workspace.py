"""What a list leaves on the disk while it is worked on: nothing that names anybody."""

import io
from pathlib import Path

import pytest

from eligibility.adapters.list_workspace import open_list_workspace
from eligibility.adapters.roster_layout import load_layout
from eligibility.adapters.roster_rows import open_roster
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file
from tests.eligibility.test_personal_data import BIRTH, NAME, NUMBER, in_clear

ROW = ["1", NAME, NUMBER, "农村低保", "2023-01-01", "", f"{NAME} {BIRTH}"]
BAD = ["2", NAME, NUMBER, "富户", "2023-01-01", "", NAME]


def test_the_workspace_holds_nobody_in_clear_and_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted and rejected rows, their original cells among them: only what is sealed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    content = csv_file(CIVIL_HEADER, ROW, BAD, civil_row(9))
    rows = list(open_roster(io.BytesIO(content), load_layout("civil_affairs")).rows)

    with open_list_workspace() as workspace:
        workspace.add(rows)
        workspace.reject_contradictions()
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        kept = in_clear(tmp_path)
        folder_mode = files[0].parent.stat().st_mode & 0o777
        rejected = [row.cells for row in workspace.rejected()]

    assert [file.name for file in files] == ["list.sqlite"]
    assert files[0].name not in [file.name for file in tmp_path.rglob("*")]
    assert kept == []
    assert folder_mode == 0o700
    assert rejected == [tuple(BAD)]


def test_a_person_comes_once_with_all_rows_however_they_lie_in_the_file() -> None:
    """Rows far apart are brought together; portions are cut between people."""
    order = [1, 2, 3, 1, 2, 1]
    kinds = ["农村低保", "农村低保", "农村低保", "孤儿", "孤儿", "支出型困难"]
    content = csv_file(
        CIVIL_HEADER, *(civil_row(n, kind=kind) for n, kind in zip(order, kinds, strict=True))
    )

    with open_list_workspace() as workspace:
        opened = open_roster(io.BytesIO(content), load_layout("civil_affairs"))
        workspace.add(list(opened.rows))
        workspace.reject_contradictions()
        portions = [
            [[row.row for row in person.rows] for person in each] for each in workspace.people(2)
        ]

    assert sorted(len(portion) for portion in portions) == [1, 2]
    assert sorted(rows for portion in portions for rows in portion) == [[2, 5, 7], [3, 6], [4]]
