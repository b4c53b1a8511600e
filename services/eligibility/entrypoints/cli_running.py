"""What the commands share (命令行): the data folder, who acts, and how errors are told."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

import typer

from eligibility.adapters.key_rotation import RotationOfAnotherKey
from eligibility.adapters.local_identities_file import LocalIdentitiesUnusable
from eligibility.adapters.master_key import MasterKeyUnusable
from eligibility.adapters.owner_sources_file import OwnerSourcesUnusable
from eligibility.adapters.roster_layout import LayoutInvalid
from eligibility.adapters.text_sheets import InputOverwritten
from eligibility.adapters.vault_journal import ErasureUnfinished
from eligibility.adapters.vault_tables import WrongMasterKey
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import Eligibility, build
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.settings import SettingUnusable, read_settings
from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import EventLogMissing, LogBusy, OutcomeUnknown, VersionConflict
from http_edge.identity.identity_settings import IdentityUnusable
from http_edge.identity.local_issuer import IssuerKeyUnusable

LOCAL = ActsFor(institution_id="local", operator="命令行")
"""Who acts on the command line."""

TOLD_ERRORS: tuple[type[Exception], ...] = (
    *PROBLEMS,
    InputOverwritten,
    LayoutInvalid,
    IdentityUnusable,
    IssuerKeyUnusable,
    LocalIdentitiesUnusable,
    MasterKeyUnusable,
    OwnerSourcesUnusable,
    WrongMasterKey,
    RotationOfAnotherKey,
    ErasureUnfinished,
    SettingUnusable,
    DatabaseAddressInvalid,
    EventLogMissing,
    LogBusy,
    OutcomeUnknown,
)

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data", help="数据目录，默认 YIZHAN_DATABASE_URL，或 YIZHAN_DATA、var/ (data folder)"
    ),
]


def _read_person_id(text: str) -> UUID:
    """An id; anything else is refused without repeating it: it may be a certificate number."""
    try:
        return UUID(text)
    except ValueError:
        message = "须为人员标识；证件号码请用 yizhan person lookup 查询 (an opaque id)"
        raise typer.BadParameter(message) from None


PersonIdArgument = Annotated[
    UUID, typer.Argument(help="人员标识", parser=_read_person_id, metavar="PERSON_ID")
]


def open_eligibility(data: Path | None) -> Eligibility:
    """The service on a data folder, or where the environment says."""
    return build(read_settings(os.environ, data_dir=data))


@contextmanager
def telling_errors() -> Iterator[None]:
    """Tell an expected error in one line and leave with 1."""
    try:
        yield
    except VersionConflict:
        _fail("同一批人员刚被另一次导入更新，请重新运行 (changed meanwhile, run again)")
    except TOLD_ERRORS as error:
        _fail(str(error))
    except FileExistsError as error:
        _fail(f"{error.filename} 已存在，不覆盖；请另写一个文件名 (file exists)")
    except OSError as error:
        _fail(f"文件 {error.filename} 不能读写：{error.strerror} (cannot read or write)")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
