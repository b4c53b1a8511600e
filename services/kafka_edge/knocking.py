"""Knocking at Kafka's door (试连): whether it is Kafka, and whether it lets us in.

The library tries again for half a minute and then says that nobody answered, whatever it was told.
So before it opens anything, one connection asks alone. Nobody there is not told here: it is told
by the library, which may find another server.
"""

import socket
import ssl
import struct
from contextlib import closing, suppress
from typing import Any, Final

from kafka.net.sasl import get_sasl_mechanism

from kafka_edge.security import (
    CA_VARIABLE,
    CERTIFICATE_VARIABLE,
    PASSWORD_VARIABLE,
    SECURITY_VARIABLE,
    USER_VARIABLE,
    KafkaSecurity,
)

_SECONDS: Final = 5.0
_LOOKING_SECONDS: Final = 2.0
_USUAL_PORT: Final = 9092
_API_VERSIONS: Final = (18, 0)
_SASL_HANDSHAKE: Final = (17, 1)
_SASL_AUTHENTICATE: Final = (36, 0)
_MOST_BYTES: Final = 1024 * 1024


class KafkaUntrusted(Exception):
    """Who answers at Kafka's address is not proved to be it (证书不可信); nothing was sent."""


class KafkaLoginRefused(Exception):
    """Kafka does not let in who comes with this password or certificate (登录被拒)."""


class _HungUp(Exception):
    """The other side said nothing more."""


def require_let_in(bootstrap: str, security: KafkaSecurity) -> None:
    """Ask the first server that answers, where the connection is not an open one.

    Raises `KafkaUntrusted`, `KafkaLoginRefused`, KafkaSecurityUnusable.
    """
    if security.protocol == "PLAINTEXT":
        return
    keywords = security.keywords()
    for server in bootstrap.split(","):
        host, port = _split(server.strip())
        try:
            plain = socket.create_connection((host, port), timeout=_SECONDS)
            with closing(_encrypted(plain, host, keywords)) as door:
                _ask(door, host, keywords)
        except (OSError, _HungUp):
            continue
        return


def require_reachable(bootstrap: str) -> None:
    """See that some server of these takes a connection. Raises OSError."""
    *others, last = bootstrap.split(",")
    for server in others:
        with suppress(OSError), _reached(server):
            return
    with _reached(last):
        pass


def _reached(server: str) -> socket.socket:
    return socket.create_connection(_split(server.strip()), timeout=_LOOKING_SECONDS)


def _encrypted(plain: socket.socket, host: str, keywords: dict[str, Any]) -> socket.socket:
    context: ssl.SSLContext | None = keywords.get("ssl_context")
    if context is None:
        return plain
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLError as wrong:
        plain.close()
        why = getattr(wrong, "verify_message", "") or wrong.reason
        message = (
            f"{host} 的证书不可信：{why}；没有发送任何内容，"
            f"请核对 {SECURITY_VARIABLE} 与 {CA_VARIABLE} (not trusted)"
        )
        raise KafkaUntrusted(message) from wrong


def _ask(door: socket.socket, host: str, keywords: dict[str, Any]) -> None:
    if "sasl_mechanism" in keywords:
        _log_in(door, host, keywords)
        return
    try:
        _request(door, _API_VERSIONS, b"")
    except ssl.SSLError as wrong:
        # Our certificate is looked at after the handshake.
        message = (
            f"Kafka（{host}）不接受我方证书：{wrong.reason}；"
            f"请核对 {CERTIFICATE_VARIABLE} (certificate refused)"
        )
        raise KafkaLoginRefused(message) from wrong


def _log_in(door: socket.socket, host: str, keywords: dict[str, Any]) -> None:
    name: str = keywords["sasl_mechanism"]
    told = _request(door, _SASL_HANDSHAKE, _text(name))
    if struct.unpack_from(">h", told)[0]:
        raise KafkaLoginRefused(f"Kafka（{host}）不支持 {name} 登录 (unsupported)")
    mechanism = get_sasl_mechanism(name)(host=host, **keywords)
    while not mechanism.is_done():
        token = mechanism.auth_bytes()
        told = _request(door, _SASL_AUTHENTICATE, struct.pack(">i", len(token)) + token)
        error, length = struct.unpack_from(">hh", told)
        if error:
            message = (
                f"Kafka（{host}）不接受用户 {keywords['sasl_plain_username']} 的登录；"
                f"请核对 {USER_VARIABLE} 与 {PASSWORD_VARIABLE} (login refused)"
            )
            raise KafkaLoginRefused(message)
        # Behind the error comes its text, then the answer.
        mechanism.receive(told[4 + max(0, length) + 4 :])


def _request(door: socket.socket, api: tuple[int, int], body: bytes) -> bytes:
    """What is answered to a request, without its header. Raises OSError, `_HungUp`."""
    asked = struct.pack(">hhi", *api, 0) + _text("yizhan") + body
    door.sendall(struct.pack(">i", len(asked)) + asked)
    (length,) = struct.unpack(">i", _read(door, 4))
    if not 0 < length <= _MOST_BYTES:
        raise _HungUp
    return _read(door, length)[4:]


def _read(door: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = door.recv(length - len(found))
        if not part:
            raise _HungUp
        found += part
    return found


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()


def _split(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    return (host.strip("[]"), int(port)) if colon and port.isdigit() else (server, _USUAL_PORT)
