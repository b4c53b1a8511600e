"""Differences kept: the same one stays the same, nobody's name is in an event, erasure reaches."""

import io
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from contracts.vocabulary import (
    CertificateType,
    ComparedSubject,
    DataOwner,
    DifferenceAnswer,
    DifferenceKind,
    DifferenceState,
)
from eligibility.adapters.notice_xlsx import read_notice, write_notice
from eligibility.adapters.roster_comparison import RosterComparison
from eligibility.application.difference_ports import ComparedLists, ReadList, WantedDifferences
from eligibility.application.keep_comparison import KeepComparison
from eligibility.application.ports import ReadBy
from eligibility.application.pursue_differences import AnswersTaken, FilledNotice, FilledRow
from eligibility.application.show_differences import ShownDifference, ShownNotice
from eligibility.bootstrap import Eligibility, build
from eligibility.domain.booked_difference import FoundDifference
from eligibility.domain.difference_book import ComparedBackwards, DifferenceBook
from eligibility.domain.difference_notice import (
    AnswersRejected,
    DifferenceOutOfOrder,
    NothingToSend,
    NoticeInvalid,
    UnknownBook,
    UnknownDifference,
    UnknownNotice,
    check_code,
)
from eligibility.domain.listed_person import Difference, ListedPerson, ListedSide
from eligibility.domain.resolving_guard import ResolvingGuard
from eligibility.domain.roster import RosterHasRejectedRows
from tests.eligibility.conftest import number
from tests.eligibility.difference_lists import (
    ACTING,
    AT,
    civil,
    insurer,
    keep,
    letter,
    order,
    write,
)
from tests.eligibility.owner_files import csv_file
from tests.support.people_places import is_on_server, people_settings

TOLD_ON_BOTH = True

BY = ReadBy(AT, "differences", ACTING)
FEBRUARY = date(2025, 2, 1)


def opened(folder: Path) -> Eligibility:
    """The service on a folder."""
    return build(people_settings(folder, master_key=bytes(32), resolve_limit_percent=100))


@pytest.fixture
def office(data_dir: Path) -> Iterator[Eligibility]:
    """An empty service."""
    with closing(opened(data_dir)) as office:
        yield office


def shown(
    office: Eligibility, book_id: UUID, *states: DifferenceState
) -> Sequence[ShownDifference]:
    """The first differences of a book."""
    wanted = WantedDifferences(states=states)
    return office.show_differences.page(book_id, wanted, after=0, limit=100, by=BY).rows


def told(office: Eligibility, book_id: UUID) -> list[tuple[str | None, str]]:
    """Who (left), and in which state."""
    return [
        (each.people.left.name if each.people.left else None, each.booked.state.value)
        for each in shown(office, book_id)
    ]


def fill(
    office: Eligibility, book_id: UUID, notice: int, *results: tuple[int, str, str]
) -> AnswersTaken:
    """Answer rows of a notice by their numbers."""
    ids = office.pursue_differences.book(book_id).notice(notice).difference_ids
    rows = [
        FilledRow(place + 8, str(place), check_code(ids[place - 1]), result, note)
        for place, result, note in results
    ]
    return office.pursue_differences.answer(
        FilledNotice(book_id, notice, rows), accept_rejected_rows=False, acting=ACTING, at=AT
    )


def test_a_difference_goes_all_the_way(office: Eligibility) -> None:
    """Found, sent, answered, gone by February's lists, found again in March: open once more."""
    book_id = keep(office, civil(1, 2, 3), insurer(1)).book_id
    pursue = office.pursue_differences
    assert told(office, book_id) == [("样例2", "found"), ("样例3", "found")]

    notice = pursue.send(book_id, letter(), acting=ACTING, at=AT)
    assert told(office, book_id) == [("样例2", "sent"), ("样例3", "sent")]

    fill(office, book_id, notice.number, (1, "情况属实", ""))
    assert told(office, book_id) == [("样例2", "answered"), ("样例3", "sent")]

    kept = keep(office, civil(1, 2, 3), insurer(1, 2), FEBRUARY)
    assert (kept.comparison.figures.resolved, kept.comparison.figures.still_open) == (1, 1)
    assert told(office, book_id) == [("样例2", "resolved"), ("样例3", "sent")]

    back = keep(office, civil(1, 2, 3, 4), insurer(1), date(2025, 3, 1)).comparison.figures
    assert (back.found, back.reopened, back.still_open, back.resolved) == (1, 1, 1, 0)
    assert told(office, book_id) == [("样例2", "found"), ("样例3", "sent"), ("样例4", "found")]
    assert shown(office, book_id)[0].booked.answer is None


