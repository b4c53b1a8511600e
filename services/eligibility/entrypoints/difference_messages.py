"""Differences and lists as messages (差异与名单消息)."""

from uuid import UUID

from contracts import eligibility_differences_v1 as told
from eligibility.application.difference_ports import DifferenceCount
from eligibility.application.import_list import ListReport
from eligibility.application.keep_comparison import KeptComparison
from eligibility.application.pursue_differences import AnswersTaken
from eligibility.application.show_differences import ShownDifference
from eligibility.domain.difference_book import DifferenceBook
from eligibility.domain.difference_notice import Notice
from eligibility.domain.listed_person import ListedSide


def kept_message(kept: KeptComparison) -> told.ComparisonKept:
    """What a comparison did."""
    comparison, figures = kept.comparison, kept.comparison.figures
    return told.ComparisonKept(
        comparison_id=str(kept.book_id),
        on=comparison.on,
        recorded_at=comparison.recorded_at,
        found=figures.found,
        reopened=figures.reopened,
        still_open=figures.still_open,
        resolved=figures.resolved,
        rows_left_out=figures.rows_left_out,
        resolving_withheld=figures.resolving_withheld,
        is_repeated=kept.is_repeated,
    )


def book_message(book: DifferenceBook, counts: "list[DifferenceCount]") -> told.ComparisonShown:
    """A book with its counts."""
    return told.ComparisonShown(
        comparison_id=str(book.id),
        region=book.region,
        subject=book.subject,
        year=book.year,
        left_owner=book.left,
        right_owner=book.right,
        compared_on=book.compared_on,
        notices=len(book.notices),
        counts=tuple(
            told.DifferencesCounted(
                township=each.township,
                village=each.village,
                kind=each.what,
                state=each.state,
                count=each.count,
            )
            for each in counts
        ),
    )


def difference_message(each: ShownDifference) -> told.DifferenceShown:
    """A difference, its people masked."""
    booked, found = each.booked, each.booked.found
    return told.DifferenceShown(
        difference_id=str(found.difference_id),
        place=each.place,
        kind=found.what,
        township=found.township,
        village=found.village,
        disease=found.disease,
        state=booked.state,
        notice=booked.notice,
        answer=booked.answer,
        note=each.note,
        left=_side(each.people.left),
        right=_side(each.people.right),
    )


def notice_message(book_id: UUID, notice: Notice) -> told.NoticeSent:
    """A notice that was sent."""
    return told.NoticeSent(
        comparison_id=str(book_id),
        number=notice.number,
        sent_at=notice.sent_at,
        differences=len(notice.difference_ids),
    )


def answers_message(taken: AnswersTaken) -> told.AnswersTaken:
    """What became of a filled-in notice."""
    errors = (told.AnswerError(row=e.row, column=e.column, message=e.message) for e in taken.errors)
    return told.AnswersTaken(
        comparison_id=str(taken.book_id),
        notice=taken.number,
        recorded=taken.recorded,
        unchanged=taken.unchanged,
        unanswered=taken.unanswered,
        settled=taken.settled,
        errors=tuple(errors),
        changed=tuple(
            told.AnswerChanged(row=each.row, before=each.before, now=each.now)
            for each in taken.changed
        ),
    )


def list_message(report: ListReport) -> told.ListImported:
    """What a list changed or would change."""
    rows, figures = report.rows, report.figures
    return told.ListImported(
        roster_id=str(report.roster_id),
        recorded_at=report.activated.recorded_at if report.activated else None,
        rows_accepted=rows.accepted,
        rows_rejected=rows.rejected,
        rows_passed_over=rows.passed_over,
        persons_new=figures.persons_new,
        persons_renamed=figures.persons_renamed,
        persons_before=figures.persons_before,
        persons_ended=figures.persons_ended,
        facts_added=figures.facts_added,
        facts_changed=figures.facts_changed,
        facts_ended=figures.facts_ended,
        facts_unchanged=figures.facts_unchanged,
        endings_withheld=report.endings_withheld,
        is_repeated=report.is_repeated,
    )


def _side(side: ListedSide | None) -> told.ListedSideShown | None:
    if side is None:
        return None
    return told.ListedSideShown(
        certificate_type=side.certificate_type.value,
        certificate_masked=side.certificate_masked,
        name_masked=side.name_masked,
        kinds=side.kinds,
    )
