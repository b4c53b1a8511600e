"""Differences in the words of their readers (差异的说法): headings and cells of every export."""

from contracts.vocabulary import DifferenceKind
from eligibility.domain.listed_person import Difference, ListedSide

SIDE_HEADINGS = ("证件类型", "证件号码", "姓名", "事项")
_NO_SIDE = ("", "", "", "")


def in_words(what: DifferenceKind, names: tuple[str, str]) -> str:
    """A kind of difference between the lists of these names."""
    return what.label.format(left=names[0], right=names[1])


def headings(names: tuple[str, str]) -> list[str]:
    """The columns of a difference: where, what, and both sides."""
    return ["乡镇", "村", "差异", *(f"{name}：{what}" for name in names for what in SIDE_HEADINGS)]


def cells(each: Difference, names: tuple[str, str]) -> list[str]:
    """A difference in these columns."""
    where = (each.township or "", each.village or "")
    return [*where, in_words(each.what, names), *side_cells(each.left), *side_cells(each.right)]


def side_cells(side: ListedSide | None) -> tuple[str, ...]:
    """What one list says, in the columns `SIDE_HEADINGS`."""
    if side is None:
        return _NO_SIDE
    return (side.certificate_type.label, side.certificate, side.name, side.kinds or "")
