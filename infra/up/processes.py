"""One service as a process of this machine (一个服务的进程): started, asked, ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from infra.up.compose_file import Service
from infra.up.images import Program, as_user, kafka, postgres, postgres_programs
from infra.up.place import Place

State = Literal["waiting", "starting", "running", "healthy", "unhealthy", "completed", "failed"]
_SETPRIV: Final = "/usr/bin/setpriv"  # of util-linux, which every Debian has
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 30.0


@dataclass
class ServiceProcess:
    """A service of the compose file, treated as an engine would."""

    name: str
    service: Service
    place: Place
    state: State = "waiting"
    restarts: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    _probe: "subprocess.Popen[bytes] | None" = None
    _probe_until: float = 0.0
    _next_probe: float = 0.0
    _failed_probes: int = 0
    _next_start: float = 0.0
    _pause_seconds: float = _FIRST_PAUSE_SECONDS
    _program: Program | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it. Raises what making its program ready raises."""
        self._program = self._made()
        # Whatever becomes of the supervisor, nothing is left running without one.
        ends_by = self._program.ends_by.name.removeprefix("SIG")
        with self.place.log(self.name).open("ab") as log:
            self.process = subprocess.Popen(
                [_SETPRIV, "--pdeathsig", ends_by, "--", *self._program.command],
                env={**surroundings(), **self._program.environment},
                cwd="/" if self._program.user else self.place.folder,
                **as_user(self._program.user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.state = "starting" if self.service.healthcheck else "running"
        self._failed_probes, self._next_probe = 0, time.monotonic()

    def look(self) -> None:
        """See how it does: ended, to be started again, well or not."""
        if self.process is not None and self.process.poll() is not None:
            self._ended(self.process.returncode)
        elif self.process is not None and self.service.healthcheck is not None:
            self._ask()
        elif self._next_start and time.monotonic() >= self._next_start:
            self._next_start = 0.0
            self.start()

    def ask_to_end(self) -> None:
        """Ask the process to end, once."""
        self._next_start = 0.0
        if self.process is not None and self.process.poll() is None and self._program:
            self.process.send_signal(self._program.ends_by)

    def wait_for_end(self) -> bool:
        """Wait as long as the file allows, then end it; whether it ended by itself."""
        self._end_probe()
        if self.process is None:
            return True
        try:
            self.process.wait(self.service.stop_grace_period)
        except subprocess.TimeoutExpired:
            _kill_session(self.process.pid)
            self.process.wait()
            return False
        return True

    def _made(self) -> Program:
        environment = self.place.environment(self.service)
        volumes = [self.place.volume(each) for each in self.service.mounts().values()]
        image = self.service.image.partition(":")[0]
        if image == "postgres":
            return postgres(self.service, environment, volumes[0])
        if image == "apache/kafka":
            return kafka(environment, volumes[0])
        return Program(self._here(self.service.command), environment)

    def _here(self, command: list[str]) -> list[str]:
        return with_our_programs([self.place.here(each, self.service) for each in command])

    def _ended(self, code: int) -> None:
        self._end_probe()
        self.process = None
        if self.service.restart == "no" or (self.service.restart == "on-failure" and code == 0):
            self.state = "completed" if code == 0 else "failed"
            return
        self.state = "starting"
        self.restarts += 1
        self._next_start = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def _ask(self) -> None:
        check = self.service.healthcheck
        now = time.monotonic()
        if check is None:
            return
        if self._probe is None:
            if now >= self._next_probe:
                self._probe_until = now + check.timeout
                self._probe = subprocess.Popen(
                    self._here(check.test[1:]),
                    env=surroundings(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            return
        answered = self._probe.poll()
        if answered is None and now < self._probe_until:
            return
        self._end_probe()
        self._told(is_well=answered == 0)
        pause = check.interval if self.state == "healthy" else check.start_interval
        self._next_probe = now + pause

    def _told(self, *, is_well: bool) -> None:
        check = self.service.healthcheck
        if is_well:
            self.state, self._failed_probes = "healthy", 0
            self._pause_seconds = _FIRST_PAUSE_SECONDS
            return
        self._failed_probes += 1
        if check and self.state == "healthy" and self._failed_probes >= check.retries:
            self.state = "unhealthy"

    def _end_probe(self) -> None:
        if self._probe is not None:
            self._probe.kill()
            self._probe.wait()
            self._probe = None


def with_our_programs(command: list[str]) -> list[str]:
    """A command with the programs that an image has, as they are called here."""
    ours = {"yizhan": [sys.executable, "-m", "yizhan"], "python": [sys.executable]}
    return [*ours.get(command[0], command[:1]), *command[1:]]


def _kill_session(leader: int) -> None:
    """Kill what a process started, also what is in a group of its own, as workers are."""
    # Again until a look finds nobody: what is being killed may have started another.
    while living := [each for each in _living() if _session_of(each) == leader]:
        for each in living:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        time.sleep(0.01)


def _living() -> Iterator[int]:
    """The processes of this machine but for those that ended and were not yet asked how."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                state = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
                if state not in "ZX":
                    yield int(folder.name)


def _session_of(process_id: int) -> int | None:
    try:
        return os.getsid(process_id)
    except ProcessLookupError:
        return None


def surroundings() -> Mapping[str, str]:
    """What a container would have beside the file's settings, and no more of this shell's."""
    path = (str(postgres_programs()), str(Path(sys.executable).parent), os.defpath)
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {**kept, "PATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1"}
