"""Where the database is (数据库地址), as the environment says."""

from collections.abc import Mapping
from pathlib import Path

URL_VARIABLE = "YIZHAN_DATABASE_URL"
URL_FILE_VARIABLE = "YIZHAN_DATABASE_URL_FILE"


class DatabaseAddressInvalid(Exception):
    """The address of the database cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            f"{URL_VARIABLE} 写得不对；应如 postgresql://用户:密码@主机:5432/数据库"
            "（密码中的特殊字符用百分号编码） (invalid database address)"
        )


def read_database_url(environment: Mapping[str, str]) -> str | None:
    """The address of the PostgreSQL database that takes the place of the data folder, or None.

    It may stand in a file (a secret), which then goes before the variable. Raises `OSError`.
    """
    file = environment.get(URL_FILE_VARIABLE)
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    return environment.get(URL_VARIABLE) or None
