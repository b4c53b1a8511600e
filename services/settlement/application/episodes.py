"""Which stays hang together (连续住院): parts of one, and those that a transfer goes on."""

from collections.abc import Collection
from datetime import date

from contracts.vocabulary import Departure, PersonId
from settlement.application.former_parts import FindStay
from settlement.domain.chain import EpisodeUsed
from settlement.domain.stay import Stay, stay_id_of

_ONWARDS = (Departure.TRANSFERRED, Departure.TO_COMMUNITY)


class TransferUnfit(Exception):
    """The stay that a transfer is said to go on is not there, or did not end as one."""


def transferred_from(stay: Stay, find: FindStay, *, records: Collection[PersonId]) -> Stay | None:
    """The last part of the stay that this one goes on; None where it is no transfer.

    `records` are all ids of the person. How soon one follows the other no text says: the former
    ended on or before the day of admission. Raises TransferUnfit.
    """
    stated = stay.circumstances.transferred_from
    if stated is None:
        return None
    where = f"转出医院 {stated.institution_id} 的住院 {stated.hospital_stay_number}"
    former = find(stay_id_of(stated.institution_id, stated.hospital_stay_number), Stay)
    while former is not None and former.goes_on:
        former = find(former.next_part_id, Stay)
    if former is None or former.is_cancelled or former.person_id not in records:
        raise TransferUnfit(f"没有该参保人在{where}；请核对转出医院编码与住院号")
    if former.discharge is None or former.departure not in _ONWARDS:
        raise TransferUnfit(f"{where}没有以转院办理出院；请转出医院先登记离院方式为转院的出院")
    if former.discharge > _first_day(stay, find):
        raise TransferUnfit(f"{where}于 {former.discharge} 出院，晚于本次入院；请核对日期")
    return former


def episode_of(stay: Stay, find: FindStay, *, records: Collection[PersonId]) -> EpisodeUsed:
    """The stays that this one hangs together with, by the first of them. Raises TransferUnfit."""
    first, seen = _first_part(stay, find), set()
    while first.id not in seen:
        seen.add(first.id)
        former = transferred_from(first, find, records=records)
        if former is None:
            return EpisodeUsed(first.id, first.admission)
        first = _first_part(former, find)
    raise TransferUnfit(f"住院 {stay.hospital_stay_number} 的转院首尾相接；请核对各次的转出医院")


def _first_part(stay: Stay, find: FindStay) -> Stay:
    first_id = stay_id_of(stay.institution_id, stay.hospital_stay_number)
    return stay if stay.part == 1 else find(first_id, Stay) or stay


def _first_day(stay: Stay, find: FindStay) -> date:
    return _first_part(stay, find).admission