def test_the_same_lists_again_change_nothing(office: Eligibility) -> None:
    """The first answer."""
    first = keep(office, civil(1, 2), insurer(1))
    position = office.log.last_position()

    again = keep(office, civil(1, 2), insurer(1), at=AT + timedelta(days=60))

    assert again.is_repeated
    assert again.comparison == first.comparison
    assert office.log.last_position() == position


def test_who_is_listed_elsewhere_now_is_found_there(office: Eligibility) -> None:
    """Sent, found again in another township: one event, the new place in rows and notices, and
    what became of it stays; once more the same says nothing."""
    book_id = keep(office, civil(1, 2), insurer(9)).book_id
    pursue = office.pursue_differences
    pursue.send(book_id, letter(), acting=ACTING, at=AT)

    keep(office, civil(1), insurer(9), FEBRUARY, confirmed_resolutions=1)
    keep(office, civil(1, 2, township="乙乡"), insurer(9), date(2025, 3, 1))
    version = pursue.book(book_id).version
    keep(office, civil(1, 2, township="乙乡"), insurer(9), date(2025, 4, 1))

    events = office.log.events.get(book_id)
    (moved,) = [each for each in events if isinstance(each, DifferenceBook.DifferencePlacesChanged)]
    assert [(each.township, each.village) for each in moved.places] == [
        ("乙乡", "东村"),
        ("乙乡", "西村"),
    ]
    assert told(office, book_id) == [("样例2", "found"), ("样例1", "sent")]
    assert {each.booked.found.township for each in shown(office, book_id)} == {"乙乡"}
    assert pursue.book(book_id).version == version + 1
    with pytest.raises(NothingToSend, match="乙乡 1 条"):
        pursue.send(book_id, letter("甲乡"), acting=ACTING, at=AT)
    assert len(pursue.send(book_id, letter("乙乡"), acting=ACTING, at=AT).difference_ids) == 1


@pytest.mark.parametrize(
    ("before", "later", "now"),
    [
        (("甲乡", "东村"), ("甲乡", "东村"), None),
        (("甲乡", "东村"), (None, None), None),
        (("甲乡", "东村"), ("甲乡", None), None),
        (("甲乡", "东村"), (None, "东村"), None),
        (("甲乡", "东村"), ("甲乡", "西村"), ("甲乡", "西村")),
        (("甲乡", "东村"), ("乙乡", "东村"), ("乙乡", "东村")),
        (("甲乡", "东村"), ("乙乡", None), ("乙乡", None)),
        (("甲乡", "东村"), (None, "西村"), (None, "西村")),
        ((None, None), ("甲乡", None), ("甲乡", None)),
        (("甲乡", None), (None, "东村"), (None, "东村")),
    ],
)
def test_what_a_list_leaves_out_moves_nobody(
    before: tuple[str | None, str | None],
    later: tuple[str | None, str | None],
    now: tuple[str | None, str | None] | None,
) -> None:
    """A township alone says nothing of the village, unless it is another township."""
    key, what = UUID(int=1), DifferenceKind.NAME

    place = FoundDifference(key, what, *before).place_by(FoundDifference(key, what, *later))

    assert (None if place is None else (place.township, place.village)) == now


def test_lists_of_an_earlier_day_are_refused(office: Eligibility) -> None:
    """What they lack was not resolved, it was not there yet."""
    keep(office, civil(1, 2), insurer(1), FEBRUARY)

    with pytest.raises(ComparedBackwards, match="上次比对的是 2025-02-01 的名单"):
        keep(office, civil(1), insurer(1))


