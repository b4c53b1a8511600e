"""Lines are JSON for machines and readable for people; a thread that dies is told of safely."""

import asyncio
import gc
import io
import json
import logging
import threading
from typing import Any

import pytest

from http_edge.logs import configure_logs
from http_edge.withholding import loggable, loggable_id
from tests.support.log_lines import logging_kept

NUMBER = "990001196209170071"


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.mark.parametrize(("stream", "is_json"), [(io.StringIO(), True), (Terminal(), False)])
def test_a_terminal_gets_readable_lines_and_a_file_json(
    stream: io.StringIO, *, is_json: bool
) -> None:
    """Without being told which."""
    with logging_kept():
        configure_logs(stream)
        logging.getLogger("yizhan.requests").info("request", extra={"status": 200})
    line = stream.getvalue()
    assert line.startswith("{") == is_json
    assert "request" in line
    assert "200" in line
    if is_json:
        assert json.loads(line)["status"] == 200


def test_what_is_no_json_is_told_by_its_kind() -> None:
    """Its text may be anything."""
    with logging_kept() as lines:
        logging.getLogger("yizhan.process").warning("odd", extra={"value": ValueError(NUMBER)})
    assert [line["value"] for line in lines.told("odd")] == ["ValueError"]


def test_exceptions_given_to_a_line_are_told_by_kind() -> None:
    """As a message, as its argument, or as asyncio tells of a task nobody waited for."""

    async def fail() -> None:
        raise ValueError(NUMBER)

    async def forget() -> None:
        failing = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del failing
        gc.collect()

    with logging_kept() as lines:
        logging.getLogger("uvicorn.error").error(ValueError(NUMBER))
        logging.getLogger("uvicorn.error").error(OSError(98, "Address already in use"))
        logging.getLogger("kafka").warning("failed: %s", ValueError(NUMBER))
        asyncio.run(forget())
    assert lines.told("ValueError")
    assert lines.told("OSError: Address already in use")
    assert lines.told("failed: ValueError")
    (forgotten,) = lines.told("Task exception was never retrieved")
    assert forgotten["error"].startswith("builtins.ValueError at ")
    assert NUMBER not in lines.text


def test_a_thread_that_dies_is_told_of_by_kind_and_place() -> None:
    """The interpreter's own words would quote the message."""

    def die() -> None:
        raise ValueError(NUMBER)

    with logging_kept() as lines:
        thread = threading.Thread(target=die)
        thread.start()
        thread.join()
    (line,) = lines.told("thread ended by an error")
    assert line["error"].startswith("builtins.ValueError at ")
    assert NUMBER not in lines.text


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (None, None),
        ("H50011200001", "H50011200001"),
        ("7f9c24e5-8f3b-4f5a-9f0e-0c1d2e3f4a5b", "7f9c24e5-8f3b-4f5a-9f0e-0c1d2e3f4a5b"),
        ("HIS.2026-11-22:0042", "HIS.2026-11-22:0042"),
        (NUMBER, "(withheld)"),
        (f"HIS-{NUMBER}-2", "(withheld)"),
        ("99000119620917007x", "(withheld)"),
        ("990001620917007", "(withheld)"),
        ("E12345678", "(withheld)"),
        ("%E6%A0%B7", "(withheld)"),
        ("x" * 129, "(withheld)"),
        ("", "(withheld)"),
    ],
)
def test_a_callers_word_is_repeated_unless_it_may_be_somebody(
    word: str | None, told: str | None
) -> None:
    """Request ids, keys and institutions as hospitals make them."""
    assert loggable(word) == told


@pytest.mark.parametrize("word", [NUMBER, None, "nobody"])
def test_only_ids_of_ours_stand_for_a_stay(word: Any) -> None:
    """What else is written in its place in a path is left out."""
    assert loggable_id(word) is None
    assert loggable_id("7F9C24E5-8F3B-4F5A-9F0E-0C1D2E3F4A5B") == (
        "7f9c24e5-8f3b-4f5a-9f0e-0c1d2e3f4a5b"
    )
