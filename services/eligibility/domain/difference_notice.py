"""The formal notice of differences (核查交办函), and what comes back on it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from contracts.vocabulary import DataOwner, DifferenceAnswer

_LONG_NUMBER = re.compile(r"[0-9Xx]{15}")
_LONGEST = {"文号": 60, "发函单位": 60, "依据": 300, "乡镇": 40}


class UnknownBook(Exception):
    """No comparison was kept under this id (没有此台账)."""


class UnknownNotice(Exception):
    """The book has no notice of this number (没有此核查函)."""


class UnknownDifference(Exception):
    """The book has no such difference (没有这条差异)."""


class DifferenceOutOfOrder(Exception):
    """A step that this difference is not ready for (差异状态不符)."""


class NothingToSend(Exception):
    """No open difference is as asked for (没有可交办的差异)."""


class NoticeInvalid(Exception):
    """A notice that cannot be written so (核查函内容有误)."""


class AnswersRejected(Exception):
    """Some rows of a filled-in notice cannot be taken (反馈有错误行)."""


@dataclass(frozen=True)
class NoticeLetter:
    """What stands above the rows of a notice (函头): to a township, or to an owner.

    Raises `NoticeInvalid`.
    """

    township: str | None
    owner: DataOwner | None
    document_number: str
    issuer: str
    basis: str
    sent_on: date
    reply_by: date

    def __post_init__(self) -> None:
        """One recipient, no text too long, nobody's number in it, and time to reply."""
        if (self.township is None) == (self.owner is None):
            message = "收函方须为一个乡镇或一个部门 (township or owner)"
            raise NoticeInvalid(message)
        texts = {
            "文号": self.document_number,
            "发函单位": self.issuer,
            "依据": self.basis,
            "乡镇": self.township or "-",
        }
        for name, content in texts.items():
            if not 1 <= len(content.strip()) <= _LONGEST[name] or not content.isprintable():
                message = f"{name}须为 1 至 {_LONGEST[name]} 个字 (length)"
                raise NoticeInvalid(message)
            if _LONG_NUMBER.search(content):
                message = f"{name}中不得有证件号码 (certificate number)"
                raise NoticeInvalid(message)
        if self.reply_by < self.sent_on:
            message = "反馈期限不得早于发函日期 (reply by)"
            raise NoticeInvalid(message)

    @property
    def recipient(self) -> str:
        """Who it goes to, in words."""
        return self.owner.label if self.owner is not None else self.township or ""


@dataclass(frozen=True)
class Notice:
    """A notice that was sent (核查函); its rows are numbered from 1 in this order."""

    number: int
    letter: NoticeLetter
    sent_at: datetime
    difference_ids: tuple[UUID, ...]

    @cached_property
    def places(self) -> Mapping[UUID, int]:
        """Which row each difference stands in."""
        return {each: row for row, each in enumerate(self.difference_ids, start=1)}


@dataclass(frozen=True)
class DifferenceAnswered:
    """The answer to one difference (反馈), its words sealed; None once the person was erased."""

    difference_id: UUID
    answer: DifferenceAnswer
    sealed_note: bytes | None = field(default=None, repr=False)


def check_code(difference_id: UUID) -> str:
    """What stands beside a row's number, so that a row that slipped is noticed (校验码)."""
    return difference_id.hex[:6].upper()


def answer_words(answer: DifferenceAnswer, *, left: DataOwner, right: DataOwner) -> str:
    """An answer in the words of a notice between these owners."""
    return answer.label.format(left=left.label, right=right.label)


def read_answer(text: str, *, left: DataOwner, right: DataOwner) -> DifferenceAnswer | None:
    """The answer that these words are, or None."""
    typed = text.strip()
    for each in DifferenceAnswer:
        if typed in (each.value, answer_words(each, left=left, right=right)):
            return each
    return None
