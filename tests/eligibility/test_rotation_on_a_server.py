"""Another master key on a server: accounts keep their rights, readers their answers, and what went
wrong after the exchange is not told as if nothing had happened."""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from contracts.vocabulary import CertificateType
from eligibility import bootstrap
from eligibility.adapters import key_rotation
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import KeyReplacement, build, build_key_replacement
from eligibility.domain.certificate import Certificate
from eventlog import postgres_connections
from eventlog.log import LogBusy
from tests.eligibility.conftest import Desk, number
from tests.support.people_places import account_of_a_worker, people_settings

ROW = f"居民身份证,{number(1)},样例一,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"


@pytest.fixture
def kept_on() -> str:
    """All of these."""
    return "postgres"


def replacement_of(data_dir: Path) -> KeyReplacement:
    """Another master key, about to be made."""
    return build_key_replacement(people_settings(data_dir))


def run(replacement: KeyReplacement) -> None:
    """The whole of it, with one person."""
    assert replacement.rotate(progress=lambda _done, _people: None) == 1
    replacement.take_into_use()


def test_an_account_that_only_reads_and_writes_goes_on_under_the_new_key(desk: Desk) -> None:
    """Twice, since tables change places; what stands beside those in use is written to as well."""
    desk.bring(ROW)
    known = UUID(desk.person_id(number(1)))
    with account_of_a_worker(desk.data_dir) as account:
        for n in range(2):
            run(replacement_of(desk.data_dir))
            worker = build(account)
            assert worker.find_person(Certificate(CertificateType.RESIDENT_ID, number(1))) == known
            passport = Certificate(CertificateType.PASSPORT, f"EA000000{n}")
            worker.add_certificate(known, passport, acting=ActsFor("O1", "clerk"), at=desk.now)
            assert worker.find_person(passport) == known


def test_a_long_reader_delays_the_exchange_and_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks somebody up meanwhile waits for a moment. A reader that stays is told, and the
    same command goes on when it is gone."""
    desk.bring(ROW)
    known, longest, done = desk.person_id(number(1)), 0.0, threading.Event()
    monkeypatch.setattr(key_rotation, "_MOMENT_MILLISECONDS", 200)
    monkeypatch.setattr(key_rotation, "_TRIES", 3)
    monkeypatch.setattr(bootstrap, "_PAUSE_SECONDS", 0.1)
    refused: list[BaseException] = []

    def rotate() -> None:
        try:
            run(replacement_of(desk.data_dir))
        except LogBusy as error:
            refused.append(error)
        done.set()

    with desk.eligibility.storage.vault.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM person_keys")
        rotating = threading.Thread(target=rotate)
        rotating.start()
        while not done.is_set():
            began = time.monotonic()
            assert desk.person_id(number(1)) == known
            longest = max(longest, time.monotonic() - began)
        rotating.join()

    assert "个人信息库正被长时间读取" in str(refused[0])
    # Far from the thirty seconds that a lock may be waited for otherwise.
    assert longest < 5
    run(replacement_of(desk.data_dir))
    desk.start()
    assert desk.person_id(number(1)) == known


def test_a_log_that_is_lost_meanwhile_takes_nothing_of_the_exchange_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends the log's connection, which does nothing while the vault is worked on."""
    desk.bring(ROW)
    known, settings_of = desk.person_id(number(1)), postgres_connections.connection_settings
    idle = {"idle_in_transaction_session_timeout": "300ms"}
    monkeypatch.setattr(
        postgres_connections, "connection_settings", lambda schema: settings_of(schema) | idle
    )
    replacement = replacement_of(desk.data_dir)
    rotation = replacement.rotate._rotation
    exchange, tried = rotation.take_into_use, []

    def work_long() -> bool:
        tried.append(len(tried) > 0 and exchange())
        time.sleep(0.6)
        return tried[-1]

    rotation.take_into_use = work_long  # type: ignore[method-assign]
    run(replacement)

    monkeypatch.undo()
    assert tried == [False, True]
    desk.start()
    assert desk.person_id(number(1)) == known


def test_an_error_after_the_exchange_is_not_told_as_if_there_had_been_none(desk: Desk) -> None:
    """Whatever it is, the vault is asked whose it is."""
    desk.bring(ROW)
    known = desk.person_id(number(1))
    replacement = replacement_of(desk.data_dir)
    rotation = replacement.rotate._rotation
    exchange = rotation.take_into_use

    def fail(*, after: Callable[[], bool]) -> bool:
        after()
        raise LogBusy

    rotation.take_into_use = partial(fail, after=bool)  # type: ignore[method-assign]
    with pytest.raises(LogBusy):
        run(replacement)
    rotation.take_into_use = partial(fail, after=exchange)  # type: ignore[method-assign]
    run(replacement)

    desk.start()
    assert desk.person_id(number(1)) == known
