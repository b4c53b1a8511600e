"""`yizhan shard …` (分片): which there are, and the steps of docs/moving-a-shard.md."""

from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from eventlog.log import EventLogMissing, LogBusy
from eventlog.log_errors import LogSealed
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.adapters.shard_file import Shard, ShardsFaulty
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment
from settlement.entrypoints.shards import SHARDS_VARIABLE, Ledgers, read_ledgers
from settlement.law.book import PolicyBook
from settlement.law.regions import owner_of
from settlement.settings import Settings
from settlement.storage import has_ledger, open_storage

shard_app = typer.Typer(help="分片：列出、封存、接管、解封。", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="分片名称")]


@shard_app.command("list")
def list_shards() -> None:
    """列出各分片：地区、所在、账本至第几个事件；以及政策中由几个分片共用的基金。"""
    settings, ledgers = _ledgers()
    for name, shard in ledgers.shards.items():
        own = ledgers.settings_of(name, settings)
        place = f"数据库模式 {own.schema}" if own.database else f"目录 {own.folder}"
        typer.echo(f"{name}  {'、'.join(shard.regions)}  {place}  {_state(shard, own)}")
    book = load_book(settings.policies or SHIPPED_POLICIES, published_only=not settings.drafts)
    for fund_id, names in _funds_in_several(book, ledgers):
        typer.echo(f"基金 {fund_id} 的账分在 {'、'.join(names)} 里：对账时须合计")


def _state(shard: Shard, own: Settings) -> str:
    moving = "，正在迁移" if shard.is_moving else ""
    if not has_ledger(own):
        return f"还没有账本{moving}"
    try:
        storage = open_storage(own)
    except LogSealed:
        return f"已封存{moving}"
    except (EventLogMissing, LogBusy) as wrong:
        return f"{wrong}{moving}"
    try:
        return f"至第 {storage.ledger.log.last_position()} 个事件{moving}"
    finally:
        storage.close()


def _funds_in_several(book: PolicyBook, ledgers: Ledgers) -> list[tuple[str, list[str]]]:
    """The funds that policies of several shards pay from."""
    shards: dict[str, set[str]] = {}
    for policy in book.policies:
        owner = owner_of(policy.region, ledgers.owners)
        for layer in policy.layers:
            if owner is not None and layer.fund_id is not None:
                shards.setdefault(layer.fund_id, set()).add(owner)
    return [(fund, sorted(names)) for fund, names in sorted(shards.items()) if len(names) > 1]


@shard_app.command("seal")
def seal_shard(
    name: Name,
    moved_to: Annotated[str, typer.Option("--moved-to", help="迁往哪里，写给以后误开旧库的人看")],
) -> None:
    """封存：此后旧账本不再写入，也不再打开；须先在分片文件里写 moving: yes 并重启服务。"""
    own = _moving(name)

    def do(database: str) -> str:
        from eventlog.sealing import seal  # noqa: PLC0415 -- the embedded default has no driver

        made = seal(database, own.schema, moved_to=moved_to)
        return f"已封存分片 {name}，至第 {made.last_position} 个事件；现在可以复制"

    _on_server(own, do)


@shard_app.command("take-over")
def take_over_shard(name: Name) -> None:
    """接管：核对副本至封存时的最后一个事件，去掉副本上的封条；分片文件里须已是新的地址。"""
    own = _moving(name)

    def do(database: str) -> str:
        from eventlog.sealing import take_over  # noqa: PLC0415 -- as above

        found = take_over(database, own.schema)
        return f"已接管分片 {name}，至第 {found.last_position} 个事件；验账后去掉 moving 并重启服务"

    _on_server(own, do)


@shard_app.command("unseal")
def unseal_shard(
    name: Name,
    copy_discarded: Annotated[
        bool, typer.Option("--copy-discarded", help="确认副本没有接管，而且已经删除")
    ] = False,
) -> None:
    """解封：不迁移了，旧账本继续使用；两处同时使用会各记各的账，所以须先删除副本。"""
    own = _moving(name)
    if not copy_discarded:
        refuse("两处同时使用会各记各的账：先删除副本，再以 --copy-discarded 确认")

    def do(database: str) -> str:
        from eventlog.sealing import unseal  # noqa: PLC0415 -- as above

        found = unseal(database, own.schema)
        return f"已解封分片 {name}，至第 {found.last_position} 个事件；去掉 moving 并重启服务"

    _on_server(own, do)


def _on_server(own: Settings, do: Callable[[str], str]) -> None:
    if not own.database:
        refuse(f"这个分片在目录 {own.folder} 里：停下服务后移动目录即可")
    from eventlog.sealing import SealRefused  # noqa: PLC0415 -- as above

    try:
        typer.echo(do(own.database))
    except (EventLogMissing, LogBusy, SealRefused) as wrong:
        refuse(str(wrong))


def _moving(name: str) -> Settings:
    settings, ledgers = _ledgers()
    if name not in ledgers.shards:
        refuse(f"没有分片 {name}；有：{'、'.join(ledgers.shards)}")
    if not ledgers.shards[name].is_moving:
        refuse(f"分片文件里 {name} 没有写 moving: yes；先写上并重启服务，再做迁移的步骤")
    return ledgers.settings_of(name, settings)


def _ledgers() -> tuple[Settings, Ledgers]:
    settings = settings_from_environment()
    try:
        found = read_ledgers(settings)
    except ShardsFaulty as wrong:
        refuse(str(wrong))
    return (settings, found) if found else _none()


def _none() -> NoReturn:
    refuse(f"没有分片：{SHARDS_VARIABLE} 没有设，一个账本管全部地区")
