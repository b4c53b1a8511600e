"""Owners' lists: what they add, change and end; what a full list may not do; the same again."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from contracts.vocabulary import DataOwner
from eligibility.adapters.roster_rejects import rejects_csv
from eligibility.application.import_list import ListDecisions
from eligibility.application.ports import ActsFor
from eligibility.domain.owner_list import (
    EndingGuard,
    ListFigures,
    ListMode,
    ListMovedOn,
    ListOrder,
    ListOrderInvalid,
    ListRows,
    ListWouldEndTooMany,
    read_kinds,
)
from eligibility.domain.roster import RosterHasRejectedRows, RosterUnreadable
from tests.eligibility.conftest import number
from tests.eligibility.list_office import LOW_INCOME, Office, changes, full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file, xlsx_file

TOLD_ON_BOTH = True

ORPHAN = "identity:orphan"
BEGIN = date(2023, 1, 1)
CUT = date(2024, 6, 30)
HELD = ("subsistence_allowance", BEGIN, None)
ENDED = ("subsistence_allowance", BEGIN, CUT)


@pytest.fixture
def office(data_dir: Path) -> Iterator[Office]:
    """A service with an empty data folder."""
    with closing(Office(data_dir)) as office:
        yield office


def civil(*sequences: int, kind: str = "农村低保", begins: str = "2023-01-01") -> bytes:
    """The civil affairs office's list of these people."""
    return csv_file(CIVIL_HEADER, *(civil_row(n, kind=kind, begins=begins) for n in sequences))


def with_actions(*rows: tuple[int, str, str]) -> bytes:
    """A change list: person, last day, action."""
    made = []
    for sequence, last_day, action in rows:
        row = civil_row(sequence)
        row[5] = last_day
        made.append([*row, action])
    return csv_file([*CIVIL_HEADER, "操作"], *made)


def test_a_list_makes_its_people_known_at_one_instant_with_owner_and_roster(
    office: Office,
) -> None:
    """Three people: figures, one recorded instant, a source that names owner, region, roster."""
    report = office.bring(civil(1, 2, 3))

    person = office.person(2)
    assert report.rows == ListRows(accepted=3, rejected=0, passed_over=0)
    assert report.figures == ListFigures(persons_new=3, facts_added=3)
    assert office.instants() == {datetime(2024, 7, 1, 1, 0, 1, tzinfo=UTC)}
    assert [office.facts(n) for n in (1, 2, 3, 4)] == [[HELD], [HELD], [HELD], []]
    assert person is not None
    stated = person.identities_on(CUT, known_at=office.now)[0]
    assert stated.source == f"civil_affairs/list:500112:{report.roster_id}"
    assert stated.owner is DataOwner.CIVIL_AFFAIRS


def test_a_dry_run_tells_what_would_change_and_stores_nothing(office: Office) -> None:
    """The same figures as the import that follows; no event, no id, nobody known meanwhile."""
    office.bring(civil(1, 2))
    position = office.eligibility.log.last_position()
    later = with_actions((1, "2024-03-31", "停发"), (2, "2025-12-31", "调整"), (3, "", "新增"))

    tried = office.attempt(later)
    untouched = office.eligibility.log.last_position()
    unknown = office.person(3)
    done = office.bring(later)

    assert tried.figures == ListFigures(
        persons_new=1, facts_added=1, facts_changed=1, facts_ended=1
    )
    assert (untouched, unknown, tried.activated) == (position, None, None)
    assert done.figures == tried.figures
    assert [office.facts(n) for n in (1, 2, 3)] == [
        [("subsistence_allowance", BEGIN, date(2024, 3, 31))],
        [("subsistence_allowance", BEGIN, date(2025, 12, 31))],
        [HELD],
    ]


