"""Differences as a file for the offices (差异清单): CSV that a spreadsheet program reads as text.

It holds names and numbers of people and belongs to whoever compared the lists.
"""

from collections.abc import Iterable, Iterator

from eligibility.adapters.roster_rejects import csv_line
from eligibility.domain.listed_person import Difference, DifferenceKind

IN_WORDS = {
    DifferenceKind.MISSING_RIGHT: "{left}有，{right}没有",
    DifferenceKind.MISSING_LEFT: "{right}有，{left}没有",
    DifferenceKind.KINDS: "两边事项不同",
    DifferenceKind.NAME: "同一号码，姓名不同",
    DifferenceKind.NUMBER: "姓名与出生日期（或村）相同，号码差一处",
    DifferenceKind.TWO_NAMES_LEFT: "{left}同一号码有两个姓名",
    DifferenceKind.TWO_NAMES_RIGHT: "{right}同一号码有两个姓名",
}
"""What users read for each kind of difference, with the names of the two lists."""


def differences_csv(differences: Iterable[Difference], *, left: str, right: str) -> Iterator[bytes]:
    """The file, piece by piece (UTF-8 with BOM); `left` and `right` name the two lists."""
    sides = [f"{name}：{what}" for name in (left, right) for what in ("证件号码", "姓名", "事项")]
    yield csv_line(["村", "差异", *sides], is_first=True)
    for each in differences:
        said = IN_WORDS[each.what].format(left=left, right=right)
        mine = (each.certificate, each.name, each.kinds)
        theirs = (each.certificate_right, each.name_right, each.kinds_right)
        yield csv_line([each.village or "", said, *(text or "" for text in (*mine, *theirs))])
