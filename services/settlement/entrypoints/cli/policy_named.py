"""A policy as commands name it (指明政策): a file, or a place of the book on a day."""

import re
from contextlib import suppress
from datetime import date
from pathlib import Path

from contracts.vocabulary import RegionCode, Scheme
from settlement.adapters.policy_files import (
    SHIPPED_POLICIES,
    PolicyFileFaulty,
    book_of,
    load_book,
    read_document,
)
from settlement.application.check_policies import Draft, check_policies
from settlement.entrypoints.cli.policy_absent import absence
from settlement.law.book import BOOK_REFUSALS, PolicyBook
from settlement.law.policy import Policy
from settlement.law.reading import read_policy

HOW_TO_NAME = "政策文件，或 地区@日期（如 500112@2023-10-01、500112/resident@2023-10-01）"
_IN_BOOK = re.compile(r"(\d{6})(?:/([^@/]+))?@(\d{4}-\d{2}-\d{2})")


class PolicyNotFound(Exception):
    """What was named is no policy, or several; the message says what there is."""


def policy_named(name: str, policies: Path) -> Policy:
    """The policy of a file, or of `REGION@DATE` or `REGION/SCHEME@DATE` in the book.

    Raises PolicyNotFound, PolicyFileFaulty.
    """
    in_book = _IN_BOOK.fullmatch(name)
    if in_book is None:
        return _in_file(Path(name))
    region, scheme, day = in_book.groups()
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise PolicyNotFound(f"“{day}”不是日期，应如 2023-10-01") from None
    is_shipped = policies == SHIPPED_POLICIES
    return _in_book(load_book(policies), RegionCode(region), scheme, on, is_shipped=is_shipped)


def _in_file(path: Path) -> Policy:
    """The policy of a file, checked as `policy check` does, its place in a book apart."""
    if not path.is_file():
        raise PolicyNotFound(f"“{path}”不是政策文件；写{HOW_TO_NAME}")
    document = read_document(path, book_of(path))
    errors = [f.fault for f in check_policies([Draft(document.tree)]) if not f.fault.is_warning]
    if errors:
        raise PolicyFileFaulty(path, [document.note(fault) for fault in errors])
    return read_policy(document.tree)


def _in_book(
    book: PolicyBook, region: RegionCode, scheme: str | None, day: date, *, is_shipped: bool
) -> Policy:
    wanted = [s for s in Scheme if scheme in (None, s.value, s.label)]
    if not wanted:
        raise PolicyNotFound(f"不认识的险种“{scheme}”；可用：{'、'.join(Scheme)}")
    found = []
    for each in wanted:
        with suppress(*BOOK_REFUSALS):
            found.append(book.on(region=region, scheme=each, day=day))
    if not found:
        told = absence(book, region, schemes=wanted, day=day, is_shipped=is_shipped)
        raise PolicyNotFound(told)
    if len(found) > 1:
        names = "、".join(f"{region}/{p.scheme.value}@{day}" for p in found)
        raise PolicyNotFound(f"{region} 在 {day} 有几个险种的政策；写明险种：{names}")
    return found[0]


NOT_FOUND = (PolicyNotFound, PolicyFileFaulty)
"""Why a named policy cannot be had."""
