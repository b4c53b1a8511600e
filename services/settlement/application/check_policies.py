"""Checking policies before anyone relies on them (查政策): each alone, then versions together."""

from collections.abc import Sequence
from dataclasses import dataclass

from settlement.kernel.checking import check_policy
from settlement.law.book import Publication, address_of
from settlement.law.checking import check_versions
from settlement.law.document import Fault, Tree
from settlement.law.policy import Policy
from settlement.law.reading import read_with_faults


@dataclass(frozen=True)
class Draft:
    """A document to check (待查文档): its tree, and the path it has below its book's directory.

    `address` is empty when the document stands outside any book; `published` is what the book's
    register lists.
    """

    tree: Tree
    address: tuple[str, ...] = ()
    published: Sequence[Publication] = ()


@dataclass(frozen=True)
class Finding:
    """A fault and the draft it was found in, by position."""

    draft: int
    fault: Fault


def check_policies(drafts: Sequence[Draft]) -> list[Finding]:
    """Every fault and warning, in the order of the drafts."""
    found: list[Finding] = []
    readable: dict[int, Policy] = {}
    for at, draft in enumerate(drafts):
        policy, faults = read_with_faults(draft.tree)
        if policy is not None and not any(not f.is_warning for f in faults):
            readable[at] = policy
            faults = [*faults, *_check_address(policy, draft.address), *check_policy(policy)]
            faults += _check_publication(policy, draft.published)
        found += [Finding(at, fault) for fault in faults]
    at_of = {id(policy): at for at, policy in readable.items()}
    found += [
        Finding(at_of[id(f.policy)], f.fault) for f in check_versions(list(readable.values()))
    ]
    return sorted(found, key=lambda f: f.draft)


def _check_address(policy: Policy, address: tuple[str, ...]) -> list[Fault]:
    if not address:
        return []
    right = address_of(
        policy.region, policy.scheme, in_force_from=policy.in_force_from, version=policy.version
    )
    if address == right:
        return []
    return [
        Fault(
            (),
            f"路径 {'/'.join(address)} 与内容不符",
            f"应为 {'/'.join(right)}（地区/险种/施行日.v版本.yaml），改路径或改内容",
        )
    ]


def _check_publication(policy: Policy, published: Sequence[Publication]) -> list[Fault]:
    """A published version stays as it is; what comes after it has a higher number."""
    begins = (policy.region, policy.scheme, policy.in_force_from)
    of_this_day = {
        p.version: p for p in published if (p.region, p.scheme, p.in_force_from) == begins
    }
    latest = max(of_this_day, default=0)
    same = of_this_day.get(policy.version)
    if same is not None and same.fingerprint != policy.fingerprint:
        return [
            Fault(
                (),
                f"这一版已于 {same.known_on} 公布，不能改",
                f"恢复原文，把改动写进新版本 {policy.in_force_from}.v{latest + 1}.yaml"
                "（改了共用文件的，共用文件另存新名）",
            )
        ]
    if same is None and policy.version < latest:
        return [
            Fault(
                ("version",),
                f"{policy.in_force_from} 起的第 {latest} 版已经公布，新版本的号要比它大",
                f"版本号改为 {latest + 1}，文件名一起改",
            )
        ]
    return []
