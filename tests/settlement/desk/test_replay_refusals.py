"""A replay that cannot settle a stay again says so, and invents nothing for those after it."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.ledger_history import SettlementRecorded, settlements_recorded
from settlement.application.replay_ledger import Replayed, Scope, replay_ledger
from settlement.entrypoints.cli import app
from settlement.law.book import PolicyBook
from settlement.law.policy import Policy
from tests.support.settlement_desk import P1, P2, SAMPLES, Desk, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
STAYS = [
    (P1, "A1", "2023-03-01", "2023-03-10"),
    (P1, "A2", "2023-08-01", "2023-08-10"),
    (P2, "B1", "2023-08-01", "2023-08-10"),
    (P1, "A3", "2024-02-01", "2024-02-10"),
]
A1, A2, B1, A3 = (f"500112-2026-{n:07d}" for n in (1, 2, 3, 4))


@pytest.fixture(name="data", scope="module")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three stays of one person in two years, and one of another person, all in Yubei."""
    data = tmp_path_factory.mktemp("ledger")
    parts, people = open_parts(data)
    for person in (P1, P2):
        people.add(person, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    for person, number, admission, discharge in STAYS:
        stay = desk.discharged(
            person, number, charges=BILL, admission=admission, discharge=discharge
        )
        assert desk.settle(stay).is_success
    return data


@pytest.fixture(name="recorded")
def _recorded(data: Path) -> list[SettlementRecorded]:
    parts, _ = open_parts(data)
    return settlements_recorded(parts.ledger.events())


def yubei(**changes: Any) -> PolicyBook:
    """A book with Yubei's policy alone, changed."""
    found = [p for p in load_book(SHIPPED_POLICIES).policies if p.region == "500112"]
    return PolicyBook([replace(p, **changes) for p in found])


def refused(found: Replayed) -> dict[str, str]:
    """Reasons by settlement number."""
    return {r.settlement.number: r.reason for r in found.refused}


def test_what_rests_on_a_refused_stay_is_refused_by_its_name(
    recorded: list[SettlementRecorded],
) -> None:
    """The other book begins in June: the stay of March has no policy in it, so nobody knows the
    counters the person's stay of August would have met. Next year and other people are settled.
    """
    found = replay_ledger(recorded, yubei(in_force_from=date(2023, 6, 1)), Scope())

    assert refused(found) == {
        A1: "500112 的城乡居民基本医疗保险在 2023-03-01 没有施行中的政策",
        A2: f"承接未能重演的结算 {A1}",
    }
    assert [s.settlement.number for s in found.stays] == [B1, A3]
    assert not any(s.is_changed for s in found.stays)


def test_a_stay_outside_the_scope_breaks_the_chain_all_the_same(
    recorded: list[SettlementRecorded],
) -> None:
    """Only what is in scope is listed, with the name of what it rests on."""
    late = [replace(s) for s in recorded]
    late[1].inputs = replace(late[1].inputs, settled_on=date(2026, 3, 9))
    book = yubei(in_force_from=date(2023, 6, 1))
    found = replay_ledger(late, book, Scope(first=date(2026, 3, 9)))
    assert refused(found) == {A2: f"承接未能重演的结算 {A1}"}
    assert found.totals_fen() == {}


def test_a_year_that_begins_on_another_day_is_broken_where_it_overlaps(
    recorded: list[SettlementRecorded],
) -> None:
    """In the other book years begin in July, and A1 has no policy: A2's year, from July 2023,
    overlaps the year 2023 that A1 was counted in, and A3's is the same one as A2's."""
    from_july = {
        "in_force_from": date(2023, 6, 1),
        **_years_beginning(yubei().policies[0], month=7),
    }
    found = replay_ledger(recorded, yubei(**from_july), Scope())
    assert refused(found).keys() == {A1, A2, A3}
    assert refused(found)[A3] == f"承接未能重演的结算 {A1}"
    assert [s.settlement.number for s in found.stays] == [B1]


def _years_beginning(policy: Policy, *, month: int) -> dict[str, Any]:
    year = replace(policy.benefit_year, begins_month=month)
    return {
        "benefit_year": year,
        "layers": tuple(replace(layer, benefit_year=year) for layer in policy.layers),
    }


# --- the command ------------------------------------------------------------------------------


def replay(data: Path, policies: Path, *options: str) -> Result:
    """`yizhan replay` under the policies of a directory."""
    asked = ["replay", "--data", str(data), "--policies", str(policies), *options]
    return CliRunner().invoke(app, asked, catch_exceptions=False)


@pytest.fixture(name="elsewhere")
def _elsewhere() -> Path:
    """A book of policies without Yubei."""
    return SAMPLES / "revised_policies"


def test_a_replay_that_settled_nothing_does_not_say_nothing_changed(
    data: Path, elsewhere: Path
) -> None:
    """Everything in scope is refused: exit 1, the count, the reasons, and no table of zeros."""
    found = replay(data, elsewhere, "--only")
    assert found.exit_code == 1
    assert "0 笔可重演，4 笔被拒" in found.stdout
    assert "没有任何一笔结算发生变化" not in found.stdout
    assert "各方合计" not in found.stdout
    assert "没有 500112 及其上级地区的政策" in found.stdout


def test_the_same_in_json(data: Path, elsewhere: Path) -> None:
    """The exit code is the same, and every refusal is listed."""
    found = replay(data, elsewhere, "--only", "--json")
    assert found.exit_code == 1
    said = json.loads(found.stdout)
    assert (said["settlements"], said["totals_fen"]) == (0, {})
    assert [r["settlement_number"] for r in said["refused"]] == [A1, A2, B1, A3]


def test_a_replay_without_a_difference_says_so(data: Path, elsewhere: Path) -> None:
    """Hubei's revision changes nothing for Yubei: exit 0."""
    found = replay(data, elsewhere)
    assert found.exit_code == 0
    assert "重演 4 笔结算" in found.stdout
    assert "没有任何一笔结算发生变化" in found.stdout


def test_a_period_without_settlements_says_so(data: Path, elsewhere: Path) -> None:
    """Nothing to replay is not a refusal, and not a table of nothing."""
    found = replay(data, elsewhere, "--from", "2030-01-01")
    assert found.exit_code == 0
    assert "0 笔可重演，0 笔被拒" in found.stdout
    assert "没有任何一笔结算发生变化" not in found.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--region", "420000"), "账本里没有参保地为 420000 的结算；有：500112"),
        (("--from", "2026-03-03", "--to", "2026-03-02"), "2026-03-03 晚于 --to 2026-03-02"),
    ],
)
def test_a_scope_that_can_only_be_a_slip_is_refused(
    data: Path, elsewhere: Path, options: tuple[str, ...], says: str
) -> None:
    """It must not look like a replay without a difference: exit 2."""
    found = replay(data, elsewhere, *options)
    assert found.exit_code == 2
    assert says in found.stderr
