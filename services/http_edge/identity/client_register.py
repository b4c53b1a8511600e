"""Clients (接入系统): the systems of hospitals, each with a secret of its own (客户端凭据).

Kept in a file beside the data: whoever runs the command writes it, every worker reads it again
when it has changed.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from http_edge.identity.roles import Role

CLIENTS_FILE: Final = "clients.json"

_OWNER_ONLY = 0o600
# A secret is 256 random bits of ours, which nobody tries out however fast they can be hashed; a
# slow hash would only make each wrong secret that somebody sends cost the server dearly.
_SECRET_BYTES = 32
_FORM = "sha256$"


class ClientUnknown(Exception):
    """There is no such client."""


class ClientExists(Exception):
    """There is a client of this id already."""


class ClientsUnusable(Exception):
    """The file of clients cannot be read; the message says which."""


@dataclass(frozen=True)
class Client:
    """One system: for which institution and as what it acts (接入系统).

    `revoked_at` is when it was withdrawn, an instant in ISO 8601, None while it serves.
    """

    client_id: str
    institutions: tuple[str, ...]
    roles: tuple[str, ...]
    added_at: str
    secret_hash: str = field(repr=False)
    revoked_at: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether its secret is kept in today's form; one of an earlier form serves no more, and
        has to be issued again."""
        return self.secret_hash.startswith(_FORM)


class ClientRegister:
    """The clients of one installation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int, int], dict[str, Client]] | None = None
        # Compared against where there is no such client: both answers take as long.
        self._nobody = _hash_of(secrets.token_urlsafe(_SECRET_BYTES))

    def clients(self) -> list[Client]:
        """All of them, by id."""
        return sorted(self._all().values(), key=lambda each: each.client_id)

    def add(
        self,
        client_id: str,
        *,
        institutions: tuple[str, ...],
        roles: tuple[Role, ...],
        at: str,
        in_place: bool = False,
    ) -> str:
        """Add a client and return its secret, which is kept nowhere. Raises ClientExists.

        `in_place`: one of the same id gets a new secret instead. So does one whose secret is of an
        earlier form.
        """
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._changing() as found:
            if client_id in found and found[client_id].is_usable and not in_place:
                raise ClientExists(f"已有客户端 {client_id}；请换一个标识，或先撤销它")
            found[client_id] = Client(
                client_id=client_id,
                institutions=institutions,
                roles=tuple(role.value for role in roles),
                added_at=at,
                secret_hash=_hash_of(secret),
            )
        return secret

    def revoke(self, client_id: str, *, at: str) -> None:
        """Withdraw a client: it gets no more tokens. Raises ClientUnknown."""
        with self._changing() as found:
            if client_id not in found:
                raise ClientUnknown(f"没有客户端 {client_id}；用 yizhan clients list 查看")
            kept = found[client_id]
            found[client_id] = replace(kept, revoked_at=kept.revoked_at or at)

    def check(self, client_id: str, secret: str) -> Client | None:
        """The client with this id and secret, or None; takes as long either way."""
        found = self._all().get(client_id)
        kept = found.secret_hash if found else self._nobody
        is_right = hmac.compare_digest(_hash_of(secret), kept)
        return found if found and is_right and found.revoked_at is None else None

    def _all(self) -> dict[str, Client]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return {}
        # A file that was put in place of another has another number, whatever its clock says.
        version = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self._read is None or self._read[0] != version:
            self._read = (version, _parsed(self._path))
        return self._read[1]

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Client]]:
        """The clients to change, written when the block ends; one at a time on this machine."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = dict(self._all())
            yield found
            self._write(found)
        finally:
            os.close(lock)

    def _write(self, clients: dict[str, Client]) -> None:
        listed = [asdict(each) for each in clients.values()]
        content = json.dumps({"clients": listed}, ensure_ascii=False, indent=2).encode()
        draft = f"{self._path}.{secrets.token_hex(6)}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(self._path)


def _parsed(path: Path) -> dict[str, Client]:
    try:
        listed: list[dict[str, Any]] = json.loads(path.read_bytes())["clients"]
        found = [
            Client(
                **{
                    **each,
                    "institutions": tuple(each["institutions"]),
                    "roles": tuple(each["roles"]),
                }
            )
            for each in listed
        ]
    except (ValueError, KeyError, TypeError) as wrong:
        raise ClientsUnusable(f"客户端清单无法读取：{path}；请恢复备份") from wrong
    return {each.client_id: each for each in found}


def _hash_of(secret: str) -> str:
    return _FORM + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