def test_a_wrong_order_is_refused_by_name(office: Eligibility) -> None:
    """Nothing is answered that was not sent, sent twice, or closed without an answer."""
    book_id = keep(office, civil(1, 2), insurer(9)).book_id
    pursue = office.pursue_differences
    ids = [each.booked.found.difference_id for each in shown(office, book_id)]
    with pytest.raises(UnknownNotice):
        fill(office, book_id, 1, (1, "情况属实", ""))
    with pytest.raises(DifferenceOutOfOrder, match="待交办”，须为“已反馈”才能销号"):
        pursue.resolve(book_id, ids[:1], acting=ACTING, at=AT)
    notice = pursue.send(book_id, letter(), acting=ACTING, at=AT)
    with pytest.raises(NothingToSend):
        pursue.send(book_id, letter(), acting=ACTING, at=AT)
    book = pursue.book(book_id)
    elsewhere = replace(letter(), township=None, owner=DataOwner.HEALTH)
    with pytest.raises(NoticeInvalid, match="只能交给 民政部门 或 医疗保障部门"):
        book.send(ids, elsewhere, institution_id="O1", operator="张", at=AT)
    fill(office, book_id, notice.number, (1, "已死亡", ""))
    pursue.resolve(book_id, notice.difference_ids[:1], acting=ACTING, at=AT)
    late = fill(office, book_id, notice.number, (1, "已迁出", ""))
    assert (late.recorded, late.settled, late.unanswered) == (0, 1, 1)
    book = pursue.book(book_id)
    with pytest.raises(DifferenceOutOfOrder, match="已销号”，须为“待交办或已交办或已反馈”才能交办"):
        book.send(ids, letter(), institution_id="O1", operator="张", at=AT)
    with pytest.raises(UnknownDifference):
        pursue.resolve(book_id, [book_id], acting=ACTING, at=AT)
    with pytest.raises(DifferenceOutOfOrder, match="写了两次"):
        pursue.resolve(book_id, ids[:1] * 2, acting=ACTING, at=AT)
    with pytest.raises(UnknownBook):
        pursue.send(ids[0], letter(), acting=ACTING, at=AT)


def test_an_answer_may_be_corrected_and_the_same_one_is_no_news(office: Eligibility) -> None:
    """Its words can be read again; a difference sent again waits for its new notice."""
    book_id = keep(office, civil(1), insurer(9)).book_id
    office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)

    first = fill(office, book_id, 1, (1, "其他（见说明）", "在外务工"))
    same = fill(office, book_id, 1, (1, "其他（见说明）", "在外务工"))
    other = fill(office, book_id, 1, (1, "医疗保障部门名单有误", ""))

    assert [(t.recorded, t.unchanged) for t in (first, same, other)] == [(1, 0), (0, 1), (1, 0)]
    booked = shown(office, book_id)[0].booked
    assert (booked.answer, booked.sealed_note) == (DifferenceAnswer.RIGHT_WRONG, None)
    book = office.pursue_differences.book(book_id)
    ids = book.notice(1).difference_ids
    book.send(ids, letter(), institution_id="O1", operator="张", at=AT)
    office.log.save(book)
    with pytest.raises(AnswersRejected, match="请在新的核查函上反馈"):
        fill(office, book_id, 1, (1, "已死亡", ""))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("1", "", "情况属实", ""), "第 9 行 校验码：序号与校验码不符"),
        (("0", "?", "情况属实", ""), "第 9 行 序号：须为本函的序号 1 至 1"),
        (("二", "?", "情况属实", ""), "第 9 行 序号：须为本函的序号 1 至 1"),
        (("1", "?", "属实", ""), "第 9 行 核查结果：请从下拉选项中选择"),
        (("1", "?", "其他（见说明）", ""), "第 9 行 核查说明：选“其他”须写明情况"),
        (("1", "?", "", "在外务工"), "第 9 行 核查结果：写了说明而没有选核查结果"),
        (("1", "?", "情况属实", "长" * 201), "第 9 行 核查说明：至多 200 个字"),
    ],
)
def test_rows_that_cannot_be_taken_are_named(
    office: Eligibility, row: tuple[str, str, str, str], said: str
) -> None:
    """With row and column, and nothing is recorded."""
    book_id = keep(office, civil(1), insurer(9)).book_id
    ids = office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT).difference_ids
    place, check, result, note = row
    check = check_code(ids[0]) if check == "?" else check
    filled = FilledNotice(book_id, 1, [FilledRow(9, place, check, result, note)])

    with pytest.raises(AnswersRejected, match=said.replace("（", "（")):
        office.pursue_differences.answer(filled, accept_rejected_rows=False, acting=ACTING, at=AT)

    assert told(office, book_id) == [("样例1", "sent")]


