"""Checking policies before anyone relies on them (查政策): each alone, then versions together."""

from collections.abc import Sequence
from dataclasses import dataclass

from settlement.kernel.checking import check_policy
from settlement.law.checking import check_versions
from settlement.law.document import Fault, Tree
from settlement.law.policy import Policy
from settlement.law.reading import read_with_faults


@dataclass(frozen=True)
class Draft:
    """A document to check (待查文档): its tree, and the path it has below its book's directory.

    `address` is empty when the document stands outside any book.
    """

    tree: Tree
    address: tuple[str, ...] = ()


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
        found += [Finding(at, fault) for fault in faults]
    at_of = {id(policy): at for at, policy in readable.items()}
    found += [
        Finding(at_of[id(f.policy)], f.fault) for f in check_versions(list(readable.values()))
    ]
    return sorted(found, key=lambda f: f.draft)


def _check_address(policy: Policy, address: tuple[str, ...]) -> list[Fault]:
    if not address:
        return []
    right = (
        policy.region,
        policy.scheme.value,
        f"{policy.in_force_from}.v{policy.version}.yaml",
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
