"""Where a run without containers keeps what containers would (运行位置), and its names there.

Volumes become folders, secrets become files, and every service's host is this machine: wherever the
compose file says a container's path or host in a setting, the one here is put.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.up.compose_file import Compose, Service

HERE: Final = "127.0.0.1"
_EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 -- what is replaced
_RUN_SECRETS: Final = "/run/secrets/"
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True)
class Place:
    """A folder that a run of the compose file lives in."""

    folder: Path
    compose: Compose

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it runs."""
        return self.folder / "lock"

    @property
    def state(self) -> Path:
        """What the supervisor tells of the services."""
        return self.folder / "state.json"

    def log(self, name: str) -> Path:
        """What a service wrote."""
        return self.folder / "logs" / f"{name}.log"

    def volume(self, name: str) -> Path:
        """The folder of a volume."""
        return self.folder / "volumes" / name

    def secret(self, name: str) -> Path:
        """The file of a secret."""
        return self.folder / "secrets" / name

    def make(self, secret_files: Mapping[str, Path]) -> None:
        """Create the folders, and the secrets as they read here."""
        for folder in ("logs", "volumes", "secrets"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / "secrets").chmod(0o700)
        for name in self.compose.volumes:
            self.volume(name).mkdir(exist_ok=True)
        for name, file in secret_files.items():
            _write_secret(self.secret(name), self.here(file.read_text(encoding="utf-8")))

    def here(self, text: str, service: Service | None = None) -> str:
        """A setting as it reads on this machine."""
        text = text.replace(_EVERYWHERE, HERE).replace(_RUN_SECRETS, f"{self.folder}/secrets/")
        for target, volume in service.mounts().items() if service else ():
            text = re.sub(rf"^{re.escape(target)}(?=/|$)", str(self.volume(volume)), text)
        hosts = "|".join(map(re.escape, self.compose.services))
        return re.sub(rf"(?<=[/@])(?:{hosts})(?=:\d)|^(?:{hosts})(?=:\d)", HERE, text)

    def environment(self, service: Service) -> dict[str, str]:
        """The settings of a service as they read on this machine."""
        return {key: self.here(value, service) for key, value in service.environment.items()}


def make_secrets(compose: Compose, root: Path, *, port: str) -> dict[str, Path]:
    """The files of the secrets, made up where they are missing; an existing one is never touched.

    What nobody can make up is empty, which services take as unset.

    The folder is its owner's alone; the files are read by other users in containers. Raises
    OSError.
    """
    files = {name: root / each.file for name, each in compose.secrets.items()}
    password = secrets.token_urlsafe(32)
    made = {
        "postgres_password": password,
        "database_url": f"postgresql://yizhan:{password}@postgres:{port}/yizhan",
    }
    missing = [name for name in files if name in made and not files[name].exists()]
    if missing and len(missing) < len(made):
        message = f"secrets/ 里缺少 {'、'.join(missing)}，其余却在：请补齐，或全部移走后重来"
        raise FileNotFoundError(message)
    for name, file in files.items():
        if not file.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_text(made.get(name, ""), encoding="utf-8")
            file.chmod(0o644)
    return files


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as file:
        file.write(text)