def test_rows_with_mistakes_neither_find_nor_resolve_anybody(office: Eligibility) -> None:
    """One whose number can be read is left as it was; one that may be anybody's resolves none."""
    book_id = keep(office, civil(1, 2, 3), insurer(9)).book_id
    undated = csv_file(
        ("姓名", "证件号码", "险种", "参保开始日期"),
        ("样例1", number(1), "390", "没有"),
        ("样例2", number(2), "390", "2023-01-01"),
        ("样例4", number(4), "390", "没有"),
    )
    with pytest.raises(RosterHasRejectedRows, match="共有 2 行错误，未存入"):
        keep(office, civil(1, 2, 3, 4), undated, FEBRUARY)

    keep(office, civil(2, 3, 4), undated, FEBRUARY, accept_rejected_rows=True)
    assert sorted(told(office, book_id)) == [
        ("样例1", "found"),
        ("样例2", "resolved"),
        ("样例3", "found"),
    ]

    nobody = insurer(9, 1, 3, unreadable=["123"])
    kept = keep(office, civil(3), nobody, date(2025, 3, 1), accept_rejected_rows=True)
    assert kept.comparison.figures.resolving_withheld
    assert [state for _, state in sorted(told(office, book_id))] == ["found", "resolved", "found"]


def stored_bytes(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_nobody_is_named_anywhere_in_the_data(tmp_path: Path) -> None:
    """Neither in events nor in the vault, nor what an answer says of somebody."""
    office = opened(tmp_path / "data")
    book_id = keep(office, civil(1, 2), insurer(9)).book_id
    office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)
    fill(office, book_id, 1, (1, "已迁出", "随女儿迁往外县"))
    shown(office, book_id)

    stored = stored_bytes(tmp_path / "data")

    for said in ("样例1", "样例2", number(1), number(2), "随女儿迁往外县"):
        assert said.encode() not in stored
    assert "甲乡".encode() in stored


def test_an_erased_person_is_unreadable_and_the_counts_stand(office: Eligibility) -> None:
    """Known to eligibility or not; a later comparison finds somebody new."""
    book_id = keep(office, civil(1, 2), insurer(9)).book_id
    office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)
    fill(office, book_id, 1, (1, "已迁出", "随女儿迁往外县"), (2, "已死亡", ""))
    first = shown(office, book_id)[0]

    office.erase_person(first.people.person_ids[0])

    gone = shown(office, book_id)[0]
    assert (gone.people.left, gone.booked.answer) == (None, DifferenceAnswer.MOVED)
    assert shown(office, book_id)[1].people.left is not None
    file = io.BytesIO()
    write_notice(file, office.show_differences.notice(book_id, 1, by=BY))
    same = office.pursue_differences.answer(
        FilledNotice(book_id, 1, _refilled(office, book_id)),
        accept_rejected_rows=False,
        acting=ACTING,
        at=AT,
    )
    assert (same.recorded, same.unchanged) == (0, 2)
    figures = keep(office, civil(1, 2), insurer(9), FEBRUARY).comparison.figures
    assert (figures.found, figures.resolved, figures.still_open) == (1, 1, 1)


def _refilled(office: Eligibility, book_id: UUID) -> list[FilledRow]:
    ids = office.pursue_differences.book(book_id).notice(1).difference_ids
    return [
        FilledRow(9, "1", check_code(ids[0]), "已迁出", "随女儿迁往外县"),
        FilledRow(10, "2", check_code(ids[1]), "已死亡", ""),
    ]


