"""Whether a server speaks the contract (契约核对): asked a few things, each told by itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.vocabulary import CertificateType
from eligibility.application.owner_ports import NoAnswer, OnlinePage, OwnerSource
from eligibility.domain.certificate import Certificate, read_certificate
from eligibility.domain.owner_feed import SetAside

# A number with a valid check character, of a region that does not exist: it is nobody's.
_NOBODY: Final = "990001190001010012"
_FEW: Final = 5


@dataclass(frozen=True)
class Checked:
    """One thing asked of a server (核对项), and what was wrong with it; None where nothing was."""

    what: str
    wrong: str | None


def check_owner(source: OwnerSource) -> list[Checked]:
    """Ask a server for each thing the contract promises. It changes nothing there or here."""
    return list(_checks(source))


def _checks(source: OwnerSource) -> Iterator[Checked]:
    nobody = read_certificate(certificate_type=CertificateType.RESIDENT_ID, number=_NOBODY)
    yield _tried("单人查询：不认识的人答 found: false", lambda: _of_nobody(source, nobody))
    pages: list[OnlinePage] = []
    yield _tried("变更清单：从头读", lambda: _first_page(source, pages))
    if not pages:
        return
    first = pages[0]
    yield Checked("变更清单：位置递增、游标到位", _order_fault(first))
    yield Checked("变更清单：每一条都读得懂", _set_aside(first))
    end = first.last_position
    yield _tried("变更清单：读到末尾为空", lambda: _empty_end(source, end))
    known = next((each for each in first.items if not isinstance(each, SetAside)), None)
    if known is not None:
        certificate = known.person.certificate
        yield _tried("单人查询：变更清单里的人", lambda: _of_somebody(source, certificate))


def _tried(what: str, ask: Callable[[], str | None]) -> Checked:
    try:
        return Checked(what, ask())
    except NoAnswer as silent:
        return Checked(what, str(silent))


def _of_nobody(source: OwnerSource, nobody: Certificate) -> str | None:
    return "虚构的号码也答认识" if source.look_up(nobody).found else None


def _first_page(source: OwnerSource, pages: list[OnlinePage]) -> str | None:
    page = source.changes(0, _FEW)
    pages.append(page)
    return f"limit={_FEW} 却答了 {len(page.items)} 条" if len(page.items) > _FEW else None


def _order_fault(page: OnlinePage) -> str | None:
    positions = [each.position for each in page.items]
    if positions != sorted(set(positions)):
        return "position 没有逐条递增"
    if positions and page.next_after < positions[-1]:
        return "next_after 小于最后一条的 position"
    if page.last_position < page.next_after:
        return "last_position 小于 next_after"
    if page.has_more is not (page.next_after < page.last_position):
        return "has_more 与 last_position 不符"
    return None


def _set_aside(page: OnlinePage) -> str | None:
    aside = [each for each in page.items if isinstance(each, SetAside)]
    listed = "、".join(f"{each.position}（{each.reason.label}）" for each in aside)
    return f"读不懂：{listed}" if aside else None


def _empty_end(source: OwnerSource, end: int) -> str | None:
    page = source.changes(end, _FEW)
    if page.has_more and not page.items:
        return "has_more 为 true 却没有变更"
    return "next_after 倒退" if page.next_after < end else None


def _of_somebody(source: OwnerSource, certificate: Certificate) -> str | None:
    return None if source.look_up(certificate).found else "变更清单里的人，查询却答不认识"
