"""`yizhan keys rotate` and `yizhan person erase` (更换主密钥、删除个人信息)."""

import os
import sys
from typing import Annotated

import typer

from eligibility.bootstrap import build_key_replacement
from eligibility.entrypoints.cli_running import (
    DataDir,
    PersonIdArgument,
    open_eligibility,
    telling_errors,
)
from eligibility.settings import MASTER_KEY_VARIABLE, read_settings


def rotate_keys(data: DataDir = None) -> None:
    """更换主密钥：逐人重新加密密钥与证件检索，其间可照常查询；中断后再次运行即继续。

    主密钥由环境变量传入的，新密钥用 YIZHAN_NEW_MASTER_KEY 传入；否则自动生成。
    完成后须重新启动服务，并为新密钥另留一份备份 (replace the master key)。
    """
    with telling_errors():
        replacement = build_key_replacement(read_settings(os.environ, data_dir=data))
        people = replacement.rotate(progress=_tell_progress)
        replacement.take_into_use()
    typer.echo(f"已更换主密钥：{people} 人；旧密钥从此打不开个人信息库")
    if replacement.new_key_file is not None:
        typer.echo(f"新主密钥在 {replacement.new_key_file}，请另作备份；请重新启动服务")
    else:
        typer.echo(f"请把 {MASTER_KEY_VARIABLE} 改为新主密钥，再重新启动服务")


def erase_person(
    person_id: PersonIdArgument,
    *,
    confirmed: Annotated[
        bool, typer.Option("--yes", help="确认删除，不再询问；删除后无法恢复")
    ] = False,
    data: DataDir = None,
) -> None:
    """删除一人的姓名、证件号码与出生日期，无法恢复；事项与计数仍留在标识之下 (erase)。"""
    with telling_errors():
        eligibility = open_eligibility(data)
        if not confirmed:
            typer.confirm("删除后任何人都无法再读出姓名与证件号码，确定吗", abort=True)
        for erased in eligibility.erase_person(person_id):
            typer.echo(f"已删除个人信息：{erased}")


def _tell_progress(done: int, people: int) -> None:
    sys.stderr.write(f"已处理 {done} / {people} 人\n")
    sys.stderr.flush()