def test_of_a_mistyped_number_each_side_has_its_own_key(office: Eligibility) -> None:
    """Erasing the one leaves the other readable."""
    slip = number(2)[:16] + ("1" if number(2)[16] != "1" else "3")
    right = csv_file(
        ("姓名", "证件号码", "证件类型", "险种", "参保开始日期", "出生日期"),
        ("样例2", slip + number(2)[17], "居民户口簿", "390", "2023-01-01", "1970-01-01"),
    )
    book_id = keep(office, civil(2), right).book_id
    # Another type of certificate is another person: not taken for a slip.
    assert told(office, book_id) == [("样例2", "found")]
    people = shown(office, book_id)[0].people
    assert people.right is None
    assert people.left is not None
    assert (people.left.certificate_masked, people.left.name_masked) == (
        number(2)[:6] + "*" * 8 + number(2)[-4:],
        "样**",
    )


def test_whoever_opens_people_is_recorded(office: Eligibility) -> None:
    """A page and a notice."""
    book_id = keep(office, civil(1), insurer(9)).book_id
    office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)
    shown(office, book_id)
    notice = office.show_differences.notice(book_id, 1, by=replace(BY, call="difference-notice"))

    (person_id,) = notice.rows[0].people.person_ids
    reads = office.show_person._reads.latest(person_id)
    assert [read.call for read in reads] == ["difference-notice", "differences"]


def test_the_written_notice_reads_back(office: Eligibility) -> None:
    """Every row with its number and check code; names that look like formulas stay text."""
    header = ("姓名", "身份证号", "救助类别", "批准日期", "乡镇")
    left = csv_file(header, ("=1+1", number(1), "低保", "2023-01-01", "甲乡"))
    book_id = keep(office, left, insurer(9)).book_id
    notice = office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)
    file = io.BytesIO()
    whole: ShownNotice = office.show_differences.notice(book_id, 1, by=BY)
    write_notice(file, whole)

    filled = read_notice(file)

    assert (filled.book_id, filled.number) == (book_id, 1)
    assert [(r.row, r.place, r.check, r.result, r.note) for r in filled.rows] == [
        (9, "1", check_code(notice.difference_ids[0]), "", "")
    ]


def test_read_models_can_be_thrown_away(data_dir: Path) -> None:
    """Made again, they say the same in the same order."""
    office = opened(data_dir)
    book_id = keep(office, civil(1, 2, 3), insurer(1)).book_id
    office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)
    before = [(each.place, each.booked) for each in shown(office, book_id)]
    counts = office.show_differences.book(book_id)[1]
    if is_on_server(data_dir):
        office.forget_difference_rows()
    for path in data_dir.glob("eligibility_read_models*"):
        path.unlink()

    again = opened(data_dir)

    assert [(each.place, each.booked) for each in shown(again, book_id)] == before
    assert again.show_differences.book(book_id)[1] == counts


STEPS = ("比对 0", "封存 2000", "封存 2400", "存入 2400", "完成 0")


def killed_after(step: str, command: list[str]) -> None:
    """Start a process and kill it right after it has told of a step."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == step:
                process.kill()
                break
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == -9


@pytest.mark.parametrize(
    ("step", "kept_on"), [*((step, "sqlite") for step in STEPS), ("存入 2400", "postgres")]
)
def test_killed_and_kept_again_is_as_if_kept_once(
    step: str, data_dir: Path, tmp_path: Path
) -> None:
    """January's 1,000 open differences; February finds 2,400, of which 900 are the same."""
    data = data_dir
    office = opened(data)
    book_id = keep(office, civil(*range(1000)), insurer()).book_id
    february = civil(*range(100, 999), 999, township="乙镇") + b"".join(
        _other(n) for n in range(1500)
    )
    files = [write(tmp_path, "左.csv", february), write(tmp_path, "右.csv", insurer())]
    position = office.log.last_position()

    killed_after(
        step, [sys.executable, "-m", "tests.eligibility.keep_process", str(data), *map(str, files)]
    )

    after = opened(data)
    committed = step == "完成 0"
    assert (after.log.last_position() > position) is committed
    kept = keep(after, february, insurer(), FEBRUARY, at=datetime(2025, 2, 3, tzinfo=UTC))
    assert kept.is_repeated is committed
    figures = kept.comparison.figures
    assert (figures.found, figures.still_open, figures.resolved) == (1500, 900, 100)
    assert _states(after, book_id) == {"found": 2400, "resolved": 100}


