"""A broker that asks who comes: TLS and a login on one port, TLS and certificates on another."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.real_parts.kafka_broker import KafkaBroker, free_port

USER, PASSWORD = "publisher", "correct-horse"
_HERE = "127.0.0.1"
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Authority:
    """Who signs certificates; `folder` keeps `ca.pem` and what was signed."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def sign(self, name: str) -> tuple[Path, Path]:
        """The files of a certificate for somebody at this machine, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address(_HERE))])
        certificate = (
            _described(name, self.certificate.subject, key)
            .add_extension(here, critical=False)
            .sign(self.key, SHA256())
        )
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        files[1].write_bytes(_pem(key))
        return files

    @property
    def file(self) -> Path:
        """Its own certificate."""
        return self.folder / "ca.pem"


def new_authority(folder: Path) -> Authority:
    """One that nobody trusted before."""
    folder.mkdir(parents=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    certificate = (
        _described("authority", name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    authority = Authority(folder, key, certificate)
    authority.file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return authority


def _described(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # noqa: TID251 -- the broker looks at the real clock
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _YEAR)
        .not_valid_after(now + _YEAR)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class SecuredBroker:
    """The broker, its two doors, and who signed its certificate."""

    plain: str
    by_password: str
    by_certificate: str
    authority: Authority

    def logging_in(self, password: Path) -> Mapping[str, str]:
        """The environment of who comes with a password."""
        return {
            "YIZHAN_KAFKA": self.by_password,
            "YIZHAN_KAFKA_SECURITY": "SASL_SSL",
            "YIZHAN_KAFKA_CA_FILE": str(self.authority.file),
            "YIZHAN_KAFKA_SASL": "SCRAM-SHA-512",
            "YIZHAN_KAFKA_USER": USER,
            "YIZHAN_KAFKA_PASSWORD_FILE": str(password),
        }

    def showing(self, certificate: Path, key: Path) -> Mapping[str, str]:
        """The environment of who comes with a certificate."""
        return {
            "YIZHAN_KAFKA": self.by_certificate,
            "YIZHAN_KAFKA_SECURITY": "SSL",
            "YIZHAN_KAFKA_CA_FILE": str(self.authority.file),
            "YIZHAN_KAFKA_CERT_FILE": str(certificate),
            "YIZHAN_KAFKA_KEY_FILE": str(key),
        }


@contextmanager
def secured_broker(folder: Path) -> Iterator[SecuredBroker]:
    """A broker for some tests alone."""
    authority = new_authority(folder / "authority")
    certificate, key = authority.sign("broker")
    store = authority.folder / "broker-store.pem"
    store.write_bytes(key.read_bytes() + certificate.read_bytes())
    ports = {"PLAINTEXT": free_port(), "SASL_SSL": free_port(), "SSL": free_port()}
    controller = free_port()
    doors = ",".join(f"{name}://{_HERE}:{port}" for name, port in ports.items())
    broker = KafkaBroker(
        folder / "broker",
        port=ports["PLAINTEXT"],
        controller_port=controller,
        more_properties=f"""
listeners={doors},CONTROLLER://{_HERE}:{controller}
advertised.listeners={doors}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={store}
ssl.truststore.type=PEM
ssl.truststore.location={authority.file}
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
""",
        format_options=("--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"),
    )
    try:
        broker.start()
        yield SecuredBroker(
            plain=broker.bootstrap,
            by_password=f"{_HERE}:{ports['SASL_SSL']}",
            by_certificate=f"{_HERE}:{ports['SSL']}",
            authority=authority,
        )
    finally:
        broker.kill()