def test_the_same_file_again_changes_nothing_and_gets_the_same_answer(office: Office) -> None:
    """A week later, by whomever: the first instant, the first figures, no new event."""
    first = office.bring(civil(1, 2), full())
    position = office.eligibility.log.last_position()

    again = office.bring(civil(1, 2), full())

    assert again.is_repeated
    assert (again.activated, again.figures, again.rows) == (
        first.activated,
        first.figures,
        first.rows,
    )
    assert office.eligibility.log.last_position() == position


def test_who_is_absent_from_a_full_list_ends_on_the_stated_day(office: Office) -> None:
    """One of forty is left out, within 5 %: ended on the day, and as known before still open."""
    office.bring(civil(*range(1, 41)), full(until=date(2023, 12, 31)))
    before = office.now

    report = office.bring(civil(*range(1, 40)), full())

    assert report.figures == ListFigures(
        facts_unchanged=39, facts_ended=1, persons_before=40, persons_ended=1
    )
    assert (office.facts(39), office.facts(40)) == ([HELD], [ENDED])
    person = office.person(40)
    assert person is not None
    after_the_day = date(2024, 7, 1)
    assert len(person.identities_on(after_the_day, known_at=before)) == 1
    assert person.identities_on(after_the_day, known_at=office.now) == []


def test_a_list_that_is_cut_off_is_refused_with_its_figures(office: Office) -> None:
    """Three of forty missing are more than 5 %; only the very number confirms it."""
    office.bring(civil(*range(1, 41)), full(until=date(2023, 12, 31)))
    position = office.eligibility.log.last_position()
    cut_off = civil(*range(1, 38))

    with pytest.raises(ListWouldEndTooMany, match="原名单 40 人，本次名单缺 3 人，超过 5%"):
        office.bring(cut_off, full())
    with pytest.raises(ListWouldEndTooMany, match="确认截止人数 3"):
        office.bring(cut_off, full(), confirmed_endings=2)
    refused_at = office.eligibility.log.last_position()
    confirmed = office.bring(cut_off, full(), confirmed_endings=3)

    assert refused_at == position
    assert confirmed.figures.persons_ended == 3
    assert [office.facts(n) for n in (37, 38, 40)] == [[HELD], [ENDED], [ENDED]]


def test_the_limit_itself_is_still_allowed() -> None:
    """5 % of a hundred are five; a sixth is too many."""
    EndingGuard(5).require(ListFigures(persons_before=100, persons_ended=5), confirmed=None)

    with pytest.raises(ListWouldEndTooMany):
        EndingGuard(5).require(ListFigures(persons_before=100, persons_ended=6), confirmed=None)


def test_a_full_list_speaks_for_its_own_owner_region_and_kinds_alone(office: Office) -> None:
    """Another county's, another owner's and another kind's people are not its to end."""
    office.bring(civil(1), full())
    office.bring(civil(2), full(region="500113"))
    office.bring(civil(3, kind="孤儿"), full((ORPHAN,)))
    office.bring(
        csv_file(
            ["姓名", "身份证号", "户类型", "识别时间"],
            [civil_row(4)[1], civil_row(4)[2], "脱贫户", "2023-01-01"],
        ),
        full(("identity:poverty_exited",), owner=DataOwner.POVERTY_OFFICE),
    )

    report = office.bring(civil(5), full(), confirmed_endings=1)

    assert (report.figures.persons_before, report.figures.persons_ended) == (1, 1)
    assert [office.facts(n) for n in (1, 2, 3, 4)] == [
        [ENDED],
        [HELD],
        [("orphan", BEGIN, None)],
        [("poverty_exited", BEGIN, None)],
    ]


def test_one_kind_ends_while_another_of_the_same_person_stays(office: Office) -> None:
    """On the list as an orphan and no longer with low income: one of the two kinds ends."""
    both = full((LOW_INCOME, ORPHAN))
    rows = [civil_row(1), civil_row(1, kind="孤儿")]
    office.bring(csv_file(CIVIL_HEADER, *rows), full((LOW_INCOME, ORPHAN), until=BEGIN))

    report = office.bring(csv_file(CIVIL_HEADER, rows[1]), both, confirmed_endings=1)

    assert (report.figures.facts_ended, report.figures.persons_ended) == (1, 1)
    assert office.facts(1) == [("orphan", BEGIN, None), ENDED]


