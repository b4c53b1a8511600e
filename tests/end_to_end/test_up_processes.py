"""What `make up` does without an engine is what an engine would do: settings, commands, ends."""

import time
from pathlib import Path

import pytest

from infra.up.compose_file import Compose, ComposeFaulty, Service, read_env_file
from infra.up.place import Place
from infra.up.processes import ServiceProcess

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


def test_a_service_that_does_not_end_in_time_is_ended_with_its_workers(tmp_path: Path) -> None:
    """Those are in groups of their own; nobody is left to hold a port or the database."""
    told = tmp_path / "worker"
    service = Service(
        image="yizhan-x:local",
        command=["python", "-c", STUBBORN, str(told)],
        restart="no",
        stop_grace_period="1s",  # type: ignore[arg-type]  # read as the file's text is
    )
    place = Place(tmp_path, Compose(name="x", services={"x": service}))
    place.make({})
    process = ServiceProcess("x", service, place)
    process.start()
    deadline = time.monotonic() + 30
    while not (told.exists() and told.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker = int(told.read_text())

    process.ask_to_end()

    assert process.wait_for_end() is False
    assert not is_running(worker)


def is_running(process_id: int) -> bool:
    """Whether it does anything yet; one that ended may wait to be asked how."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export A=1", "不要写 export，直接写 A=值"),
        ("A='1'", "A 的值不加引号"),
        ('A="1"', "A 的值不加引号"),
        ("A=1 # one", "A 的值后面不能有注释"),
        ("A=1\t# one", "A 的值后面不能有注释"),
        ("A= # one", "A 的值后面不能有注释"),
        ("A=$B", "A 的值里不能有 $"),
        ("A", "应写 变量=值"),
        ("A: 1=2", "应写 变量=值"),
    ],
)
def test_a_setting_that_compose_would_read_otherwise_is_refused_by_line(
    tmp_path: Path, line: str, said: str
) -> None:
    """The same `.env` means the same with and without an engine."""
    file = tmp_path / ".env"
    file.write_text(f"# settings\nB=2\n{line}\n", encoding="utf-8")
    with pytest.raises(ComposeFaulty) as refused:
        read_env_file(file)
    assert f".env 第 3 行：{said}" in str(refused.value)


def test_settings_are_read_as_they_stand(tmp_path: Path) -> None:
    """Spaces within, signs within, the last of two; empty is empty."""
    file = tmp_path / ".env"
    file.write_text("\n# A=0\nA=-Xms1m -Xmx2m\nB=\nC=a#b='c'\nD=1\nD=2\n", encoding="utf-8")
    assert read_env_file(file) == {"A": "-Xms1m -Xmx2m", "B": "", "C": "a#b='c'", "D": "2"}
