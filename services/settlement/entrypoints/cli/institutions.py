"""`yizhan institutions import FILE.csv` (导入机构目录)."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.vocabulary import InstitutionId
from eventlog.log import LogBusy, OutcomeUnknown
from settlement.adapters.institutions_csv import InstitutionsFaulty, read_institutions
from settlement.application.institutions import import_institutions
from settlement.application.ports import Overtaken
from settlement.domain.record import Actor
from settlement.entrypoints import clock
from settlement.entrypoints.cli.ledger_place import ShardOption, opened, settings_of_each
from settlement.entrypoints.cli.refusing import refuse

institutions_app = typer.Typer(help="机构：导入定点医药机构目录。", no_args_is_help=True)


@institutions_app.callback()
def _group() -> None:
    """Keep `import` under its name although it is the only command."""


@institutions_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="机构目录（CSV）", exists=True, dir_okay=False)],
    operator: Annotated[str, typer.Option("--operator", help="经办人")],
    acting_for: Annotated[str, typer.Option("--acting-for", help="经办机构编码")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不导入")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="数据目录（默认 YIZHAN_DATA 或 var）")
    ] = None,
    shard: ShardOption = None,
) -> None:
    """导入机构目录：有一行错误则全部不导入；已知的历史登记保留；有分片时逐个导入，可重复运行。"""
    try:
        rows = read_institutions(file.read_bytes())
        found = len({row.institution_id for row in rows})
        if dry_run:
            typer.echo(f"检查通过：{len(rows)} 行，{found} 家机构；没有导入")
            return
        for name, settings in settings_of_each(data, shard):
            import_institutions(
                rows,
                source=file.name,
                ledger=opened(settings).ledger,
                by=Actor(operator=operator, institution_id=InstitutionId(acting_for)),
                at=clock.now(),
            )
            if name:
                typer.echo(f"分片 {name}：已导入")
    except InstitutionsFaulty as faulty:
        refuse("\n".join(faulty.notes))
    except OutcomeUnknown as unknown:
        refuse(str(unknown))
    except (Overtaken, LogBusy):
        refuse("账本正被别的程序写入，没有导入；请再试")
    else:
        typer.echo(f"已导入：{len(rows)} 行，{found} 家机构")
