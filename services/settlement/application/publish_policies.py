"""Publishing policies (公布政策): from a draft that may change to a version that never does.

What is published is listed in its book's register with its fingerprint and the day it became
known. A mistake in it is put right by a version with a higher number: a correction, one that ends
earlier (`to`), or one that takes its place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import RegionCode, Scheme
from settlement.application.check_policies import Draft, check_policies
from settlement.application.run_worked_cases import WorkedCase, run_worked_case
from settlement.kernel.checking import unfilled
from settlement.law.book import Publication
from settlement.law.policy import Policy
from settlement.law.reading import read_policy


class NotPublished(Exception):
    """Nothing was published; every reason, each with the candidate it is about, or None."""

    def __init__(self, reasons: Sequence[tuple[int | None, str]]):
        """Keep the reasons."""
        self.reasons = tuple(reasons)
        super().__init__("；".join(reason for _, reason in reasons))


@dataclass(frozen=True)
class Candidate:
    """A draft somebody wants to publish, with its worked cases (待公布的草稿)."""

    draft: Draft
    cases: Sequence[WorkedCase]


def decide_publications(
    candidates: Sequence[Candidate],
    *,
    beside: Sequence[Draft],
    register: Sequence[Publication],
    known_on: date,
    today: date,
) -> list[Publication]:
    """The lines to add to the register; none for a candidate that is published already.

    `beside` are the book's published documents, with which the candidates must fit together.
    Raises NotPublished with every reason; then nothing is published at all.
    """
    drafts = [c.draft for c in candidates]
    findings = check_policies([*drafts, *beside])
    reasons: list[tuple[int | None, str]] = [
        (f.draft if f.draft < len(drafts) else None, f"{f.fault.message}；{f.fault.remedy}")
        for f in findings
        if not f.fault.is_warning
    ]
    if known_on > today:
        reasons.append((None, f"知悉日 {known_on} 还没有到；不写 --known-on 就是今天"))
    if reasons:
        raise NotPublished(reasons)
    known = {p.fingerprint for p in register}
    added: list[Publication] = []
    for at, candidate in enumerate(candidates):
        policy = read_policy(candidate.draft.tree)
        if policy.fingerprint in known:
            continue
        reasons += [(at, reason) for reason in _hindrances(policy, candidate.cases)]
        reasons += [(at, reason) for reason in _too_early(policy, register, known_on)]
        added.append(publication_of(policy, known_on=known_on))
    if reasons:
        raise NotPublished(reasons)
    return sorted(added, key=lambda p: p.address)


def publication_of(policy: Policy, *, known_on: date) -> Publication:
    """The line of the register for a policy that became known on a day."""
    return Publication(
        region=policy.region,
        scheme=policy.scheme,
        in_force_from=policy.in_force_from,
        version=policy.version,
        fingerprint=policy.fingerprint,
        known_on=known_on,
    )


def _hindrances(policy: Policy, cases: Sequence[WorkedCase]) -> list[str]:
    """Why a policy is not proven: no worked case, or cases that come out otherwise."""
    if left := list(unfilled(policy)):
        return [f"{left[0].message}；共 {len(left)} 处，填好后再公布"]
    if not cases:
        return ["没有算例；在旁边写好算例，yizhan policy test 通过后再公布"]
    failed = [case.name for case in cases if not run_worked_case(policy, case).passed]
    return [f"算例“{name}”不符；用 yizhan policy test 看差在哪里" for name in failed]


def _too_early(policy: Policy, register: Iterable[Publication], known_on: date) -> list[str]:
    """A day that would change what earlier days are said to have known."""
    reasons = []
    if policy.published and known_on < policy.published:
        reasons.append(f"知悉日 {known_on} 早于文件公布日 {policy.published}；改正 --known-on")
    latest = _latest_known(register, policy.region, policy.scheme)
    if latest and known_on < latest:
        reasons.append(
            f"知悉日 {known_on} 早于这个地区和险种已登记的 {latest}；"
            "那样会改变过去某一天所知的政策，改为不早于它的日期"
        )
    return reasons


def _latest_known(
    register: Iterable[Publication], region: RegionCode, scheme: Scheme
) -> date | None:
    days = [p.known_on for p in register if (p.region, p.scheme) == (region, scheme)]
    return max(days, default=None)
