"""The register of published policies (公布登记): `published.csv` at the top of a book.

Columns: region, scheme, from, version, fingerprint, known_on. Lines are only ever added at the
end; a line that was written stays, since it says what was known on its day.
"""

import csv
import io
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from contracts.vocabulary import RegionCode, Scheme
from settlement.law.book import Publication

REGISTER = "published.csv"
COLUMNS = ("region", "scheme", "from", "version", "fingerprint", "known_on")
_REMEDY = "登记只由 yizhan policy publish 往后添加；从备份或版本库恢复这个文件"


class RegisterFaulty(Exception):
    """The register is not as it was written; each note names file, line and remedy."""

    def __init__(self, notes: Sequence[str]):
        """Keep every note."""
        self.notes = tuple(notes)
        super().__init__("\n".join(notes))


def read_register(path: Path) -> list[Publication]:
    """The lines of one register, oldest first; none if nothing was published yet.

    Raises RegisterFaulty with everything that is not as it was written.
    """
    if not path.is_file():
        return []
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise RegisterFaulty([_note(path, 1, f"第一行应为 {','.join(COLUMNS)}")])
    found: list[Publication] = []
    notes: list[str] = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            publication = _publication(row)
        except ValueError as wrong:
            notes.append(_note(path, line, str(wrong)))
            continue
        notes += [_note(path, line, reason) for reason in _out_of_order(publication, found)]
        found.append(publication)
    if notes:
        raise RegisterFaulty(notes)
    return found


def lost_files(path: Path, register: Sequence[Publication], *, below: Path) -> list[str]:
    """A note for each published version whose file is gone from the folder that was asked for."""
    asked = below.resolve()
    notes = []
    for line, publication in enumerate(register, start=2):
        file = path.resolve().parent.joinpath(*publication.address)
        if (asked == file or asked in file.parents) and not file.is_file():
            gone = "/".join(publication.address)
            notes.append(
                f"{path}:{line}: 错误：已公布的 {gone} 不见了；恢复它：已公布的版本要一直留着"
            )
    return notes


def append_to_register(path: Path, added: Sequence[Publication]) -> None:
    """Add lines at the end, in one write; the file appears with its first line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    is_new = not path.is_file() or path.stat().st_size == 0
    writer.writerows([COLUMNS] if is_new else [])
    for p in added:
        row = (p.region, p.scheme.value, p.in_force_from, p.version, p.fingerprint, p.known_on)
        writer.writerow(row)
    before = "" if is_new or path.read_bytes().endswith(b"\n") else "\n"
    with path.open("ab") as file:
        file.write((before + text.getvalue()).encode())
        file.flush()
        os.fsync(file.fileno())


def _publication(row: Sequence[str]) -> Publication:
    if len(row) != len(COLUMNS):
        raise ValueError(f"应有 {len(COLUMNS)} 项，实有 {len(row)} 项")
    region, scheme, begins, version, fingerprint, known_on = row
    if not re.fullmatch(r"[0-9]{6}", region):
        raise ValueError(f"“{region}”不是六位行政区划代码")
    if scheme not in set(Scheme):
        raise ValueError(f"不认识的险种“{scheme}”")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", version):
        raise ValueError(f"“{version}”不是版本号")
    if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
        raise ValueError(f"“{fingerprint}”不是指纹")
    return Publication(
        region=RegionCode(region),
        scheme=Scheme(scheme),
        in_force_from=_day(begins),
        version=int(version),
        fingerprint=fingerprint,
        known_on=_day(known_on),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}”不是日期") from None


def _out_of_order(publication: Publication, before: Sequence[Publication]) -> list[str]:
    """What no line added at the end can say about what stands before it."""
    place = (publication.region, publication.scheme)
    same_place = [p for p in before if (p.region, p.scheme) == place]
    same_day = [p for p in same_place if p.in_force_from == publication.in_force_from]
    reasons = []
    if any(p.version >= publication.version for p in same_day):
        reasons.append(f"第 {publication.version} 版之前已登记了同号或更大的版本")
    if any(p.known_on > publication.known_on for p in same_place):
        reasons.append(f"知悉日 {publication.known_on} 早于前面的行")
    return reasons


def _note(path: Path, line: int, message: str) -> str:
    return f"{path}:{line}: 错误：{message}；{_REMEDY}"
