"""How the connection to Apache Kafka is secured (连接安全): encrypted, and known by whom."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SECURITY_VARIABLE: Final = "YIZHAN_KAFKA_SECURITY"
CA_VARIABLE: Final = "YIZHAN_KAFKA_CA_FILE"
CERTIFICATE_VARIABLE: Final = "YIZHAN_KAFKA_CERT_FILE"
KEY_VARIABLE: Final = "YIZHAN_KAFKA_KEY_FILE"
SASL_VARIABLE: Final = "YIZHAN_KAFKA_SASL"
USER_VARIABLE: Final = "YIZHAN_KAFKA_USER"
PASSWORD_VARIABLE: Final = "YIZHAN_KAFKA_PASSWORD_FILE"  # noqa: S105 -- the name of a variable

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_OF_TLS: Final = (CA_VARIABLE, CERTIFICATE_VARIABLE, KEY_VARIABLE)
_OF_SASL: Final = (SASL_VARIABLE, USER_VARIABLE, PASSWORD_VARIABLE)


class KafkaSecurityUnusable(Exception):
    """What is set about the connection does not hold together (连接设置有误); the message names
    the variables, never what stands in a file."""


@dataclass(frozen=True)
class KafkaSecurity:
    """The protocol, and the files that it takes; without any, an open connection.

    Files are read again for each client that is opened: a certificate that was renewed or a
    password that was changed counts from then on.
    """

    protocol: str = "PLAINTEXT"
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    mechanism: str | None = None
    user: str | None = None
    password_file: str | None = None

    def keywords(self) -> dict[str, Any]:
        """What every client of the library is told. Raises `KafkaSecurityUnusable`."""
        told: dict[str, Any] = {"security_protocol": self.protocol}
        if self._is_encrypted:
            told["ssl_context"] = self._context()
        if self.mechanism:
            told["sasl_mechanism"] = self.mechanism
            told["sasl_plain_username"] = self.user
            told["sasl_plain_password"] = self._password()
        return told

    @property
    def _is_encrypted(self) -> bool:
        return self.protocol.endswith("SSL")

    def _context(self) -> ssl.SSLContext:
        with _refusing(CA_VARIABLE):
            context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file:
            with _refusing(f"{CERTIFICATE_VARIABLE}、{KEY_VARIABLE}"):
                # Without a password the library would ask the terminal for that of a locked key.
                context.load_cert_chain(self.certificate_file, self.key_file, password="")
        return context

    def _password(self) -> str:
        with _refusing(PASSWORD_VARIABLE):
            password = Path(self.password_file or "").read_text(encoding="utf-8").rstrip("\r\n")
        if not password:
            raise KafkaSecurityUnusable(f"{PASSWORD_VARIABLE} 所指的文件是空的 (empty)")
        return password


@contextmanager
def _refusing(variable: str) -> Iterator[None]:
    """Whatever reading a file raises is told by the variable that names it."""
    try:
        yield
    except (OSError, ValueError) as wrong:
        # What the error says may quote the file.
        why = getattr(wrong, "strerror", None) or type(wrong).__name__
        message = f"{variable} 所指的文件不能用：{why} (cannot be used)"
        raise KafkaSecurityUnusable(message) from None


def read_security(environment: Mapping[str, str]) -> KafkaSecurity:
    """YIZHAN_KAFKA_SECURITY and what belongs to it, tried. Raises `KafkaSecurityUnusable`."""
    given = {name: environment.get(name) or None for name in (*_OF_TLS, *_OF_SASL)}
    protocol = environment.get(SECURITY_VARIABLE) or PROTOCOLS[0]
    if protocol not in PROTOCOLS:
        raise KafkaSecurityUnusable(
            f"{SECURITY_VARIABLE} 须为 {'、'.join(PROTOCOLS)} 之一 (one of)"
        )
    if not protocol.endswith("SSL"):
        _require_none(given, _OF_TLS, f"{SECURITY_VARIABLE}={protocol} 不加密")
    if protocol.startswith("SASL"):
        _require_all(given, _OF_SASL, f"{SECURITY_VARIABLE}={protocol} 须登录")
    else:
        _require_none(given, _OF_SASL, f"{SECURITY_VARIABLE}={protocol} 不登录")
    if (given[CERTIFICATE_VARIABLE] is None) != (given[KEY_VARIABLE] is None):
        raise KafkaSecurityUnusable(f"{CERTIFICATE_VARIABLE} 与 {KEY_VARIABLE} 须同时设置 (both)")
    mechanism = given[SASL_VARIABLE]
    if mechanism is not None and mechanism not in MECHANISMS:
        raise KafkaSecurityUnusable(f"{SASL_VARIABLE} 须为 {'、'.join(MECHANISMS)} 之一 (one of)")
    if mechanism == "PLAIN" and protocol != "SASL_SSL":
        message = f"{SASL_VARIABLE}=PLAIN 会明文传送密码；请用 SASL_SSL 或 SCRAM (needs TLS)"
        raise KafkaSecurityUnusable(message)
    security = KafkaSecurity(
        protocol=protocol,
        ca_file=given[CA_VARIABLE],
        certificate_file=given[CERTIFICATE_VARIABLE],
        key_file=given[KEY_VARIABLE],
        mechanism=mechanism,
        user=given[USER_VARIABLE],
        password_file=given[PASSWORD_VARIABLE],
    )
    security.keywords()
    return security


def _require_none(given: Mapping[str, str | None], names: tuple[str, ...], why: str) -> None:
    if found := [name for name in names if given[name] is not None]:
        raise KafkaSecurityUnusable(f"{why}，却设置了 {'、'.join(found)} (contradicting)")


def _require_all(given: Mapping[str, str | None], names: tuple[str, ...], why: str) -> None:
    if missing := [name for name in names if given[name] is None]:
        raise KafkaSecurityUnusable(f"{why}，却没有设置 {'、'.join(missing)} (missing)")
