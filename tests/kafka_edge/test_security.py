"""The connection to Kafka is as its settings say, or there is none and a sentence says why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
from typer.testing import CliRunner

import eligibility.entrypoints.cli as eligibility_cli
import settlement.entrypoints.cli as settlement_cli
from contracts.channels import PEOPLE
from kafka_edge.exactly_once import ExactlyOnce
from kafka_edge.knocking import KafkaUntrusted
from kafka_edge.publisher import Publisher
from kafka_edge.security import KafkaSecurityUnusable
from kafka_edge.servers import KafkaServers, read_kafka_servers
from kafka_edge.telling import on_screen
from kafka_edge.topics import create_topics
from kafka_edge.watching import PublisherWatch
from tests.eligibility.conftest import Desk, number
from tests.kafka_edge.reading import records, told
from tests.kafka_edge.secured_broker import (
    PASSWORD,
    SecuredBroker,
    new_authority,
    secured_broker,
)
from tests.kafka_edge.test_publisher import Admissions

ROW = f"居民身份证,{number(1)},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """One that asks who comes."""
    with secured_broker(tmp_path_factory.mktemp("secured")) as made:
        yield made


@dataclass
class Place:
    """Data of this test, topics of this test, and a file with a password."""

    broker: SecuredBroker
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    prefix: str = field(default_factory=lambda: f"{uuid4().hex}.")

    @property
    def password(self) -> Path:
        """The file."""
        return self.folder / "password"

    def say(self, environment: Mapping[str, str]) -> None:
        """Set these variables and no other of Kafka's."""
        for name in ("CERT", "KEY", "CA", "PASSWORD"):
            self.monkeypatch.delenv(f"YIZHAN_KAFKA_{name}_FILE", raising=False)
        for name in ("SASL", "USER"):
            self.monkeypatch.delenv(f"YIZHAN_KAFKA_{name}", raising=False)
        for name, value in {**environment, "YIZHAN_KAFKA_PREFIX": self.prefix}.items():
            self.monkeypatch.setenv(name, value)

    def topic_length(self) -> int:
        """How many records there are, seen without a login."""
        servers = KafkaServers(self.broker.plain, self.prefix)
        return len(records(servers.named(PEOPLE.topic), servers, committed=False))