def test_what_begins_after_the_stated_day_is_not_ended_by_an_older_list(office: Office) -> None:
    """Recognised in July: a list that ends the absent on 30 June says nothing about it."""
    office.bring(civil(1, begins="2024-07-05"), full(until=date(2024, 7, 31)))

    office.bring(civil(2), full())

    assert office.facts(1) == [("subsistence_allowance", date(2024, 7, 5), None)]


def test_a_rejected_row_of_a_full_list_ends_nobody(office: Office) -> None:
    """Whose row it is can be read: that person stays, another who is absent ends."""
    office.bring(civil(1, 2, 3), full(until=BEGIN))
    bad = civil_row(1, kind="低收入")

    report = office.bring(
        csv_file(CIVIL_HEADER, bad, civil_row(3)),
        full(),
        accept_rejected_rows=True,
        confirmed_endings=1,
    )

    assert (report.figures.persons_before, report.figures.persons_ended) == (3, 1)
    assert [office.facts(n) for n in (1, 2, 3)] == [[HELD], [ENDED], [HELD]]


def test_while_a_rejected_row_might_be_anybody_nobody_ends(office: Office) -> None:
    """A number that cannot be read: it may be the very person who seems absent."""
    office.bring(civil(1, 2, 3), full(until=BEGIN))
    nobody = civil_row(1)
    nobody[2] = "123"

    report = office.bring(
        csv_file(CIVIL_HEADER, nobody, civil_row(2)), full(), accept_rejected_rows=True
    )

    assert report.endings_withheld
    assert (report.figures.persons_before, report.figures.persons_ended) == (3, 0)
    assert [office.facts(n) for n in (1, 2, 3)] == [[HELD], [HELD], [HELD]]


def test_rejected_rows_block_a_list_until_someone_confirms(office: Office) -> None:
    """Refused whole, with nothing stored; each rejected row is handed out as it was typed."""
    content = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2, kind="富户"))

    with pytest.raises(RosterHasRejectedRows, match="1 行错误"):
        office.bring(content)

    assert [(row.row, row.cells[3]) for row in office.rejected] == [(3, "富户")]
    assert office.eligibility.log.last_position() == 0
    assert office.bring(content, accept_rejected_rows=True).figures.facts_added == 1


def test_ending_what_is_not_there_is_an_error_of_that_row(office: Office) -> None:
    """Nobody is ended by a mistyped number; ending twice on one day is no mistake."""
    office.bring(civil(1))
    office.bring(with_actions((1, "2024-03-31", "停发")))

    repeated = office.attempt(with_actions((1, "2024-03-31", "停发"), (2, "", "新增")))
    strange = office.attempt(with_actions((2, "2024-03-31", "停发"), (1, "2024-05-31", "停发")))

    assert (repeated.figures.facts_unchanged, repeated.rows.rejected) == (1, 0)
    assert strange.rows == ListRows(accepted=0, rejected=2, passed_over=0)
    assert [row.row for row in office.rejected] == [2, 3]
    assert "没有由本部门登记的“低保对象”，无可退出" in office.rejected[0].errors[0].message
    assert strange.figures == ListFigures()


def test_one_owner_does_not_end_what_another_says(office: Office) -> None:
    """The disabled persons' federation cannot end the civil affairs office's identity."""
    office.bring(civil(1, kind="孤儿"))
    row = ["样例1", civil_row(1)[2], "孤儿", "", "2024-03-31", "退出"]
    header = ["姓名", "身份证号", "等级", "发证日期", "注销日期", "操作"]
    row[2] = "一级"

    report = office.attempt(csv_file(header, row), changes(DataOwner.DISABLED_FEDERATION))

    assert report.rows.rejected == 1


