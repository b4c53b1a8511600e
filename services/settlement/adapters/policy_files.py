"""Policy files (政策文件): YAML read as text, with lines for messages and shared fragments.

A value `{use: "420000/critical_2018.bands"}` is replaced by that place of
`shared/420000/critical_2018.yaml` under the same root, or else of the shipped one; its `sources`
join the document's before the fingerprint is taken. Anchors and aliases are refused: a reader
should see each number where it applies.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from settlement.adapters.plain_yaml import NotPlain, read_plain
from settlement.adapters.published_csv import REGISTER, RegisterFaulty, lost_files, read_register
from settlement.application.check_policies import Draft, check_policies
from settlement.law.book import PolicyBook, Publication
from settlement.law.document import Fault, PolicyUnreadable, Tree
from settlement.law.document import Path as TreePath
from settlement.law.policy import Policy
from settlement.law.reading import read_policy

SHIPPED_POLICIES = Path(__file__).resolve().parent.parent / "policies"
"""The policies that come with the product."""

SHARED = "shared"
_REGION_FOLDER = re.compile(r"[0-9]{6}")


class PolicyFileFaulty(Exception):
    """A policy file with faults; the message names file, line and remedy of each."""

    def __init__(self, path: Path, notes: Sequence[str]):
        """Show every fault."""
        self.path = path
        self.notes = tuple(notes)
        super().__init__("\n".join(notes))


@dataclass(frozen=True)
class PolicyDocument:
    """A file as read (政策文件): the resolved tree, and the line each place stands on."""

    path: Path
    tree: Tree
    lines: Mapping[TreePath, int]

    def line_of(self, place: TreePath) -> int:
        """The line of the nearest place that the file itself holds."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def note(self, fault: Fault) -> str:
        """A fault as users read it: file:line, what is wrong, what to do."""
        where = ".".join(str(p) for p in fault.path)
        at = f"（{where}）" if where else ""
        kind = "提示" if fault.is_warning else "错误"
        return (
            f"{self.path}:{self.line_of(fault.path)}: {kind}：{fault.message}{at}；{fault.remedy}"
        )


def find_policy_files(root: Path) -> list[Path]:
    """The policy documents under a directory: not shared fragments, not worked cases."""
    if root.is_file():
        return [root]
    return sorted(
        p
        for p in root.rglob("*.yaml")
        if SHARED not in p.relative_to(root).parts[:1] and not p.name.endswith(".cases.yaml")
    )


def book_of(path: Path) -> Path:
    """The book's directory that a file or folder stands in: what holds its region's folder."""
    resolved = path.resolve()
    for place in (resolved, *resolved.parents):
        if _REGION_FOLDER.fullmatch(place.name) and place.is_dir():
            return place.parent
    return resolved if resolved.is_dir() else resolved.parent


def address_in(path: Path, root: Path) -> tuple[str, ...]:
    """The file's path below its book; empty when it stands outside any region's folder."""
    parts = path.resolve().relative_to(root.resolve()).parts
    return parts if len(parts) > 1 else ()


def read_document(path: Path, root: Path) -> PolicyDocument:
    """The file's tree with its fragments in place. Raises PolicyFileFaulty."""
    try:
        lines: dict[TreePath, int] = {}
        tree = read_plain(path, lines)
        sources: dict[str, Tree] = {}
        resolved = _Fragments(root, sources).resolve(tree, (), lines)
        if isinstance(resolved, Mapping) and isinstance(resolved.get("sources"), Mapping):
            own = resolved["sources"]
            resolved = {**resolved, "sources": {**sources, **own}}  # type: ignore[dict-item]  # looked at above
        return PolicyDocument(path, resolved, lines)
    except NotPlain as wrong:
        note = f"{path}:{wrong.line}: 错误：{wrong.message}；{wrong.remedy}"
        raise PolicyFileFaulty(path, [note]) from wrong


def load_policy(path: Path, root: Path) -> Policy:
    """The policy in one file. Raises PolicyFileFaulty."""
    document = read_document(path, root)
    try:
        return read_policy(document.tree)
    except PolicyUnreadable as wrong:
        notes = [document.note(f) for f in wrong.faults if not f.is_warning]
        raise PolicyFileFaulty(path, notes) from wrong


