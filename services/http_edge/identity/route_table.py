"""Which role may call which route (路由权限表): a route without a row is closed to everybody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from re import Pattern
from typing import Final

from starlette.routing import compile_path

from http_edge.identity.roles import Role, Roles

ANYBODY: Final[None] = None
"""A row for those without a token, too."""

OPEN_PATHS: Final = frozenset(
    {
        "/docs",
        "/docs/oauth2-redirect",
        "/openapi.json",
        "/.well-known/jwks.json",
        "/oauth2/token",
        "/health/live",
        "/health/ready",
    }
)
"""What every application shows without a token: its documentation, its public keys, where tokens
come from, and whether it lives."""
OPEN_FOLDERS: Final = ("/static-offline-docs/",)
_READS: Final = ("GET", "HEAD")
_OPEN_METHODS: Final = {"/oauth2/token": ("POST",)}


class ProvinceWide(frozenset[Role]):
    """The roles of a row that is about everybody's people or money (全省业务): for callers of an
    office alone. A hospital's auditor has the role, and not the province."""


@dataclass(frozen=True)
class Row:
    """Who may call one route; None: anybody, without a token."""

    method: str
    template: str
    roles: Roles | None

    @property
    def is_province_wide(self) -> bool:
        """Whether a hospital's callers are refused, whatever their roles."""
        return isinstance(self.roles, ProvinceWide)


class RouteTable:
    """The rows of one application, found by method and path as the router finds its routes."""

    def __init__(self, rows: Mapping[str, Roles | None]) -> None:
        """Rows by `METHOD /path/{parameter}`."""
        made = []
        for key, roles in rows.items():
            method, _, template = key.partition(" ")
            made.append(Row(method, template, roles))
        # A path with fewer parameters is the more special one: /settlements/check before /{number}.
        self.rows = tuple(sorted(made, key=lambda row: row.template.count("{")))
        self._patterns: dict[str, list[tuple[Pattern[str], Row]]] = {}
        self._plain: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            self._patterns.setdefault(row.method, [])
            if "{" in row.template:
                pattern, _, _ = compile_path(row.template)
                self._patterns[row.method].append((pattern, row))
            else:
                self._plain[row.method, row.template] = row

    def find(self, method: str, path: str) -> Row | None:
        """The row of a request, or None."""
        plain = self._plain.get((method, path))
        if plain is not None:
            return plain
        for pattern, row in self._patterns.get(method, ()):
            if pattern.fullmatch(path):
                return row
        return None

    def methods_of(self, path: str) -> list[str]:
        """The methods a path is called with."""
        return sorted(method for method in self._patterns if self.find(method, path))


def is_open(path: str) -> bool:
    """Whether a path is everybody's in every application."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def open_methods(path: str) -> tuple[str, ...]:
    """The methods an open path is called with by everybody."""
    return _OPEN_METHODS.get(path, _READS)


def may(*roles: Role) -> Roles:
    """The roles of a row."""
    return frozenset(roles)


def offices(*roles: Role) -> ProvinceWide:
    """The roles of a row that is an office's alone."""
    return ProvinceWide(roles)


def together(*rows: Mapping[str, Roles | None]) -> dict[str, Roles | None]:
    """Rows written in several places. Raises ValueError for one that is written twice."""
    listed = [item for each in rows for item in each.items()]
    made = dict(listed)
    if len(made) != len(listed):
        raise ValueError(f"twice: {_twice(key for key, _ in listed)}")
    return made


def _twice(keys: Iterable[str]) -> list[str]:
    listed = list(keys)
    return sorted({key for key in listed if listed.count(key) > 1})