def test_rows_that_contradict_each_other_or_share_a_number_are_rejected(office: Office) -> None:
    """Two ends of one fact: both rows; one number under two names: the later row."""
    ends = civil_row(1)
    ends[5] = "2024-12-31"
    renamed = [*civil_row(2)]
    renamed[1] = "另一人"
    content = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2), ends, renamed, civil_row(3))

    report = office.attempt(content)

    assert report.rows == ListRows(accepted=2, rejected=3, passed_over=0)
    assert [(row.row, row.errors[0].column) for row in office.rejected] == [
        (2, None),
        (4, None),
        (5, "姓名"),
    ]


def test_a_full_list_says_only_what_it_declared(office: Office) -> None:
    """An orphan's row on a list of low income alone is rejected by name."""
    office.attempt(csv_file(CIVIL_HEADER, civil_row(1), civil_row(2, kind="孤儿")), full())

    assert [row.row for row in office.rejected] == [3]
    assert "没有声明“孤儿”" in office.rejected[0].errors[0].message


def test_an_enrolment_belongs_to_the_lists_region(office: Office) -> None:
    """A county's list takes its own, and rows without one; a city's needs the county in each."""
    header = ["姓名", "证件号码", "险种", "参保开始日期", "参保地"]
    rows = [
        [civil_row(n)[1], civil_row(n)[2], "居民", "2024-01-01", r]
        for n, r in ((1, "500112"), (2, "421022"), (3, ""))
    ]

    def rejected(region: str) -> list[int]:
        office.attempt(csv_file(header, *rows), changes(DataOwner.HEALTH_INSURANCE, region))
        return [row.row for row in office.rejected]

    assert rejected("500112") == [3]
    assert rejected("500100") == [3, 4]
    assert rejected("421000") == [2, 4]


def test_a_name_stated_differently_is_counted_and_sealed(office: Office) -> None:
    """The person stays the same; padding spaces are no other name."""
    office.bring(civil(1))
    padded, other = civil_row(1), civil_row(1)
    padded[1], other[1] = "样 例1", "样例甲"

    assert office.attempt(csv_file(CIVIL_HEADER, padded)).figures.persons_renamed == 0
    renamed = office.bring(csv_file(CIVIL_HEADER, other))

    assert renamed.figures == ListFigures(persons_renamed=1, facts_unchanged=1)


def test_a_clock_set_back_records_nothing_before_what_is_known(office: Office) -> None:
    """The list is recorded at the instant of the last one, all of it."""
    office.bring(civil(1))
    latest = office.now
    office.now = datetime(2024, 1, 1, tzinfo=UTC)

    report = office.bring(civil(1, 2))

    assert report.activated is not None
    assert report.activated.recorded_at == latest
    assert office.instants() == {latest}


def test_a_damaged_end_of_a_file_imports_nothing(office: Office) -> None:
    """The first two thousand rows were read well; the quote left open behind them undoes all."""
    rows = civil(*range(1, 999)) + ('"' + "x" * 200_000).encode()

    with pytest.raises(RosterUnreadable, match="第 1000 行起"):
        office.bring(rows)

    assert office.eligibility.log.last_position() == 0


@pytest.mark.parametrize(
    ("mode", "kinds", "until", "words"),
    [
        (ListMode.FULL, (), CUT, "须写明负责哪些事项"),
        (ListMode.FULL, (LOW_INCOME,), None, "截止到哪一天"),
        (ListMode.CHANGES, (LOW_INCOME,), None, "不写事项"),
        (ListMode.CHANGES, (), CUT, "不写事项"),
    ],
)
def test_an_order_that_does_not_fit_together_is_refused(
    mode: ListMode, kinds: tuple[str, ...], until: date | None, words: str
) -> None:
    """A full list needs kinds and a day; a change list has neither."""
    with pytest.raises(ListOrderInvalid, match=words):
        ListOrder(DataOwner.CIVIL_AFFAIRS, "500112", mode, kinds, until)


