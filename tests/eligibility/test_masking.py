"""Whatever is sent to whichever endpoint or command, no number or name comes back or is logged."""

import itertools
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command
from typer.testing import CliRunner

from eligibility.domain.masking import mask_name, mask_number
from eligibility.entrypoints.cli import app
from tests.eligibility.conftest import Desk, number, roster

NAME = "样例独名"
NUMBER = number(7, "19620917")
PASSPORT = "EA7654321"
SECRETS = (NUMBER, NUMBER[:-2], NUMBER[6:14], NAME, PASSPORT)
ROW = f"居民身份证,{NUMBER},{NAME},,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
BROKEN = f"居民身份证,{NUMBER[:-2]},{NAME},{NUMBER},{NAME},{NUMBER},,{NAME},{PASSPORT},,,"
# What only logs on the caller's side, of the test client itself.
OF_THE_CALLER = ("httpx", "httpcore", "asyncio")


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("990001196803150014", "990001********0014"),
        ("810000199001010017", "810000********0017"),
        ("EA7654321", "EA*****21"),
        ("P340000001", "P3******01"),
        ("户1234", "户***4"),
        ("123", "***"),
        ("", ""),
    ],
)
def test_a_number_keeps_six_and_four_and_a_short_one_a_quarter(plain: str, masked: str) -> None:
    """Never so much of a short one that it could be guessed."""
    assert mask_number(plain) == masked


@pytest.mark.parametrize(
    ("plain", "masked"), [("张三", "张*"), ("欧阳小明", "欧***"), ("张", "*"), ("", "")]
)
def test_a_name_keeps_its_first_character(plain: str, masked: str) -> None:
    """And its length; of a name of one character nothing is left."""
    assert mask_name(plain) == masked


@given(plain=st.text("0123456789ABX", max_size=40))
def test_half_of_every_number_at_least_is_hidden_or_eight_characters_of_it(plain: str) -> None:
    """Of any length; the length itself stays."""
    masked = mask_number(plain)

    assert len(masked) == len(plain)
    assert masked.count("*") >= min(len(plain) / 2, 6)


def told_in(texts: list[str]) -> list[str]:
    """Which secrets stand in which text."""
    return [f"{secret} in {text[:300]}" for text in texts for secret in SECRETS if secret in text]


def bodies() -> list[dict[str, Any]]:
    """Bodies that hold secrets in every kind of place, most of them wrong."""
    everything = {
        "certificate_number": NUMBER,
        "certificate_type": "resident_id",
        "other_id": NUMBER,
        "reason": NAME,
        "owner": NAME,
        NUMBER: NAME,
    }
    wrong: list[Any] = [
        {},
        [NUMBER, NAME],
        NUMBER,
        everything,
        {"person_ids": [NUMBER, NAME], "on": "2023-07-01"},
        {"certificate_type": NAME, "certificate_number": NUMBER[:-1]},
        {"certificate_type": "passport", "certificate_number": PASSPORT},
        {"certificate_number": {NAME: NUMBER}},
        {"owner": "health", "identities": [{"identity": NUMBER, "valid_from": NAME}]},
        {"owner": "health", "households": [{"number": NUMBER, NAME: NUMBER}]},
        {"other_id": NUMBER, "reason": "registered_twice"},
    ]
    raw = [f'{{"{NUMBER}": "{NAME}', roster(ROW, BROKEN), f"{NAME},{NUMBER}\n{ROW}", b"\xff\xfe"]
    return [{"json": each} for each in wrong] + [{"content": each} for each in raw]


