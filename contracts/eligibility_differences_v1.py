"""What two owners' lists differ in, and what becomes of it (差异台账); owners' lists (名单).

Owner: eligibility. Files travel in bodies; of the people whom differences are about, answers carry
masked numbers and names. The notice alone (`…/notices/{number}.xlsx`) names people in full.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from contracts.vocabulary import (
    ComparedSubject,
    DataOwner,
    DifferenceAnswer,
    DifferenceKind,
    DifferenceState,
)

LARGEST_PAGE = 1_000

Place = Annotated[str, Field(min_length=1, max_length=40)]


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListSent(Message):
    """A list in a request (名单文件): whose it is, and the CSV or XLSX file in Base64."""

    owner: DataOwner
    content: Annotated[Base64Bytes, Field(repr=False)]


class ComparisonAsked(Message):
    """`POST /v1/comparisons`: compare two lists and keep what differs (比对并存入台账).

    Compared is what holds on the day `on`, today or earlier; of `enrolment`, the right list on any
    day of `year`, which only that subject has and needs. So many may be resolved by it that the
    number has to be confirmed (`confirmed_resolutions`): a list may be cut off.
    """

    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    subject: ComparedSubject = ComparedSubject.PEOPLE
    on: date
    year: Annotated[int, Field(strict=True, ge=2000, le=2100)] | None = None
    left: ListSent
    right: ListSent
    accept_rejected_rows: bool = False
    confirmed_resolutions: Annotated[int, Field(strict=True, ge=0)] | None = None


class ComparisonKept(Message):
    """What a comparison did to the book (比对结果); the same files again get the first answer.

    `comparison_id` is that of the book: the same for every later comparison of these owners.
    """

    comparison_id: str
    on: date
    recorded_at: datetime
    found: int
    reopened: int
    still_open: int
    resolved: int
    rows_left_out: int
    resolving_withheld: bool
    is_repeated: bool = False


class DifferencesCounted(Message):
    """How many differences of a kind, in a place, are in a state (计数)."""

    township: str | None = None
    village: str | None = None
    kind: DifferenceKind
    state: DifferenceState
    count: int


class ComparisonShown(Message):
    """`GET /v1/comparisons/{comparison_id}`: the book and its counts (台账)."""

    comparison_id: str
    region: str
    subject: ComparedSubject
    year: int | None = None
    left_owner: DataOwner
    right_owner: DataOwner
    compared_on: date | None = None
    notices: int
    counts: tuple[DifferencesCounted, ...]


class ListedSideShown(Message):
    """What one list says (一方的说法), masked: 前六后四, and the first character of the name."""

    certificate_type: str
    certificate_masked: str
    name_masked: str
    kinds: str | None = None


class DifferenceShown(Message):
    """A difference (差异); a side is None where its list lacks the person or he was erased."""

    difference_id: str
    place: int
    kind: DifferenceKind
    township: str | None = None
    village: str | None = None
    disease: str | None = None
    state: DifferenceState
    notice: int | None = None
    answer: DifferenceAnswer | None = None
    note: str | None = None
    left: ListedSideShown | None = None
    right: ListedSideShown | None = None


class DifferencesShown(Message):
    """`GET …/differences`: a page; `next_after` is None on the last one (差异清单)."""

    differences: tuple[DifferenceShown, ...]
    next_after: int | None = None


class NoticeAsked(Message):
    """`POST …/notices`: send what waits to be sent to a township, or to an owner (交办).

    With `again`, what was sent with the notice of that number and is not resolved (改交、再交办).
    """

    township: Place | None = None
    owner: DataOwner | None = None
    kinds: tuple[DifferenceKind, ...] = ()
    again: Annotated[int, Field(strict=True, ge=1)] | None = None
    document_number: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: Annotated[str, Field(min_length=1, max_length=60)]
    basis: Annotated[str, Field(min_length=1, max_length=300)]
    reply_by: date


class NoticeSent(Message):
    """The notice that was sent (核查函): fetch it as `…/notices/{number}.xlsx`."""

    comparison_id: str
    number: int
    sent_at: datetime
    differences: int


class AnswerError(Message):
    """A row of a filled-in notice that cannot be taken (错误行), as a spreadsheet numbers it."""

    row: int
    column: str | None = None
    message: str


class AnswerChanged(Message):
    """An answer that takes an earlier one's place (改动的反馈): perhaps an older copy came back."""

    row: int
    before: DifferenceAnswer
    now: DifferenceAnswer


class AnswersTaken(Message):
    """`POST …/answers`: what became of a filled-in notice (反馈结果).

    `settled` rows were resolved meanwhile: their answers are not needed any more.
    """

    comparison_id: str
    notice: int
    recorded: int
    unchanged: int
    unanswered: int
    errors: tuple[AnswerError, ...] = ()
    changed: tuple[AnswerChanged, ...] = ()
    settled: int = 0


class DifferencesClosing(Message):
    """`POST …/resolutions`: close answered differences without another comparison (销号)."""

    difference_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=LARGEST_PAGE)]


class DifferencesClosed(Message):
    """How many were closed (已销号)."""

    comparison_id: str
    resolved: int


class ListImported(Message):
    """`POST /v1/lists`: what a list changed, or would change on a dry run (名单导入结果).

    `recorded_at` is None on a dry run.
    """

    roster_id: str
    recorded_at: datetime | None = None
    rows_accepted: int
    rows_rejected: int
    rows_passed_over: int
    persons_new: int
    persons_renamed: int
    persons_before: int
    persons_ended: int
    facts_added: int
    facts_changed: int
    facts_ended: int
    facts_unchanged: int
    endings_withheld: bool
    is_repeated: bool = False