def _states(office: Eligibility, book_id: UUID) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in office.show_differences.book(book_id)[1]:
        found[each.state.value] += each.count
    return found


def _other(n: int) -> bytes:
    row = (
        f"别例{n}",
        number(n % 1000, f"19{60 + n // 1000}0101"),
        "低保",
        "2023-01-01",
        "乙镇",
        "",
    )
    return csv_file(row)


@pytest.mark.parametrize("people", [5_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_a_hundred_thousand_differences_are_kept_and_sent_in_seconds(
    people: int, tmp_path: Path
) -> None:
    """Found, found again by the next lists, sent as one notice; the lists compared already."""
    office = opened(tmp_path / "data")
    found = [
        Difference(
            DifferenceKind.NOT_ENROLLED,
            *("甲乡", "东村"),
            ListedSide(CertificateType.PASSPORT, f"E{n:08}", f"样例{n}", None, "低保对象"),
            None,
        )
        for n in range(people)
    ]
    read = ReadList(people, 0, 0, 0, frozenset())
    kept = office.keep_comparison
    keeping = KeepComparison(
        compare=lambda asked, _left, _right: ComparedLists(str(asked.on), read, read, found),
        vault=kept._vault,
        store=kept._store,
        guard=ResolvingGuard(5),
    )
    nothing, begun = io.BytesIO(), time.process_time()

    for on in (date(2025, 1, 1), FEBRUARY):
        done = keeping(
            order(on), nothing, nothing, accept_rejected_rows=False, today=on, acting=ACTING, at=AT
        )
    notice = office.pursue_differences.send(done.book_id, letter(), acting=ACTING, at=AT)

    seconds = time.process_time() - begun
    figures = done.comparison.figures
    assert (figures.found, figures.still_open) == (0, people)
    assert len(notice.difference_ids) == people
    # A hundred thousand took 69 s by the clock on a machine with seven processes for two cores.
    assert seconds < 10 + people / 1_000


def test_books_are_apart_by_region_owners_and_subject() -> None:
    """And the same for the same."""
    asked = order()
    ids = {
        DifferenceBook.id_of(region=region, left=left, right=right, subject=subject)
        for region in ("500112", "500113")
        for left, right in ((asked.left, asked.right), (asked.right, asked.left))
        for subject in ComparedSubject
    }
    assert len(ids) == 12


def test_the_words_that_came_back_can_be_read(office: Eligibility) -> None:
    """In the page, and in the notice written again, which reads back as no news."""
    book_id = keep(office, civil(1), insurer(9)).book_id
    office.pursue_differences.send(book_id, letter(), acting=ACTING, at=AT)
    fill(office, book_id, 1, (1, "其他（见说明）", "在外务工"))

    assert shown(office, book_id)[0].note == "在外务工"
    file = io.BytesIO()
    write_notice(file, office.show_differences.notice(book_id, 1, by=BY))
    again = office.pursue_differences.answer(
        read_notice(file), accept_rejected_rows=False, acting=ACTING, at=AT
    )

    assert (again.recorded, again.unchanged) == (0, 1)


def test_whoever_is_behind_the_page_is_not_opened(office: Eligibility) -> None:
    """A page of one records one read, and tells that there is more."""
    book_id = keep(office, civil(1, 2), insurer(9)).book_id
    page = office.show_differences.page(book_id, WantedDifferences(), after=0, limit=1, by=BY)
    people = [
        each.people.person_ids[0]
        for each in office.show_differences.page(
            book_id, WantedDifferences(), after=0, limit=2, by=replace(BY, call="later")
        ).rows
    ]

    reads = [[read.call for read in office.show_person._reads.latest(each)] for each in people]
    assert page.next_after == 1
    assert reads == [["later", "differences"], ["later"]]


def test_of_one_number_with_two_names_both_are_told() -> None:
    """One alone shows nothing wrong."""
    people = [ListedPerson(number(1), name, None, "东村", None) for name in ("样甲", "例乙")]

    found = list(RosterComparison(people, people[:1]).differences())

    (two,) = [each for each in found if each.what is DifferenceKind.TWO_NAMES_LEFT]
    assert two.left is not None
    assert (two.left.name, two.left.name_masked) == ("样甲／例乙", "样*／例*")
