"""Commands of settlement (结算命令): `yizhan policy …`, `preview`, `verify`, `replay`,
`settlements`, `account`, `statement`, `check-statement`, `stay …`, `touched`, `fund …`,
`institutions …`, `revision …`, `shard …`, `rebuild`, `follow`, `listen`, `recheck`, `publish`,
`settlement-serve`, `token`, `clients …`.
"""

import typer

from settlement.entrypoints.cli.accounts import account
from settlement.entrypoints.cli.fund import fund_app
from settlement.entrypoints.cli.institutions import institutions_app
from settlement.entrypoints.cli.ledger import replay, verify
from settlement.entrypoints.cli.listen import listen, recheck
from settlement.entrypoints.cli.paper import check_paper, statement
from settlement.entrypoints.cli.policy import policy_app
from settlement.entrypoints.cli.preview import preview
from settlement.entrypoints.cli.publish import publish_settlement
from settlement.entrypoints.cli.read_models import follow, rebuild
from settlement.entrypoints.cli.revisions import revision_app
from settlement.entrypoints.cli.serve import serve_settlement
from settlement.entrypoints.cli.settlements import find
from settlement.entrypoints.cli.shard import shard_app
from settlement.entrypoints.cli.stay import stay_app
from settlement.entrypoints.cli.tokens import clients_app, token
from settlement.entrypoints.cli.touched import list_touched_settlements

app = typer.Typer(help="结算：政策、试算、验账、重演、基金。")
app.add_typer(policy_app, name="policy")
app.add_typer(fund_app, name="fund")
app.add_typer(institutions_app, name="institutions")
app.add_typer(stay_app, name="stay")
app.add_typer(revision_app, name="revision")
app.add_typer(shard_app, name="shard")
app.add_typer(clients_app, name="clients")
app.command()(preview)
app.command()(verify)
app.command()(replay)
app.command()(account)
app.command()(token)
app.command("settlements")(find)
app.command()(statement)
app.command("check-statement")(check_paper)
app.command()(rebuild)
app.command()(follow)
app.command()(listen)
app.command()(recheck)
app.command("touched")(list_touched_settlements)
app.command("publish")(publish_settlement)
app.command("settlement-serve")(serve_settlement)
