"""`python -m infra.up up|down|status|exec`: the whole shape as the compose file says, without an
engine.

`up` starts a supervisor in the background and waits until everything is well; `down` ends it;
`exec SERVICE -- yizhan …` runs a command with the settings of a service, beside it.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from infra.kafka.node import KafkaNotFetched, kafka_jars
from infra.up.compose_file import Compose, ComposeFaulty, read_compose, read_env_file
from infra.up.place import Place, make_secrets
from infra.up.processes import surroundings, with_our_programs
from infra.up.supervisor import RunsAlready, Supervisor

ROOT: Final = Path(__file__).resolve().parents[2]
_UP_SECONDS: Final = 300
_DOWN_SECONDS: Final = 300
# How what a command says is shown: of the terminal, not of the service.
_SHOWN: Final = ("TERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
_WELL: Final = frozenset({"healthy", "completed"})


def main() -> None:
    """Do what the arguments say; exit code 1 with a sentence where it does not work."""
    parser = ArgumentParser(prog="python -m infra.up", description="整套运行（无容器）")
    parser.add_argument("action", choices=tuple(_ACTIONS))
    parser.add_argument("--file", type=Path, default=ROOT / "docker-compose.yml")
    parser.add_argument("--place", type=Path, default=ROOT / "var/up")
    parser.add_argument("service", nargs="?", help="exec：服务")
    ours, command = _divided(sys.argv[1:])
    asked = parser.parse_args(ours, Namespace(command=command))
    try:
        _ACTIONS[asked.action](asked)
    except (ComposeFaulty, KafkaNotFetched, OSError, RunsAlready) as wrong:
        sys.exit(f"{wrong}")


def _divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Ours, and after `--` the command of `exec`, untouched."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end], arguments[end + 1 :]


def environment_of(file: Path) -> Mapping[str, str]:
    """What fills the file's variables: this shell's before those of `.env` beside it."""
    return {**read_env_file(file.parent / ".env"), **os.environ}


def up(asked: Namespace) -> None:
    """Start everything and wait until it is well."""
    place = _place(asked)
    # At the first time it takes a while, and says so itself.
    kafka_jars()
    place.folder.mkdir(parents=True, exist_ok=True)
    if _told(place) is None:
        with (place.folder / "supervisor.log").open("ab") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "infra.up", "run", *_same(asked)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait(place, supervisor)
    else:
        _wait(place, None)
    _show_addresses(place.compose)
    _say_how_to_run_commands(lambda service: f".venv/bin/python -m infra.up exec {service} --")
    sys.stdout.write(f"日志 {place.folder}/logs；make down 停止，数据保留\n")


def addresses(asked: Namespace) -> None:
    """Say where containers answer."""
    _show_addresses(_place(asked).compose)
    _say_how_to_run_commands(lambda service: f"docker compose exec {service}")


def run(asked: Namespace) -> None:
    """Be the supervisor."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    file: Path = asked.file
    place = _place(asked)
    port = environment_of(file).get("POSTGRES_PORT") or "5432"
    place.make(make_secrets(place.compose, file.parent, port=port))
    Supervisor(place).run()


def only_secrets(asked: Namespace) -> None:
    """Make the files that containers are given."""
    file: Path = asked.file
    port = environment_of(file).get("POSTGRES_PORT") or "5432"
    make_secrets(_place(asked).compose, file.parent, port=port)


def down(asked: Namespace) -> None:
    """End everything in order; data stays."""
    place = _place(asked)
    told = _told(place)
    if told is None:
        sys.stdout.write("没有在运行\n")
        return
    os.kill(told["supervisor"], signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    while _told(place) is not None:
        if time.monotonic() > deadline:
            sys.exit("迟迟没有停下；请看 supervisor.log")
        time.sleep(0.2)
    sys.stdout.write("已停止，数据保留\n")


def status(asked: Namespace) -> None:
    """Say how each service does."""
    told = _told(_place(asked))
    for name, each in (told or {"services": {}})["services"].items():
        sys.stdout.write(f"{name:22}{each['state']:12}{each['process_id'] or ''}\n")


def execute(asked: Namespace) -> None:
    """Become a command with the settings of a running service, in the folder where one stands."""
    place = _place(asked)
    ours = [name for name, each in place.compose.services.items() if each.build is not None]
    if asked.service not in ours or not asked.command:
        sys.exit(f"用法：python -m infra.up exec 服务 -- yizhan …；服务有 {'、'.join(ours)}")
    if _told(place) is None:
        sys.exit("没有在运行；请先 make up")
    settings = place.environment(place.compose.services[asked.service])
    shown = {name: os.environ[name] for name in _SHOWN if name in os.environ}
    command = with_our_programs(asked.command)
    os.execvpe(command[0], command, {**surroundings(), **shown, **settings})  # noqa: S606 -- asked for


def _place(asked: Namespace) -> Place:
    file: Path = asked.file
    place: Path = asked.place
    return Place(place.resolve(), read_compose(file, environment_of(file)))


def _same(asked: Namespace) -> list[str]:
    return ["--file", str(asked.file), "--place", str(asked.place)]


def _told(place: Place) -> Any:
    """What the supervisor told last; None where none runs."""
    try:
        told = json.loads(place.state.read_text(encoding="utf-8"))
        runs = Path(f"/proc/{told['supervisor']}/cmdline").read_bytes()
    except FileNotFoundError:
        return None
    # After a power failure, another process may have the number.
    return told if b"infra.up" in runs else None


def _wait(place: Place, supervisor: "subprocess.Popen[bytes] | None") -> None:
    said: dict[str, str] = {}
    deadline = time.monotonic() + _UP_SECONDS
    while True:
        told = _told(place)
        states = {name: each["state"] for name, each in told["services"].items()} if told else {}
        for name, state in states.items():
            if said.get(name) != state:
                sys.stdout.write(f"  {name:22}{state}\n")
                sys.stdout.flush()
        said = states
        if states and all(state in _WELL for state in states.values()):
            return
        failed = [name for name, state in states.items() if state == "failed"]
        is_gone = supervisor is not None and supervisor.poll() is not None
        if failed or is_gone or time.monotonic() > deadline:
            what = "、".join(failed) or "、".join(n for n, s in states.items() if s not in _WELL)
            sys.exit(f"没有全部启动：{what}；请看 {place.folder}/logs，make down 之后再试")
        time.sleep(0.2)


def _show_addresses(compose: Compose) -> None:
    for name, title in (("settlement", "结算服务"), ("eligibility", "资格服务")):
        port = compose.services[name].ports[0].split(":")[1]
        url = f"http://127.0.0.1:{port}"
        sys.stdout.write(f"{title} {url}（接口文档 {url}/docs）\n")


def _say_how_to_run_commands(inside: Callable[[str], str]) -> None:
    """A command outside has no settings of the service: it would work on another store."""
    sys.stdout.write(
        "命令要在服务的环境里运行，数据才进同一个库（docs/deployment.md），例如取令牌、导入名单：\n"
        f"  {inside('settlement')} yizhan token --operator 姓名 --institution 机构编码"
        " --role auditor\n"
        f"  {inside('eligibility')} yizhan roster import-list --help\n"
    )


_ACTIONS: Final[Mapping[str, Callable[[Namespace], None]]] = {
    "up": up,
    "down": down,
    "status": status,
    "exec": execute,
    "run": run,
    "secrets": only_secrets,
    "addresses": addresses,
}


if __name__ == "__main__":
    main()