def test_no_endpoint_repeats_or_logs_a_name_or_a_number(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every route with every method, body, id and query, under DEBUG logging."""
    caplog.set_level(logging.DEBUG)
    desk.bring(ROW)
    person_id = desk.person_id(NUMBER)
    answers = [desk.look_up(NUMBER).text, desk.stage(roster(ROW, BROKEN)).text]
    sent = 0
    for path, methods in desk.client.app.openapi()["paths"].items():  # type: ignore[attr-defined]
        for method, one in itertools.product(methods, (person_id, NUMBER, NAME)):
            url = path.replace("{number}", "1").replace("{roster_id}", one)
            url = url.replace("{person_id}", one)
            for query in ({}, {"on": NUMBER, "known_at": NAME, "after": NAME, NUMBER: NAME}):
                for body in bodies() if method == "post" else [{}]:
                    answer = desk.client.request(
                        method, url, params=query, headers=desk.headers(), **body
                    )
                    # A paper is there to tell the name, to whoever asked; the log never does.
                    if not path.endswith("/paper"):
                        answers.append(answer.text + str(answer.headers))
                    sent += 1

    assert sent > 500
    logged = [
        record.getMessage() + str(record.exc_text or "")
        for record in caplog.records
        if not record.name.startswith(OF_THE_CALLER)
    ]
    assert told_in([*answers, *logged, *capfd.readouterr()]) == []
    # Of all that was sent, one certificate could be added: the search would have found the card's.
    card = desk.client.get(f"/v1/persons/{person_id}", headers=desk.headers()).json()
    assert card["certificate_masked"] == f"990001********{NUMBER[-4:]}"
    assert [each["certificate_masked"] for each in card["other_certificates"]] == ["EA*****21"]


def test_no_command_repeats_a_name_or_a_number(desk: Desk, tmp_path: Path) -> None:
    """Every command, with good and bad files, ids and input; --help of each too."""
    desk.bring(ROW)
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(roster(ROW))
    bad.write_bytes(roster(ROW, BROKEN))
    data = ["--data", str(desk.data_dir)]
    person_id = desk.person_id(NUMBER)
    files, no_book = [str(good), str(bad)], "00000000-0000-4000-8000-000000000000"
    kept = [*files, "--keep", "--region", "500112", "--accept-rejected"]
    letter = ["--number", "样函1号", "--issuer", "样例县", "--basis", "样例通知"]
    letter += ["--reply-by", "2099-01-01", "--township", "甲乡"]
    ran: list[tuple[list[str], str | None]] = [
        (["person", "lookup"], NUMBER),
        (["person", "lookup"], NUMBER[:-1]),
        (["person", "lookup"], NAME),
        (["person", "lookup", "--type", "passport"], PASSPORT),
        (["person", "entitlements", person_id, "--on", "2023-07-01"], None),
        (["person", "entitlements", NUMBER, "--on", "2023-07-01"], None),
        (["person", "erase", NUMBER, "--yes"], None),
        (["roster", "import", str(good), "--dry-run"], None),
        (["roster", "import", str(bad)], None),
        (["roster", "import", str(bad), "--accept-rejected"], None),
        (["roster", "import-list", str(bad), "--owner", "民政", "--region", "500112"], None),
        (["roster", "compare", *files, "--left-owner", "民政", "--right-owner", "医保"], None),
        (["roster", "compare", *kept, "--left-owner", "民政", "--right-owner", "医保"], None),
        (["roster", "unenrolled", *kept, "--owner", "民政", "--year", "2025"], None),
        (["roster", "differences", no_book], None),
        (["roster", "resolve", no_book, "1"], None),
        (["roster", "notice", no_book, *letter, "--to", str(tmp_path / "n.xlsx")], None),
        (["roster", "notice-again", no_book, "1", "--to", str(tmp_path / "n.xlsx")], None),
        (["roster", "answers", str(bad)], None),
        (["owner", "status"], None),
        (["owner", "check", "minzheng"], None),
        (["owner", "follow", "minzheng", "--once"], None),
        (["owner", "retry", "minzheng"], None),
        (["keys", "rotate"], None),
        (["eligibility-publish", "--once"], None),
        (["eligibility", "rebuild", "all"], None),
        (["eligibility", "follow", "--metrics-port", "none"], None),
        (["eligibility", "serve", "--workers", NUMBER], None),
        (["person", "erase", person_id, "--yes"], None),
    ]
    groups: Any = get_command(app)
    known = {
        (name, command)
        for name, group in groups.commands.items()
        for command in getattr(group, "commands", {"--once": group})
    }
    assert {tuple(arguments[:2]) for arguments, _ in ran} == known

    outputs = []
    for arguments, typed in ran:
        result = CliRunner().invoke(app, [*arguments, *data], input=typed)
        assert result.exit_code in (0, 1, 2), arguments
        outputs.append(result.output + result.stderr + repr(result.exception))

    assert told_in(outputs) == []