def test_kinds_are_named_by_label_or_code() -> None:
    """Labels, codes and local codes; anything else is refused with what there is."""
    assert read_kinds(["孤儿", "subsistence_allowance", "local_bianyuan"]) == (
        "identity:local_bianyuan",
        "identity:orphan",
        "identity:subsistence_allowance",
    )
    assert read_kinds(["城乡居民基本医疗保险"]) == ("enrolment:resident",)
    with pytest.raises(ListOrderInvalid, match="可用：建档立卡贫困人口"):
        read_kinds(["贫困"])


def test_who_is_unchanged_is_not_stated_again_unless_changed_in_between(data_dir: Path) -> None:
    """One of three gets another last day from elsewhere after the trial: nobody is changed."""
    office = Office(data_dir)
    office.bring(civil(1, 2, 3), full(until=BEGIN))
    other = Office(office.data_dir, now=office.now)
    position = office.eligibility.log.last_position()

    def change_the_second(step: str, _done: int) -> None:
        if step == "比对" and other.eligibility.log.last_position() == position:
            other.bring(with_actions((2, "2025-12-31", "调整")), changes(region="500113"))

    with pytest.raises(ListMovedOn):
        office.eligibility.import_list(
            io.BytesIO(civil(1, 2, 3)),
            full(),
            decisions=ListDecisions(),
            acting=ActsFor("O500112", "张"),
            at=office.now + timedelta(seconds=60),
            progress=change_the_second,
        )

    own = [office.facts(n) for n in (1, 3)]
    assert own == [[HELD], [HELD]]
    # What the other list recorded: its begin, its activation and one fact; of this list nothing.
    assert other.eligibility.log.last_position() == position + 3


def test_rows_swallowed_by_an_open_quote_end_nobody(office: Office) -> None:
    """Closed three rows later, it is one row that may be anybody's; never closed, no list."""
    office.bring(civil(*range(1, 41)), full(until=BEGIN))
    rows = [civil_row(n) for n in range(1, 41)]
    rows[35][6] = '"见附件'
    never_closed = csv_file(CIVIL_HEADER, *rows)
    rows[38][6] = '无"'

    report = office.bring(csv_file(CIVIL_HEADER, *rows), full(), accept_rejected_rows=True)

    assert (report.rows.accepted, report.rows.rejected) == (36, 1)
    assert report.endings_withheld
    assert report.figures.persons_ended == 0
    assert "引号没有成对" in office.rejected[0].errors[0].message
    with pytest.raises(RosterUnreadable, match="第 37 行起不是合法的 CSV"):
        office.attempt(never_closed, full())


def test_a_formula_without_its_result_is_no_empty_cell(office: Office) -> None:
    """A last day that was never computed would be a benefit without end."""
    row = civil_row(1)
    row[5] = "=EDATE(E2,12)"

    office.attempt(xlsx_file(CIVIL_HEADER, row, civil_row(2)))

    (rejected,) = office.rejected
    (error,) = rejected.errors
    assert (rejected.row, rejected.cells[5], error.column) == (2, "#公式", "停发日期")
    assert "文件里没有它的结果" in error.message


def test_a_row_with_a_comma_too_many_is_rejected_again_when_sent_again(office: Office) -> None:
    """Nothing of it is lost, and what stands in the wrong column never becomes true."""
    shifted = civil_row(1)
    shifted[6] = "甲村,一组"
    office.attempt(csv_file(CIVIL_HEADER, shifted))
    header, first = CIVIL_HEADER, office.rejected

    office.attempt(b"".join(rejects_csv(header, first)))

    assert [row.cells[:4] for row in first] == [("1", "样例1", number(1), "农村低保")]
    assert [row.cells[-1] for row in office.rejected] == ["一组"]
    assert "列数多于表头" in office.rejected[0].errors[0].message
