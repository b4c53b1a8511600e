"""Files of worked cases (算例文件): `<policy file name>.cases.yaml`, beside the policy, or a file
that carries a small policy of its own (`policy:` and `cases:`).

A list of cases; amounts in yuan, facts by Chinese label or code. FORMAT.md shows one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from settlement.adapters.plain_yaml import NotPlain, read_plain
from settlement.adapters.policy_files import (
    PolicyDocument,
    PolicyFileFaulty,
    book_of,
    load_policy,
    read_document,
)
from settlement.adapters.reading_cases import read_case
from settlement.application.check_policies import Draft, check_policies
from settlement.application.worked_cases import CaseFile, WorkedCase
from settlement.law.document import Fault, Node, Tree
from settlement.law.document import Path as TreePath
from settlement.law.facts import Ask
from settlement.law.policy import Policy
from settlement.law.reading import read_policy, read_with_faults

_SUFFIX = ".cases.yaml"


def is_case_file(path: Path) -> bool:
    """Whether the file holds worked cases rather than law."""
    return path.name.endswith(_SUFFIX)


def cases_beside(policy_file: Path) -> Path:
    """Where the worked cases of a policy file are kept."""
    return policy_file.with_name(policy_file.name.removesuffix(".yaml") + _SUFFIX)


def policy_beside(case_file: Path) -> Path:
    """The policy a file of worked cases belongs to, unless it carries its own."""
    return case_file.with_name(case_file.name.removesuffix(_SUFFIX) + ".yaml")


def find_case_files(path: Path) -> list[Path]:
    """The files of worked cases under a directory, beside a policy, or the file itself."""
    if path.is_dir():
        return sorted(path.rglob(f"*{_SUFFIX}"))
    found = path if is_case_file(path) else cases_beside(path)
    return [found] if found.is_file() else []


def load_cases(path: Path) -> list[WorkedCase]:
    """The worked cases of one file. Raises PolicyFileFaulty with file, line and remedy."""
    return list(load_case_file(path).cases)


def load_case_file(path: Path) -> CaseFile:
    """The cases of one file, and its own policy if it carries one.

    Raises PolicyFileFaulty with file, line and remedy of every error; what its own policy is
    merely warned of, such as a missing number, does not hinder.
    """
    document = _read(path)
    return _loaded(document, _asks(document) or ())


def load_policy_and_cases(path: Path, root: Path) -> tuple[Policy, tuple[WorkedCase, ...]]:
    """A file's cases with the policy they run under: its own, or the one beside it.

    `root` is the book the policy beside it uses shared numbers of. Raises PolicyFileFaulty.
    """
    found = load_readable_cases(path, root)
    if found.notes:
        raise PolicyFileFaulty(path, found.notes)
    return found.policy, found.cases


@dataclass(frozen=True)
class ReadableCases:
    """What can be run of a file (读得进的算例); `notes` tell why the others cannot be read."""

    policy: Policy
    cases: tuple[WorkedCase, ...]
    unread: int
    notes: tuple[str, ...]


def load_readable_cases(path: Path, root: Path) -> ReadableCases:
    """A file's policy with those of its cases that can be read.

    Raises PolicyFileFaulty when the file, or the policy, cannot be read at all.
    """
    document, beside = _read(path), policy_beside(path)
    if not isinstance(document.tree, dict) and not beside.is_file():
        told = f"{path}:1: 错误：算例旁边没有政策 {beside.name}；改名，或自带 policy:"
        raise PolicyFileFaulty(path, [told])
    carries_own = isinstance(document.tree, dict)
    asks = (_asks(document) or ()) if carries_own else load_policy(beside, root).asks
    faults, cases = _read_cases(document, asks)
    errors = [f for f in faults if not f.is_warning]
    wrong = {_case_of(fault) for fault in errors}
    of_policy = [f for f in _policy_faults(document) if not f.is_warning]
    if of_policy or None in wrong:
        everything = [*of_policy, *errors]
        raise PolicyFileFaulty(path, [document.note(fault) for fault in everything])
    own = _own_policy(document)
    return ReadableCases(
        policy=own or load_policy(beside, root),
        cases=tuple(case for at, case in enumerate(cases) if at not in wrong),
        unread=len(wrong),
        notes=tuple(document.note(fault) for fault in errors),
    )


def _case_of(fault: Fault) -> int | None:
    """Which case a fault is in; None for the file as a whole."""
    at = next((step for step in fault.path[:2] if isinstance(step, int)), None)
    return None if fault.path[:1] == ("policy",) else at


def _loaded(document: PolicyDocument, asks: Sequence[Ask]) -> CaseFile:
    faults, found = _read_cases(document, asks)
    errors = [f for f in (*_policy_faults(document), *faults) if not f.is_warning]
    if errors:
        raise PolicyFileFaulty(document.path, [document.note(fault) for fault in errors])
    return CaseFile(_own_policy(document), tuple(found))


def check_case_file(path: Path) -> list[str]:
    """Every error and warning in a file of cases, its own policy included, as users read them."""
    try:
        document = _read(path)
    except PolicyFileFaulty as wrong:
        return list(wrong.notes)
    asks = _asks(document)
    faults = _policy_faults(document)
    # Beside a policy that cannot be read nobody knows what its cases may state.
    faults += _read_cases(document, asks)[0] if asks is not None else []
    notes = [document.note(fault) for fault in faults]
    if _policy_tree(document) is None and not policy_beside(path).is_file():
        notes.append(f"{path}:1: 错误：算例旁边没有政策 {policy_beside(path).name}；改名或移走")
    return notes


def _read(path: Path) -> PolicyDocument:
    lines: dict[TreePath, int] = {}
    try:
        return PolicyDocument(path, read_plain(path, lines), lines)
    except NotPlain as wrong:
        note = f"{path}:{wrong.line}: 错误：{wrong.message}；{wrong.remedy}"
        raise PolicyFileFaulty(path, [note]) from wrong


def _read_cases(
    document: PolicyDocument, asks: Sequence[Ask]
) -> tuple[list[Fault], list[WorkedCase]]:
    faults: list[Fault] = []
    root = Node(document.tree, (), faults)
    listed: Iterable[Node] = root.items()
    if root.is_mapping:
        root.need("policy", "文件自带政策时写 policy: 与 cases:；否则直接列出算例")
        cases = root.need("cases", "在 policy 之后写 cases:，列出算例")
        root.close()
        listed = cases.items() if cases else ()
    return faults, [read_case(node, asks) for node in listed]


def _asks(document: PolicyDocument) -> tuple[Ask, ...] | None:
    """What the policy inside or beside asks of a bill; None while one beside cannot be read."""
    tree = _policy_tree(document)
    beside = policy_beside(document.path)
    if tree is None and beside.is_file():
        try:
            tree = read_document(beside, book_of(beside)).tree
        except PolicyFileFaulty:
            return None
    policy = read_with_faults(tree)[0] if tree is not None else None
    return policy.asks if policy else ()


def _policy_tree(document: PolicyDocument) -> "Tree | None":
    return document.tree.get("policy") if isinstance(document.tree, dict) else None


def _policy_faults(document: PolicyDocument) -> list[Fault]:
    """What is wrong with a file's own policy, checked as if it stood alone."""
    tree = _policy_tree(document)
    found = check_policies([Draft(tree)]) if tree is not None else []
    return [
        Fault(("policy", *f.fault.path), f.fault.message, f.fault.remedy, f.fault.is_warning)
        for f in found
    ]


def _own_policy(document: PolicyDocument) -> Policy | None:
    tree = _policy_tree(document)
    return None if tree is None else read_policy(tree)
