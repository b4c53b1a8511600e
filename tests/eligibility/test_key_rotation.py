"""Another master key: processes killed at every step, readers going on, the old key refused."""

import base64
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from contracts.vocabulary import CertificateType
from eligibility.adapters.key_rotation import RotationOfAnotherKey, SqlKeyRotation
from eligibility.adapters.sealing import derive_keys
from eligibility.adapters.vault_tables import WrongMasterKey
from eligibility.application.find_person import PersonErased
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import build, build_key_replacement
from eligibility.domain.certificate import Certificate
from eligibility.entrypoints.cli import app
from eligibility.settings import SettingUnusable
from tests.eligibility.conftest import Desk, number, roster
from tests.eligibility.difference_lists import civil, insurer, keep
from tests.support.people_places import (
    ON_BOTH,
    behind_the_people,
    people_environment,
    people_settings,
)

PEOPLE = range(5)
ROWS = [
    f"居民身份证,{number(n)},样例{n},,低保对象,2023-01-01,,421022,居民,,2015-01-01," for n in PEOPLE
]
NEW = Certificate(CertificateType.RESIDENT_ID, number(77))
PASSPORT = Certificate(CertificateType.PASSPORT, "EA0000001")
ACTING = ActsFor("O1", "clerk")
STEPS = ["0/5", "2/5", "4/5", "5/5", "exchanged", "done"]


def run_until(step: str, data: Path) -> list[str]:
    """Start replacing the key and kill the process, without warning, after it told of a step."""
    command = [sys.executable, "-m", "tests.eligibility.rotation_process", str(data)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line.strip())
            if told[-1] == step:
                process.kill()
                break
            process.stdin.write("\n")
            process.stdin.flush()
    return told


def vault_rows(data: Path) -> dict[str, set[bytes]]:
    """The wrapped keys and the hashes that are in use."""
    return {
        column: {
            row[0]
            for row in behind_the_people(data, "eligibility_vault", f"SELECT {column} FROM {table}")  # noqa: S608 -- of this test
        }
        for table, column in (
            ("person_keys", "wrapped_key"),
            ("certificates", "certificate_hash"),
        )
    }


@pytest.mark.parametrize(
    ("step", "kept_on"),
    [*((step, "sqlite") for step in STEPS), ("2/5", "postgres"), ("exchanged", "postgres")],
)
def test_killed_at_any_step_and_run_again_everybody_is_found_under_the_new_key_alone(
    step: str, desk: Desk
) -> None:
    """Until the exchange the old service answers all; after it, it says what to do."""
    desk.bring(*ROWS)
    staged = desk.stage(roster(ROWS[0].replace("低保对象", "孤儿"))).json()["roster_id"]
    ids = [desk.person_id(number(n)) for n in PEOPLE]
    card = desk.client.get(f"/v1/persons/{ids[0]}", headers=desk.headers()).json()
    old_key, old = (desk.data_dir / "master.key").read_bytes(), vault_rows(desk.data_dir)

    assert run_until(step, desk.data_dir) == STEPS[: STEPS.index(step) + 1]

    is_exchanged = step in ("exchanged", "done")
    found = [desk.look_up(number(n)) for n in PEOPLE]
    shown = desk.client.get(f"/v1/persons/{ids[0]}", headers=desk.headers())
    if is_exchanged:
        assert {answer.status_code for answer in (*found, shown)} == {503}
        assert "换用新的主密钥" in shown.json()["detail"]
    else:
        assert [answer.json()["person_id"] for answer in found] == ids
        assert shown.json() == card
        run_until("", desk.data_dir)
    desk.start()
    assert [desk.person_id(number(n)) for n in PEOPLE] == ids
    assert desk.client.get(f"/v1/persons/{ids[0]}", headers=desk.headers()).json() == card
    assert desk.activate(staged).json()["facts_new"] == 1
    new = vault_rows(desk.data_dir)
    assert all(old[column].isdisjoint(new[column]) for column in old)
    assert sorted(path.name for path in desk.data_dir.glob("master.key*")) == ["master.key"]
    with pytest.raises(WrongMasterKey, match="主密钥已更换"):
        build(people_settings(desk.data_dir, master_key=old_key))


