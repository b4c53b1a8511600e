"""Differences in the words of their readers (差异的说法): headings and cells of every export."""

from eligibility.domain.listed_person import Difference, DifferenceKind, ListedSide

IN_WORDS = {
    DifferenceKind.MISSING_RIGHT: "{left}有，{right}没有",
    DifferenceKind.MISSING_LEFT: "{right}有，{left}没有",
    DifferenceKind.KINDS: "两边事项不同",
    DifferenceKind.NAME: "同一号码，姓名不同",
    DifferenceKind.NUMBER: "姓名与出生日期（或村）相同，号码差一处",
    DifferenceKind.TWO_NAMES_LEFT: "{left}同一号码有两个姓名",
    DifferenceKind.TWO_NAMES_RIGHT: "{right}同一号码有两个姓名",
    DifferenceKind.MARK_MISSING_RIGHT: "{left}已登记病种，{right}没有",
    DifferenceKind.MARK_MISSING_LEFT: "{right}已登记病种，{left}没有",
    DifferenceKind.MARK_DAYS: "同一病种，起止日期不同",
    DifferenceKind.NOT_ENROLLED: "{left}有困难身份，{right}没有参保",
}
"""What users read for each kind of difference, with the names of the two lists."""

SIDE_HEADINGS = ("证件类型", "证件号码", "姓名", "事项")
_NO_SIDE = ("", "", "", "")


def in_words(what: DifferenceKind, names: tuple[str, str]) -> str:
    """A kind of difference between the lists of these names."""
    return IN_WORDS[what].format(left=names[0], right=names[1])


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
