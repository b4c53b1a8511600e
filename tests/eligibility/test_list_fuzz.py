"""Whatever bytes come as a list: never a crash, never half a list, every bad row named."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eligibility.adapters.roster_files import read_rows
from eligibility.application.import_list import ListReport
from eligibility.domain.owner_list import ListFigures, ListWouldEndTooMany, OwnerList
from eligibility.domain.roster import RosterHasRejectedRows, RosterUnreadable
from tests.eligibility.list_office import Office, changes, full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file, xlsx_file

ROWS = [civil_row(n) for n in range(1, 6)]
CSV = csv_file(CIVIL_HEADER, *ROWS)
XLSX = xlsx_file(CIVIL_HEADER, *ROWS)
FILES = {"csv": CSV, "gb18030": csv_file(CIVIL_HEADER, *ROWS, encoding="gb18030"), "xlsx": XLSX}

QUIET = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])

Edit = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One service that gets all these files, one after the other."""
    return Office(tmp_path_factory.mktemp("fuzz"))


def imported(office: Office, content: bytes, *, is_full: bool = False) -> ListReport | None:
    """Import; refused by name means that nothing at all was stored."""
    position = office.eligibility.log.last_position()
    try:
        report = office.bring(content, full() if is_full else changes())
    except (RosterUnreadable, RosterHasRejectedRows, ListWouldEndTooMany):
        assert office.eligibility.log.last_position() == position
        return None
    assert report.activated is not None
    stored = office.eligibility.log.read(after=position, limit=10_000)
    assert {entry.event.timestamp for entry in stored} <= {report.activated.recorded_at}
    activations = [e for e in stored if isinstance(e.event, OwnerList.ListActivated)]
    assert len(activations) == (0 if report.is_repeated else 1)
    return report


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Cut, insert, replace or double a piece somewhere."""
    where, length = draw(st.floats(0, 1)), draw(st.integers(0, 40))
    piece = draw(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"\xef\xbb\xbf", b"=1", b"\xe4\xbd"]),
        )
    )
    doubled = draw(st.booleans())

    def edit(content: bytes) -> bytes:
        start = int(where * len(content))
        taken = content[start : start + length]
        return content[:start] + piece + (taken * 2 if doubled else b"") + content[start + length :]

    return edit


@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)))
@example(b"")
@example(b"PK\x03\x04" + b"\0" * 30)
@example(CSV.decode().encode("utf-16"))
@QUIET
def test_bytes_that_are_no_list_are_refused_by_name(office: Office, content: bytes) -> None:
    """Anything at all: unreadable, and nothing was stored."""
    assert imported(office, content) is None


@given(kind=st.sampled_from(sorted(FILES)), changed=st.lists(edits(), min_size=1, max_size=3))
@QUIET
def test_a_real_file_that_was_mangled_is_read_or_refused(
    office: Office, kind: str, changed: list[Edit]
) -> None:
    """Bytes cut, inserted and doubled anywhere in CSV and workbook: all of it or nothing."""
    content = FILES[kind]
    for edit in changed:
        content = edit(content)

    imported(office, content)


@given(data=st.data(), changed=st.lists(edits(), min_size=1, max_size=3))
@QUIET
def test_a_workbook_with_a_mangled_part_is_read_or_refused(
    office: Office, data: st.DataObject, changed: list[Edit]
) -> None:
    """The archive itself is sound; the XML inside is not."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(XLSX)) as old, zipfile.ZipFile(file, "w") as new:
        mangled = data.draw(st.sampled_from(sorted(old.namelist())))
        for name in old.namelist():
            part = old.read(name)
            for edit in changed if name == mangled else ():
                part = edit(part)
            new.writestr(name, part)

    imported(office, file.getvalue())


cells = st.one_of(
    st.sampled_from(["", "0", "#N/A", "2024-02-30", "9.90001E+17", "长期", "999999999999999999"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\0\r\n,'), max_size=20),
)


@given(
    broken=st.dictionaries(
        st.integers(0, 4), st.dictionaries(st.integers(1, 5), cells, min_size=1), min_size=1
    ),
    is_full=st.booleans(),
)
@QUIET
def test_every_row_is_accepted_or_named_with_what_to_do(
    office: Office, broken: dict[int, dict[int, str]], *, is_full: bool
) -> None:
    """Cells replaced by anything: each row of the file is in exactly one of the piles."""
    rows = [list(row) for row in ROWS]
    for row, replaced in broken.items():
        for column, cell in replaced.items():
            rows[row][column] = cell
    content = csv_file(CIVIL_HEADER, *rows)

    tried = office.attempt(content, full() if is_full else changes())

    named = [row.row for row in office.rejected]
    untouched = {n + 2 for n in range(5) if n not in broken}
    assert tried.rows.accepted + tried.rows.rejected + tried.rows.passed_over == 5
    assert tried.rows.rejected == len(named) == len(set(named))
    assert not untouched & set(named) or any(
        "矛盾" in e.message or "不一致" in e.message for r in office.rejected for e in r.errors
    )
    assert all(row.errors and all(error.message for error in row.errors) for row in office.rejected)
    assert all(row.cells == tuple(rows[row.row - 2]) for row in office.rejected)
    report = imported(office, content, is_full=is_full)
    # A full list that leaves people out may be refused for that alone.
    assert (report is None) is bool(named) or is_full


def test_the_unmangled_files_are_lists(tmp_path: Path) -> None:
    """The files that are mangled above would be imported as they are."""
    for kind, content in FILES.items():
        fresh = Office(tmp_path / kind)
        assert fresh.bring(content).figures == ListFigures(persons_new=5, facts_added=5)
        assert len(list(read_rows(io.BytesIO(content)))) == 6