def load_book(*roots: Path, published_only: bool = False) -> PolicyBook:
    """All policies under these directories, each book checked as a whole.

    With `published_only`, drafts are left out unread, and published files must be as they were
    published: what bills are settled by. Without it, what stands in the files counts, for trying
    things out. Raises PolicyFileFaulty with every error; warnings, such as missing numbers, do not
    hinder.
    """
    policies: list[Policy] = []
    published: list[Publication] = []
    for root in roots:
        register = register_above(root)
        policies += _checked_as_published(root, register) if published_only else _checked(root)
        published += register
    return PolicyBook(policies, published)


def register_above(path: Path) -> list[Publication]:
    """What is published of the book that a file or folder stands in. Raises PolicyFileFaulty."""
    register = book_of(path) / REGISTER
    try:
        return read_register(register)
    except RegisterFaulty as wrong:
        raise PolicyFileFaulty(register, wrong.notes) from wrong


def drafts_under(root: Path) -> list[Path]:
    """The policy files under a directory that are not published. Raises PolicyFileFaulty."""
    addresses = {p.address for p in register_above(root)}
    book = book_of(root)
    return [f for f in find_policy_files(root) if address_in(f, book) not in addresses]


def _checked(root: Path) -> list[Policy]:
    return _without_errors(
        [(d, Draft(d.tree, address_in(d.path, book_of(root)))) for d in each_document(root)]
    )


def _checked_as_published(root: Path, register: list[Publication]) -> list[Policy]:
    book = book_of(root)
    lost = lost_files(book / REGISTER, register, below=root)
    if lost:
        raise PolicyFileFaulty(book / REGISTER, lost)
    files = [book.joinpath(*publication.address) for publication in register]
    asked = [file for file in files if root.resolve() in (file, *file.parents)]
    documents = [read_document(file, book) for file in asked]
    return _without_errors(
        [(d, Draft(d.tree, address_in(d.path, book), register)) for d in documents]
    )


def _without_errors(documents: Sequence[tuple[PolicyDocument, Draft]]) -> list[Policy]:
    found = check_policies([draft for _, draft in documents])
    errors = [f for f in found if not f.fault.is_warning]
    if errors:
        notes = [documents[f.draft][0].note(f.fault) for f in errors]
        raise PolicyFileFaulty(documents[errors[0].draft][0].path, notes)
    return [read_policy(document.tree) for document, _ in documents]


class _Fragments:
    """Puts shared fragments where a document uses them."""

    def __init__(self, root: Path, sources: dict[str, Tree]):
        self.root = root
        self.sources = sources
        self.loaded: dict[str, Tree] = {}

    def resolve(self, tree: Tree, place: TreePath, lines: Mapping[TreePath, int]) -> Tree:
        if isinstance(tree, str):
            return tree
        if not isinstance(tree, Mapping):
            return [self.resolve(t, (*place, at), lines) for at, t in enumerate(tree)]
        used = tree.get("use")
        if used is None:
            return {k: self.resolve(v, (*place, k), lines) for k, v in tree.items()}
        line = lines.get(place, 1)
        if not isinstance(used, str) or len(tree) > 1:
            raise NotPlain(
                line, "use 应当单独写，值为“目录/文件.位置”", "如 {use: 420000/critical_2018.bands}"
            )
        return self.fragment(used, line)

    def fragment(self, name: str, line: int) -> Tree:
        file, *keys = name.split(".")
        if file not in self.loaded:
            places = [r / SHARED / f"{file}.yaml" for r in (self.root, SHIPPED_POLICIES)]
            path = next((p for p in places if p.is_file()), None)
            if ".." in Path(file).parts or path is None:
                raise NotPlain(line, f"没有共用文件 {SHARED}/{file}.yaml", "检查 use 的写法")
            self.loaded[file] = read_plain(path, {})
        tree: Tree = self.loaded[file]
        if isinstance(tree, Mapping) and isinstance(tree.get("sources"), Mapping):
            self.sources.update(tree["sources"])  # type: ignore[arg-type]  # looked at above
        for key in keys:
            if not isinstance(tree, Mapping) or key not in tree:
                raise NotPlain(line, f"共用文件里没有“{name}”", "检查 use 的写法")
            tree = tree[key]
        return tree


def each_document(root: Path) -> Iterator[PolicyDocument]:
    """Every policy document under a directory. Raises PolicyFileFaulty."""
    for path in find_policy_files(root):
        yield read_document(path, root)
