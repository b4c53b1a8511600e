"""Checking versions against one another (查版本): every stay must meet exactly one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from settlement.law.book import StayDates
from settlement.law.document import Fault
from settlement.law.policy import Policy

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PolicyFault:
    """A fault and the policy whose document it stands in."""

    policy: Policy
    fault: Fault


def check_versions(policies: Sequence[Policy]) -> list[PolicyFault]:
    """Faults between the versions of each region × scheme."""
    places: dict[tuple[str, str], list[Policy]] = {}
    for policy in policies:
        places.setdefault((policy.region, policy.scheme), []).append(policy)
    found: list[PolicyFault] = []
    for versions in places.values():
        versions.sort(key=lambda p: (p.in_force_from, p.version))
        found += _check_each(versions)
        if not any(not f.fault.is_warning and f.policy in versions for f in found):
            found += _check_pairs(versions)
            found += _check_counters(_replaced_left_out(versions))
    return found


def _check_counters(versions: list[Policy]) -> list[PolicyFault]:
    """Where a version begins inside a benefit year, counters of another name start at zero: caps
    and deductibles already used would be granted again."""
    found = []
    for earlier, later in pairwise(versions):
        year = later.benefit_year
        begins = later.in_force_from
        if begins == year.first_day(begins):
            continue
        old = {c for layer in earlier.layers for c in layer.counters}
        new = {c for layer in later.layers for c in layer.counters}
        if old - new and new - old:
            found.append(
                _fault(
                    later,
                    ("layers",),
                    f"年度中间换版（{begins}），年度累计改了名："
                    f"前一版有 {'、'.join(sorted(old - new))}，"
                    f"这一版改为 {'、'.join(sorted(new - old))}，已用的额度和起付线会从零重新算",
                    "各版沿用同一个层 id 或 counter；确实重新起算的，改在年度起始日换版",
                    is_warning=True,
                )
            )
        apart = _kept_apart(earlier), _kept_apart(later)
        restarted = {n for n in apart[0] if n in apart[1] and apart[0][n] != apart[1][n]}
        restarted |= set(later.sum_counters) - set(earlier.sum_counters)
        if restarted:
            found.append(
                _fault(
                    later,
                    ("layers",),
                    f"年度中间换版（{begins}），{'、'.join(sorted(restarted))} "
                    "从零起算：前一版没有这样累计",
                    "在年度起始日换版，或两版写同样的 each 和 year. 名称",
                    is_warning=True,
                )
            )
        if earlier.benefit_year != later.benefit_year:
            found.append(
                _fault(
                    later,
                    ("dates", "benefit_year"),
                    f"年度中间换版（{begins}），待遇年度的起始日或归入方式变了，累计会从零重新算",
                    "在年度起始日换版，或写明同一个待遇年度",
                    is_warning=True,
                )
            )
    return found


def _kept_apart(policy: Policy) -> dict[str, str | None]:
    """How each counter of a version is kept: apart by a fact, or together."""
    return {c.name: c.key_fact for layer in policy.layers for c in layer.counters_kept}


def _check_each(versions: list[Policy]) -> list[PolicyFault]:
    found = []
    for policy in versions:
        if policy.in_force_to is not None and policy.in_force_to < policy.in_force_from:
            found.append(
                _fault(
                    policy, ("in_force", "to"), "终止日早于施行日", "改正 to，或删去表示长期有效"
                )
            )
        if policy.version_chosen_by is not versions[0].version_chosen_by:
            found.append(
                _fault(
                    policy,
                    ("dates", "version_chosen_by"),
                    f"同一地区同一险种的各版本选版本的日期不同（{policy.version_chosen_by} 与"
                    f" {versions[0].version_chosen_by}），会有住院遇到两版或没有版本",
                    f"统一写 {versions[0].version_chosen_by}",
                )
            )
    for earlier, later in pairwise(versions):
        if (earlier.in_force_from, earlier.version) == (later.in_force_from, later.version):
            found.append(
                _fault(
                    later,
                    ("version",),
                    "同一地区、险种、施行日和版本号有两份文档",
                    "后一份加大版本号",
                )
            )
    return found


def _check_pairs(versions: list[Policy]) -> list[PolicyFault]:
    """Try every admission and discharge around each boundary: exactly one version each time.

    Of several versions from one day the highest replaces the others. Days before the first and
    after the last version are outside the law known here.
    """
    effective = _replaced_left_out(versions)
    first = effective[0].in_force_from
    last = max(p.in_force_to or date.max for p in effective)
    for admission, discharge in _pairs(effective):
        dates = StayDates(admission=admission, discharge=discharge, settlement=discharge)
        day = dates.on(effective[0].version_chosen_by)
        if not first <= day <= last:
            continue
        meeting = [p for p in effective if _covers(p, dates.on(p.version_chosen_by))]
        stay = f"{admission} 入院、{discharge} 出院的住院"
        if len(meeting) > 1:
            both = "与".join(p.label for p in meeting)
            return [
                _fault(
                    meeting[-1],
                    ("in_force",),
                    f"施行期重叠：{stay}同时遇到{both}",
                    f"给前一版写 to: {meeting[-1].in_force_from - _DAY}",
                )
            ]
        if not meeting:
            later = next(p for p in effective if p.in_force_from > day)
            return [
                _fault(
                    later,
                    ("in_force",),
                    f"施行期有空档：{stay}没有任何版本可用",
                    "补上这段时间的版本；在此之前这样的住院会被拒绝",
                    is_warning=True,
                )
            ]
    return []


def _pairs(versions: list[Policy]) -> list[tuple[date, date]]:
    edges: set[date] = set()
    for policy in versions:
        for edge in (policy.in_force_from, policy.in_force_to):
            if edge is not None and date.min + _DAY < edge < date.max - _DAY:
                edges |= {edge - _DAY, edge, edge + _DAY}
    days = sorted(edges)
    return [
        (admission, discharge) for admission in days for discharge in days if discharge >= admission
    ]


def _replaced_left_out(versions: list[Policy]) -> list[Policy]:
    by_start = {p.in_force_from: p for p in versions}
    return [by_start[day] for day in sorted(by_start)]


def _covers(policy: Policy, day: date) -> bool:
    return policy.in_force_from <= day <= (policy.in_force_to or date.max)


def _fault(
    policy: Policy, place: tuple[str, ...], message: str, remedy: str, *, is_warning: bool = False
) -> PolicyFault:
    return PolicyFault(policy, Fault(place, message, remedy, is_warning))