@pytest.mark.parametrize(
    ("step", "kept_on"), [*((step, "sqlite") for step in STEPS[:4]), ("4/5", "postgres")]
)
def test_whoever_comes_changes_or_is_erased_meanwhile_is_so_afterwards(
    step: str, desk: Desk
) -> None:
    """The old service goes on writing while the replacement is under way."""
    desk.bring(*ROWS)
    gone, other = desk.person_id(number(0)), desk.person_id(number(4))
    run_until(step, desk.data_dir)
    service = desk.eligibility
    desk.bring(ROWS[0].replace(number(0), NEW.number))
    for n in PEOPLE:
        if n:
            passport = Certificate(CertificateType.PASSPORT, f"EA000000{n}")
            person_id = service.find_person(Certificate(CertificateType.RESIDENT_ID, number(n)))
            service.add_certificate(person_id, passport, acting=ACTING, at=desk.now)
    service.erase_person(service.find_person(Certificate(CertificateType.RESIDENT_ID, number(0))))

    run_until("", desk.data_dir)

    desk.start()
    assert desk.look_up(NEW.number).status_code == 200
    assert desk.look_up(number(0)).status_code == 404
    found = desk.look_up("EA0000004", certificate_type="passport").json()
    assert found == {"person_id": other}
    card = desk.client.get(f"/v1/persons/{gone}", headers=desk.headers()).json()
    assert card["certificate_masked"] is None
    assert desk.eligibility.find_person(PASSPORT)


@ON_BOTH
def test_an_id_that_an_import_reserved_and_used_after_the_exchange_is_found_again(
    desk: Desk,
) -> None:
    """The activation looked the id up before the exchange and saved its person after it."""
    desk.bring(*ROWS)
    staged = desk.stage(roster(ROWS[0].replace(number(0), NEW.number))).json()["roster_id"]
    activate = desk.eligibility.activate_roster
    save = activate._store.save

    def exchange_first(*saved: object, **more: object) -> None:
        run_until("", desk.data_dir)
        save(*saved, **more)  # type: ignore[arg-type]

    activate._store.save = exchange_first  # type: ignore[method-assign]
    desk.activate(staged)

    desk.start()

    assert desk.look_up(NEW.number).status_code == 200


@ON_BOTH
@pytest.mark.parametrize("is_saved", [True, False], ids=["saved before", "saved after"])
def test_a_certificate_added_while_the_others_are_renewed_finds_the_person_afterwards(
    desk: Desk, *, is_saved: bool
) -> None:
    """The rotation read the person's certificates before it was claimed, and renews them after it;
    where the event came after the exchange, the start after the event knows it."""
    desk.bring(*ROWS)
    person_id = UUID(desk.person_id(number(0)))
    replacement = build_key_replacement(people_settings(desk.data_dir))
    rotation = replacement.rotate._rotation
    renew, service = rotation.renew, desk.eligibility
    save = service.add_certificate._store.save

    def add() -> None:
        service.add_certificate(person_id, PASSPORT, acting=ACTING, at=desk.now)

    def add_first(certificates: Mapping[UUID, Sequence[Certificate]]) -> None:
        if is_saved:
            add()
        renew(certificates)

    def exchange_first(*saved: object, **more: object) -> None:
        replacement.rotate(progress=lambda _done, _people: None)
        replacement.take_into_use()
        # A new worker that starts before the old one saves does not forget whom to look at.
        build(people_settings(desk.data_dir))
        save(*saved, **more)  # type: ignore[arg-type]

    rotation.renew = add_first  # type: ignore[method-assign]
    if is_saved:
        replacement.rotate(progress=lambda _done, _people: None)
        replacement.take_into_use()
    else:
        service.add_certificate._store.save = exchange_first  # type: ignore[method-assign]
        add()
    desk.start()

    found = desk.look_up(PASSPORT.number, certificate_type="passport")
    assert found.json() == {"person_id": str(person_id)}
    assert desk.person_id(number(0)) == str(person_id)
    desk.start()
    assert behind_the_people(desk.data_dir, "eligibility_vault", "SELECT * FROM unfound_ids") == []


