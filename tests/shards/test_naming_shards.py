"""The file of the shards, and commands that are about one of them or all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from contracts.vocabulary import RegionCode
from settlement.adapters.shard_file import ShardsFaulty, read_shards
from settlement.entrypoints.cli import app as yizhan
from settlement.entrypoints.shards import read_ledgers
from settlement.law.regions import owner_of
from settlement.storage import open_storage
from tests.shards.two_shards import CHONGQING, TwoShards, two_shards
from tests.support.settlement_desk import P1, SAMPLES

YICHANG = "  - {name: yichang, regions: [420500], schema: one}\n"


def faulty(folder: Path, rows: str, environment: Mapping[str, str] | None = None) -> str:
    """What is said of a file with these rows."""
    file = folder / "shards.yaml"
    file.write_text(f"shards:\n{rows}", encoding="utf-8")
    with pytest.raises(ShardsFaulty) as refused:
        read_shards(file, environment or {})
    return str(refused.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("  - {regions: [420500]}\n", "缺少 name"),
        ("  - {name: yichang}\n", "regions"),
        ("  - {name: Yichang, regions: [420500]}\n", "name"),
        ("  - {name: yichang, regions: [4205]}\n", "六位"),
        ("  - {name: yichang, regions: [420500], schema: a b}\n", "schema"),
        ("  - {name: yichang, regions: [420500], moving: maybe}\n", "moving"),
        ("  - {name: yichang, regions: [420500], place: here}\n", "place"),
        ("  - {name: yichang, regions: [420500], database_file: /no/where}\n", "/no/where"),
        ("  - {name: yichang, regions: [420500], database_variable: NO_SUCH}\n", "NO_SUCH"),
        (YICHANG + "  - {name: yichang, regions: [420600]}\n", "名称重复：yichang"),
        (YICHANG + "  - {name: other, regions: [420500]}\n", "地区重复：420500"),
        (YICHANG + "  - {name: other, regions: [420600], folder: yichang}\n", "folder重复"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, rows: str, said: str) -> None:
    """By the place, with what to write."""
    assert said in faulty(tmp_path, rows)


def test_the_longest_region_that_is_named_decides(tmp_path: Path) -> None:
    """A prefecture apart from its province; another province is nobody's."""
    file = tmp_path / "shards.yaml"
    hubei = "  - {name: hubei, regions: [420000, 429004]}\n"
    file.write_text(f"shards:\n{YICHANG}{hubei}", encoding="utf-8")
    shards = read_shards(file, {})
    owners = {region: shard.name for shard in shards for region in shard.regions}
    found = {
        region: owner_of(RegionCode(region), owners)
        for region in ("420525", "420500", "420600", "421022", "429004", "420000", "500112")
    }
    assert found == {
        "420525": "yichang",
        "420500": "yichang",
        "420600": "hubei",
        "421022": "hubei",
        "429004": "hubei",
        "420000": "hubei",
        "500112": None,
    }
    assert [shard.source for shard in shards] == [
        "/yizhan/settlement/yichang",
        "/yizhan/settlement/hubei",
    ]


def test_two_ledgers_in_one_schema_are_refused(tmp_path: Path) -> None:
    """However they name it; and a process cannot serve what is not there."""
    shards = TwoShards(tmp_path, "postgresql://127.0.0.1:9/none")
    for row in shards.rows.values():
        row["schema"] = "the_same"
    with pytest.raises(ShardsFaulty, match="the_same"):
        shards.ledgers()
    shards.rows["invented"]["schema"] = "another"
    with pytest.raises(ShardsFaulty, match="nobody"):
        read_ledgers(shards.settings, {**shards.environment, "YIZHAN_SHARDS_SERVED": "nobody"})
    assert shards.ledgers().served == ("chongqing", "invented")


def test_commands_are_about_one_ledger_or_all(tmp_path: Path) -> None:
    """Institutions go into each, and may again; verifying is of each; what is of one must say
    which, by an option or by the environment; a directory that is not there stays so."""
    with two_shards(tmp_path, on_server=False) as shards:
        shards.ledgers()

        def run(*words: str, code: int = 0, **more: str) -> str:
            environment = {**shards.environment, "YIZHAN_DATA": str(tmp_path), **more}
            done = CliRunner().invoke(yizhan, words, env=environment)
            assert done.exit_code == code, (words, done.output, done.exception)
            return done.output

        assert "chongqing 里没有账本" in run("verify", code=2)
        imported = ("institutions", "import", str(SAMPLES / "institutions.csv"))
        by = ("--operator", "clerk", "--acting-for", "O500000")
        first = run(*imported, *by)
        assert "分片 chongqing：已导入" in first
        assert "分片 invented：已导入" in first
        lasts = [open_storage(shards.settings_of(name)) for name in shards.rows]
        before = [each.ledger.log.last_position() for each in lasts]
        run(*imported, *by)
        assert [each.ledger.log.last_position() for each in lasts] == before
        assert all(before)
        for each in lasts:
            each.close()
        shards.hospital().settle(CHONGQING, P1, "W1")

        told: dict[str, Any] = json.loads(run("verify", "--json"))
        assert {name: found["settlements"] for name, found in told.items()} == {
            "chongqing": 1,
            "invented": 0,
        }
        assert "chongqing、invented" in run("rebuild", code=2)
        assert "账本至第" in run("rebuild", "--shard", "invented")
        assert "账本至第" in run("rebuild", YIZHAN_SHARD="chongqing")
        assert "没有分片 nobody" in run("fund", "list", code=2, YIZHAN_SHARD="nobody")
        listed = run("shard", "list")
        assert "chongqing  500000" in listed
        # The invented county's fund is written down as Chongqing's: its books are in two ledgers.
        assert "基金 500000-basic 的账分在 chongqing、invented 里" in listed
        assert "没有设 YIZHAN_SHARDS" in run(
            "verify", "--shard", "invented", code=2, YIZHAN_SHARDS=""
        )
