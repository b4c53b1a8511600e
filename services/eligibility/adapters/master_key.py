"""The master key's file (主密钥文件), for the embedded default of one machine."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from eligibility.adapters.sealing import KEY_BYTES, new_key

_OWNER_ONLY = 0o600


class MasterKeyUnusable(Exception):
    """The key file is missing although data was encrypted with it, unsafe, or damaged."""


def read_key_file(path: Path) -> bytes:
    """Read the key file. Raises `MasterKeyUnusable` if others may read it or it is damaged."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_bytes()
    except FileNotFoundError:
        message = f"主密钥文件不存在：{path}；没有它，已加密的个人信息无法读取 (master key missing)"
        raise MasterKeyUnusable(message) from None
    if mode & ~_OWNER_ONLY:
        message = f"主密钥文件权限须为 600：{path} (chmod 600)"
        raise MasterKeyUnusable(message)
    if len(key) != KEY_BYTES:
        message = f"主密钥文件已损坏：{path} (master key damaged)"
        raise MasterKeyUnusable(message)
    return key


def create_key_file(path: Path) -> None:
    """Create the key file with a random key, readable by its owner alone; keeps an existing one.

    Safe when several processes start at once: the file appears whole or not at all.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(new_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    _flush_folder(path.parent)


def take_key_file_into_use(new: Path, path: Path) -> None:
    """Put a new key file in the place of the old one; harmless if another process did."""
    with suppress(FileNotFoundError):
        new.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
