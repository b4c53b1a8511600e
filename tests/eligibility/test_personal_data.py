"""Names and certificate numbers are nowhere in clear, and erasing a key erases a person."""

import base64
import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import CertificateType, DataOwner
from eligibility.adapters.master_key import MasterKeyUnusable, create_key_file, read_key_file
from eligibility.adapters.sealing import SealBroken, derive_keys, new_key, seal, unseal
from eligibility.adapters.vault_tables import WrongMasterKey
from eligibility.bootstrap import build
from eligibility.domain.certificate import read_certificate
from eligibility.settings import Settings, SettingUnusable, read_settings
from standalone.owner_stand_in import Mode, Told
from tests.eligibility.conftest import Desk, number, roster
from tests.eligibility.owner_office import online_desk
from tests.support.people_places import ON_BOTH, people_settings

NAME = "样例独名"
BIRTH = "19620917"
NUMBER = number(7, BIRTH)
ROW = f"居民身份证,{NUMBER},{NAME},,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
BROKEN = f"居民身份证,{NUMBER[:-2]},{NAME},,富户,x,,,,,,"


def in_clear(folder: Path) -> list[str]:
    """Which of the secrets stand in which file, in any usual form."""
    secrets = [
        *(NAME.encode(encoding) for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be")),
        NAME.encode("unicode_escape"),
        NUMBER.encode(),
        NUMBER[:17].encode(),
        NUMBER.encode("utf-16-le"),
        base64.b64encode(NUMBER.encode())[:-4],
        NUMBER.encode().hex().encode(),
        b"1962-09-17",
        BIRTH.encode(),
    ]
    return [
        f"{file.name}: {secret!r}"
        for file in folder.rglob("*")
        if file.is_file()
        for secret in secrets
        if secret in file.read_bytes()
    ]


def test_the_data_folder_holds_no_name_number_or_birth_date_in_clear(desk: Desk) -> None:
    """Staged, refused, activated, looked up and asked: no file ever holds them, nor any journal."""
    staged = desk.stage(roster(ROW, BROKEN))
    assert in_clear(desk.data_dir) == []
    desk.activate(staged.json()["roster_id"])
    desk.activate(staged.json()["roster_id"], {"accept_rejected_rows": True})
    desk.bring(ROW.replace(f"{NAME},", f"{NAME}又名,"))
    answer = desk.entitlements(NUMBER, "2023-07-01")

    assert answer["birth_date"] == "1962-09-17"
    assert len(list(desk.data_dir.glob("*.sqlite"))) == 3
    assert in_clear(desk.data_dir) == []


def test_what_offices_say_on_line_is_not_in_clear_either(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Fed, set aside, asked, in vain as well: in no file, no log line and no answer."""
    body = {"certificate_number": NUMBER, "name": NAME}
    said = {"identities": [{"identity": "orphan", "valid_from": "2023-01-01"}]}
    strange = {"identities": [{"identity": "no_such", "valid_from": "2023-01-01"}]}
    data = tmp_path / "data"
    with (
        caplog.at_level(logging.DEBUG),
        online_desk(data, minzheng=DataOwner.CIVIL_AFFAIRS) as desk,
    ):
        desk.bring(ROW.replace("500112", "421022"))
        for stated, name in ((said, NAME), (strange, NAME), (said, f"{NAME}又名")):
            told = Told.model_validate(body | {"stated": stated, "name": name})
            desk.offices["minzheng"].tell(told)
        pulled = desk.eligibility.follow_owner.pull("minzheng", at=desk.now)
        path = f"/v1/persons/{desk.person_id(NUMBER)}/refresh"
        answers = []
        for mode in Mode:
            desk.switch(mode)
            answers.append(desk.client.post(path, headers=desk.headers()).text)

    assert [each.position for each in pulled.set_aside] == [2, 3]
    assert in_clear(data) == []
    told_all = "".join(answers) + caplog.text + "".join(capfd.readouterr())
    assert NUMBER not in told_all
    assert NAME not in told_all
    assert "stand-in-token" not in told_all


def test_the_search_of_that_story_would_find_them(tmp_path: Path) -> None:
    """The same search finds name and number in a file that holds them."""
    (tmp_path / "leak.sqlite").write_bytes(b"\0" + ROW.encode() + b"\0")

    assert len(in_clear(tmp_path)) == 4


def test_logs_and_errors_hold_neither(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever is sent, well or badly formed, comes back in no error and no log line."""
    with caplog.at_level(logging.DEBUG):
        responses = [
            desk.stage(roster(ROW, BROKEN)),
            desk.stage(f"{NAME},{NUMBER}\n{ROW}".encode()),
            desk.look_up(NUMBER),
            desk.look_up(NUMBER[:-1]),
            desk.look_up(NUMBER, name=NAME),
            desk.look_up(NUMBER, **{NUMBER: NAME}),
            desk.look_up(NUMBER, certificate_type=NAME),
            desk.client.post("/v1/persons/lookup", content=f'{{"{NUMBER}": "{NAME}'.encode()),
            desk.client.post("/v1/persons/lookup", json=[NUMBER, NAME]),
            desk.client.post("/v1/persons/lookup", json={"certificate_number": [NUMBER]}),
        ]
    told = (
        "".join(response.text for response in responses) + caplog.text + "".join(capfd.readouterr())
    )

    assert NUMBER not in told
    assert NUMBER[:-2] not in told
    assert NAME not in told


def test_an_erased_person_is_nobody_and_the_events_stay(desk: Desk) -> None:
    """Without the key neither name nor birth date can be read; identities stay under the id."""
    desk.bring(ROW)
    person_id = desk.person_id(NUMBER)
    vault_file = desk.data_dir / "eligibility_vault.sqlite"
    url = f"/v1/persons/{person_id}/entitlements?on=2023-07-01"
    before, position = desk.client.get(url).json(), desk.eligibility.log.last_position()
    assert person_id.replace("-", "").encode() in vault_file.read_bytes() + wal(vault_file)

    desk.eligibility.erase_person(
        desk.eligibility.find_person(
            read_certificate(certificate_type=CertificateType.RESIDENT_ID, number=NUMBER)
        )
    )

    after = desk.client.get(url).json()
    assert desk.look_up(NUMBER).status_code == 404
    assert (before["birth_date"], after["birth_date"]) == ("1962-09-17", None)
    assert after["identities"] == before["identities"]
    assert desk.eligibility.log.last_position() == position
    assert person_id.replace("-", "").encode() not in vault_file.read_bytes() + wal(vault_file)


def test_an_erased_person_who_comes_again_is_a_new_person(desk: Desk) -> None:
    """A later roster with the same certificate makes a person without the old one's history."""
    desk.bring(ROW)
    old = desk.person_id(NUMBER)
    desk.eligibility.erase_person(
        desk.eligibility.find_person(
            read_certificate(certificate_type=CertificateType.RESIDENT_ID, number=NUMBER)
        )
    )

    desk.bring(ROW)

    assert desk.person_id(NUMBER) != old


def wal(file: Path) -> bytes:
    """The journal beside a database file."""
    journal = file.with_name(f"{file.name}-wal")
    return journal.read_bytes() if journal.exists() else b""


@ON_BOTH
def test_another_master_key_opens_nothing_and_is_refused_at_the_start(data_dir: Path) -> None:
    """A wrong key is noticed before anything is encrypted with it."""
    build(people_settings(data_dir, master_key=b"1" * 32))

    with pytest.raises(WrongMasterKey):
        build(people_settings(data_dir, master_key=b"2" * 32))
    build(people_settings(data_dir, master_key=b"1" * 32))


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """Mode 600, 32 bytes, kept by later starts."""
    build(Settings(tmp_path))
    file = tmp_path / "master.key"
    first = file.read_bytes()
    build(Settings(tmp_path))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first) == 32
    assert file.read_bytes() == first
    assert sorted(path.name for path in tmp_path.glob("master.key*")) == ["master.key"]


@ON_BOTH
def test_a_lost_key_file_is_not_replaced_by_a_new_one(data_dir: Path) -> None:
    """A new key would open nothing of what is there: the start is refused instead."""
    build(people_settings(data_dir))
    (data_dir / "master.key").unlink()

    with pytest.raises(MasterKeyUnusable, match="不存在"):
        build(people_settings(data_dir))
    assert not (data_dir / "master.key").exists()


def test_a_key_file_that_others_may_read_or_that_is_damaged_is_refused(tmp_path: Path) -> None:
    """Permissions and length are checked at every start."""
    file = tmp_path / "master.key"
    create_key_file(file)
    file.chmod(0o640)
    with pytest.raises(MasterKeyUnusable, match="600"):
        read_key_file(file)
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(MasterKeyUnusable, match="损坏"):
        read_key_file(file)


START = """
import sys
from pathlib import Path
from eligibility.bootstrap import build
from tests.support.people_places import people_settings
build(people_settings(Path(sys.argv[1])))
"""


@ON_BOTH
def test_several_processes_may_start_on_an_empty_store_at_once(data_dir: Path) -> None:
    """Three processes start together: one key, one vault, nobody crashes."""
    processes = [subprocess.Popen([sys.executable, "-c", START, data_dir]) for _ in range(3)]

    assert [process.wait(timeout=60) for process in processes] == [0] * 3
    build(people_settings(data_dir))


@given(plain=st.binary(max_size=200), position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_what_is_sealed_opens_only_whole_in_its_place_and_with_its_key(
    plain: bytes, position: int, bit: int
) -> None:
    """Any bit changed, another place or another key: it does not open."""
    key = b"k" * 32
    sealed = seal(plain, key=key, about=b"person:1")
    changed = bytearray(sealed)
    changed[position % len(sealed)] ^= 1 << bit

    assert unseal(sealed, key=key, about=b"person:1") == plain
    for broken, with_key, about in (
        (bytes(changed), key, b"person:1"),
        (sealed, b"l" * 32, b"person:1"),
        (sealed, key, b"person:2"),
        (sealed[:5], key, b"person:1"),
    ):
        with pytest.raises(SealBroken):
            unseal(broken, key=with_key, about=about)


def test_the_keys_for_each_use_are_their_own() -> None:
    """Wrapping, look-up and staging have different keys, and a short master key is refused."""
    keys = derive_keys(new_key())

    assert len({keys.wrap, keys.lookup, keys.staging}) == 3
    with pytest.raises(ValueError, match="32"):
        derive_keys(b"short")


def test_the_master_key_may_come_from_the_environment() -> None:
    """Base64 of 32 bytes; anything else is refused without repeating it."""
    encoded = base64.b64encode(b"m" * 32).decode()

    settings = read_settings({"YIZHAN_MASTER_KEY": encoded, "YIZHAN_DATA": "elsewhere"})

    assert (settings.master_key, settings.data_dir) == (b"m" * 32, Path("elsewhere"))
    assert "mmm" not in repr(settings)
    for wrong in ("no base64!", base64.b64encode(b"short").decode()):
        with pytest.raises(SettingUnusable) as refused:
            read_settings({"YIZHAN_MASTER_KEY": wrong})
        assert wrong not in str(refused.value)
