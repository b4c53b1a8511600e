"""A folder of counts goes with its processes, also where those were killed."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from http_edge.metrics import MULTIPROCESS_VARIABLE
from http_edge.shared_counts import counts_added_up, counts_in_use

USING = """import sys
from http_edge.shared_counts import counts_in_use
with counts_in_use():
    print("used", flush=True)
    sys.stdin.read()"""


@pytest.fixture(autouse=True)
def _nobody_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MULTIPROCESS_VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    """One that a process still uses stays, and so does one that is just being made."""
    old = time.time() - 3600
    left, used, new, others = (
        tmp_path / f"{name}"
        for name in ("yizhan-metrics-a", "yizhan-metrics-b", "yizhan-metrics-c", "d")
    )
    for folder in (left, used, new, others):
        folder.mkdir()
        (folder / "counter_1.db").touch()
        os.utime(folder, None if folder == new else (old, old))
    environment = {**os.environ, MULTIPROCESS_VARIABLE: str(used)}
    with subprocess.Popen(
        [sys.executable, "-c", USING],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "used\n"
        with counts_added_up():
            own = Path(os.environ[MULTIPROCESS_VARIABLE])
            assert {each.name for each in tmp_path.iterdir()} == {
                used.name,
                new.name,
                others.name,
                own.name,
            }
        process.kill()
    with counts_added_up():
        assert not used.exists()
    assert not own.exists()


def test_a_folder_that_somebody_else_named_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be shared with processes that are not ours."""
    monkeypatch.setenv(MULTIPROCESS_VARIABLE, str(tmp_path / "theirs"))
    (tmp_path / "theirs").mkdir()
    with counts_added_up(), counts_in_use():
        assert os.environ[MULTIPROCESS_VARIABLE] == str(tmp_path / "theirs")
    assert (tmp_path / "theirs").is_dir()