@pytest.fixture
def place(broker: SecuredBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """With one person whom nobody was told of."""
    Desk(tmp_path).bring(ROW)
    made = Place(broker, tmp_path, monkeypatch)
    made.password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    create_topics(PEOPLE, KafkaServers(broker.plain, made.prefix))
    return made


def publish(place: Place) -> tuple[int, str]:
    """`yizhan eligibility-publish`: how it ended and what it said."""
    command = ["eligibility-publish", "--people", "--create-topics", "--once"]
    done = CliRunner().invoke(eligibility_cli.app, [*command, "--data", str(place.folder)])
    return done.exit_code, done.output


def listen(place: Place) -> tuple[int, str]:
    """`yizhan listen`: the same."""
    command = ["listen", "--once", "--data", str(place.folder)]
    done = CliRunner().invoke(settlement_cli.app, command)
    return done.exit_code, done.output


def test_a_password_or_a_certificate_opens_the_door(place: Place) -> None:
    """Told by one who logs in, heard by one who shows a certificate, and the other way round."""
    settlement = place.broker.authority.sign("settlement")
    place.say(place.broker.logging_in(place.password))
    assert publish(place)[0] == 0
    place.say(place.broker.showing(*settlement))
    ended, said = listen(place)
    assert (ended, "副本有 1 个人员标识" in said) == (0, True), said
    assert publish(place)[0] == 0
    place.say(place.broker.logging_in(place.password))
    assert listen(place)[0] == 0
    assert len(told(PEOPLE, KafkaServers(place.broker.plain, place.prefix))) == 1


def test_a_wrong_password_ends_with_a_sentence(place: Place) -> None:
    """Neither tells nor hears anything; the password itself is in no line."""
    place.password.write_text("battery-staple", encoding="utf-8")
    place.say(place.broker.logging_in(place.password))
    for ended, said in (publish(place), listen(place)):
        assert ended in (1, 2)
        assert "不接受用户 publisher 的登录；请核对 YIZHAN_KAFKA_USER" in said
        assert "battery-staple" not in said
        assert "Traceback" not in said
    assert place.topic_length() == 0


def test_a_certificate_that_nobody_vouches_for_ends_with_a_sentence(place: Place) -> None:
    """Another authority's broker, or another host's: not even the password is sent there."""
    stranger = new_authority(place.folder / "stranger")
    environment = {
        **place.broker.logging_in(place.password),
        "YIZHAN_KAFKA_CA_FILE": str(stranger.file),
    }
    place.say(environment)
    for ended, said in (publish(place), listen(place)):
        assert ended in (1, 2)
        assert "的证书不可信：" in said
        assert "YIZHAN_KAFKA_CA_FILE" in said
    # Nor does the broker let in who shows a certificate of that authority.
    place.say(place.broker.showing(*stranger.sign("settlement")))
    for ended, said in (publish(place), listen(place)):
        assert ended in (1, 2)
        assert "不接受我方证书" in said
    # The certificate is the address's, not the name's.
    elsewhere = place.broker.by_password.replace("127.0.0.1", "localhost")
    other_name = {**place.broker.logging_in(place.password), "YIZHAN_KAFKA": elsewhere}
    with pytest.raises(KafkaUntrusted, match="Hostname mismatch"):
        create_topics(PEOPLE, read_kafka_servers(other_name))
    assert place.topic_length() == 0


def test_a_password_that_is_changed_meanwhile_is_waited_for(place: Place) -> None:
    """A publisher that was let in before tries again, says why, and goes on with the new one."""
    servers = read_kafka_servers(place.broker.logging_in(place.password))
    servers = KafkaServers(servers.bootstrap, place.prefix, servers.security)
    feed, said, ending, opened = Admissions(3), list[str](), Event(), list[str]()

    def open_session(fenced: str | None) -> ExactlyOnce:
        # The first session is let in; the second comes with a password that is not right yet.
        opened.append("")
        right = PASSWORD if len(opened) != 2 else "battery-staple"
        place.password.write_text(right, encoding="utf-8")
        if len(opened) == 2:
            feed.is_away = False
        if len(opened) == 3:
            feed.length = 5
        return ExactlyOnce(PEOPLE, servers, follows=fenced)

    feed.is_away = True
    publisher = Publisher(
        feed,
        open_session,
        watched=PublisherWatch(PEOPLE.source, on_screen(said.append)),
        ending=ending,
    )
    following = Thread(target=publisher.follow)
    following.start()
    while place.topic_length() < 5 and following.is_alive():
        ending.wait(0.2)
    ending.set()
    following.join()
    assert [line for line in said if "KafkaLoginRefused" in line] != []
    assert place.topic_length() == 5


def test_settings_that_do_not_hold_together_are_refused_by_name(tmp_path: Path) -> None:
    """Before anything is opened; a secret is neither told nor shown."""
    authority = new_authority(tmp_path / "authority")
    certificate, key = authority.sign("one")
    password, empty = tmp_path / "password", tmp_path / "empty"
    password.write_text("correct-horse", encoding="utf-8")
    empty.touch()
    tls = {"SECURITY": "SSL", "CA_FILE": str(authority.file)}
    login = {"SASL": "SCRAM-SHA-256", "USER": "u", "PASSWORD_FILE": str(password)}
    both = {**login, **tls, "SECURITY": "SASL_SSL"}
    for settings, because in (
        ({"SECURITY": "TLS"}, "YIZHAN_KAFKA_SECURITY 须为"),
        ({"CA_FILE": str(authority.file)}, "不加密，却设置了 YIZHAN_KAFKA_CA_FILE"),
        ({**login, "SECURITY": "PLAINTEXT"}, "不登录，却设置了 YIZHAN_KAFKA_SASL"),
        ({**both, "SECURITY": "SSL"}, "不登录，却设置了"),
        ({**both, "USER": ""}, "须登录，却没有设置 YIZHAN_KAFKA_USER"),
        ({**both, "SASL": "GSSAPI"}, "YIZHAN_KAFKA_SASL 须为"),
        ({**login, "SECURITY": "SASL_PLAINTEXT", "SASL": "PLAIN"}, "明文传送密码"),
        ({**both, "PASSWORD_FILE": str(empty)}, "YIZHAN_KAFKA_PASSWORD_FILE 所指的文件是空的"),
        ({**both, "PASSWORD_FILE": str(tmp_path / "none")}, "PASSWORD_FILE 所指的文件不能用"),
        ({**tls, "CA_FILE": str(password)}, "YIZHAN_KAFKA_CA_FILE 所指的文件不能用"),
        ({**tls, "CA_FILE": str(tmp_path / "none")}, "YIZHAN_KAFKA_CA_FILE 所指的文件不能用"),
        ({**tls, "CERT_FILE": str(certificate)}, "须同时设置"),
        ({**tls, "CERT_FILE": str(certificate), "KEY_FILE": str(authority.file)}, "KEY_FILE 所指"),
    ):
        environment = {f"YIZHAN_KAFKA_{name}": value for name, value in settings.items()}
        with pytest.raises(KafkaSecurityUnusable, match=because) as refused:
            read_kafka_servers({"YIZHAN_KAFKA": "127.0.0.1:9", **environment})
        assert "correct-horse" not in str(refused.value)
    fitting = {**both, "CERT_FILE": str(certificate), "KEY_FILE": str(key)}
    servers = read_kafka_servers(
        {"YIZHAN_KAFKA": "127.0.0.1:9"}
        | {f"YIZHAN_KAFKA_{name}": value for name, value in fitting.items()}
    )
    assert servers.connection["sasl_plain_password"] == "correct-horse"  # noqa: S105 -- a test's
    assert "correct-horse" not in repr(servers)