@ON_BOTH
def test_a_person_erased_while_a_certificate_is_added_is_found_by_none(desk: Desk) -> None:
    """The keys were opened before another process erased the person; the claim comes after it. A
    start that looks again for whom the exchange lost passes the erased by."""
    desk.bring(*ROWS)
    person_id = UUID(desk.person_id(number(0)))
    add = desk.eligibility.add_certificate
    claim = add._vault.claim

    def erase_first(certificate: Certificate, of: UUID) -> UUID:
        build(people_settings(desk.data_dir)).erase_person(of)
        return claim(certificate, of)

    add._vault.claim = erase_first  # type: ignore[method-assign]
    with pytest.raises(PersonErased, match="已删除"):
        add(person_id, PASSPORT, acting=ACTING, at=desk.now)
    keys = derive_keys((desk.data_dir / "master.key").read_bytes())
    vault = desk.eligibility.storage.vault
    behind_the_people(
        desk.data_dir,
        "eligibility_vault",
        "INSERT INTO unfound_ids (person_id) VALUES (?)",
        person_id.hex,
    )
    again = SqlKeyRotation(engine=vault, old=keys, new=keys)
    again.find_again({person_id: [PASSPORT]})

    assert again.unfound() == []
    assert desk.look_up(PASSPORT.number, certificate_type="passport").status_code == 404
    left = "SELECT * FROM certificates WHERE person_id = ?"
    assert behind_the_people(desk.data_dir, "eligibility_vault", left, person_id.hex) == []


@ON_BOTH
def test_a_key_from_outside_needs_the_new_one_from_outside(data_dir: Path) -> None:
    """Told how; another new key in between is refused; the command says what to set."""
    old, new = b"1" * 32, b"2" * 32
    build(people_settings(data_dir, master_key=old))
    with pytest.raises(SettingUnusable, match="YIZHAN_NEW_MASTER_KEY"):
        build_key_replacement(people_settings(data_dir, master_key=old))
    with pytest.raises(SettingUnusable, match="相同"):
        build_key_replacement(people_settings(data_dir, master_key=old, new_master_key=old))
    third = people_settings(data_dir, master_key=old, new_master_key=b"3" * 32)
    begun = build_key_replacement(third)
    begun.rotate._rotation.begin()
    with pytest.raises(WrongMasterKey, match="尚未完成"):
        build(people_settings(data_dir, master_key=b"3" * 32))
    other = build_key_replacement(people_settings(data_dir, master_key=old, new_master_key=new))
    with pytest.raises(RotationOfAnotherKey):
        other.rotate(progress=lambda _done, _people: None)
    environment = {
        **people_environment(data_dir),
        "YIZHAN_MASTER_KEY": base64.b64encode(old).decode(),
        "YIZHAN_NEW_MASTER_KEY": base64.b64encode(b"3" * 32).decode(),
    }

    ran = CliRunner().invoke(app, ["keys", "rotate"], env=environment)

    assert ran.exit_code == 0, ran.output
    assert "已更换主密钥：0 人" in ran.output
    assert "请把 YIZHAN_MASTER_KEY 改为新主密钥" in ran.output
    build(people_settings(data_dir, master_key=b"3" * 32))
    again = CliRunner().invoke(app, ["keys", "rotate"], env=environment)
    assert again.exit_code == 1
    assert "主密钥已更换" in again.output


def test_people_known_from_compared_lists_alone_are_found_again(desk: Desk) -> None:
    """Nobody registered them: compared again under the new key, their differences go on."""
    keep(desk.eligibility, civil(1, 2, 3), insurer(1))
    before = [find_reserved(desk, n) for n in (2, 3)]
    assert None not in before

    run_until("", desk.data_dir)

    desk.start()
    assert [find_reserved(desk, n) for n in (2, 3)] == before


def find_reserved(desk: Desk, sequence: int) -> object:
    """The id reserved for a number, whether anybody is registered under it or not."""
    certificate = Certificate(CertificateType.RESIDENT_ID, number(sequence))
    return desk.eligibility.find_person._vault.find(certificate)
