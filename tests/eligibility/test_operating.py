"""What operators see of eligibility: readiness that is true, read models made again."""

from pathlib import Path

from fastapi import FastAPI
from typer.testing import CliRunner, Result

from eligibility.entrypoints.cli import app
from http_edge.operating import operations_of
from tests.eligibility.conftest import Desk, number, roster
from tests.eligibility.test_members import VILLAGE, lives, state
from tests.support.people_places import ON_BOTH, behind_the_people, people_environment

ROW = f"居民身份证,{number(7)},样例独名,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"


def checks(desk: Desk) -> tuple[int, dict[str, str]]:
    """The readiness as it is told now."""
    assert isinstance(desk.client.app, FastAPI)
    operations = operations_of(desk.client.app)
    assert operations is not None
    operations.health.remembered_seconds = 0
    answer = desk.client.get("/health/ready")
    return answer.status_code, answer.json()["checks"]


def test_ready_with_log_vault_and_read_models(desk: Desk) -> None:
    """Each is named; reading the metrics counts events and tells positions."""
    desk.bring(ROW)
    assert checks(desk) == (
        200,
        {
            "event-log": "ok",
            "read-model:list_members": "ok",
            "read-model:placed_people": "ok",
            "vault": "ok",
        },
    )
    told = desk.client.get("/metrics").text
    last = desk.eligibility.log.last_position()
    assert f'yizhan_events_stored_total{{service="eligibility"}} {last}.0' in told
    lag = 'yizhan_follower_lag_events{follower="placed_people",service="eligibility"}'
    assert f"{lag} {last}.0" in told


@ON_BOTH
def test_a_replaced_master_key_is_not_ready(desk: Desk) -> None:
    """Nobody can be looked up any more until it is started with the key in use."""
    changed = "UPDATE key_checks SET value = ? RETURNING 1"
    behind_the_people(desk.data_dir, "eligibility_vault", changed, b"\0")
    status, found = checks(desk)
    assert (status, found["vault"], found["event-log"]) == (503, "failed", "ok")


def test_too_much_is_refused_before_anybody_is_looked_up(tmp_path: Path) -> None:
    """The bounds hold for eligibility as well, and health is exempt."""
    desk = Desk(tmp_path / "data")
    assert isinstance(desk.client.app, FastAPI)
    operations = operations_of(desk.client.app)
    assert operations is not None
    operations.in_flight.count = operations.settings.most_in_flight
    refused = desk.stage(roster(ROW))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert desk.client.get("/health/live").status_code == 200
    assert desk.eligibility.log.last_position() == 0


def rebuild(desk: Desk, *names: str) -> Result:
    """The command."""
    where = people_environment(desk.data_dir)
    return CliRunner().invoke(app, ["eligibility", "rebuild", *names], env=where)


def rows(desk: Desk) -> list[tuple[str, str]]:
    """Who is placed where, as the table stands."""
    asked = 'SELECT "of", person_id FROM placed_people'
    found = behind_the_people(desk.data_dir, "eligibility_read_models", asked)
    return sorted((of, person_id) for of, person_id in found)


@ON_BOTH
def test_read_models_are_listed_and_made_again(desk: Desk) -> None:
    """Rows that somebody spoilt are what the events say again; a wrong name is refused."""
    desk.bring(ROW)
    state(desk, 7, residences=[lives(VILLAGE, "2020-01-01")])
    person = desk.person_id(number(7)).replace("-", "")
    assert rebuild(desk, "all").exit_code == 0
    made = rows(desk)
    assert made == [(f"township:{VILLAGE[:9]}", person), (f"village:{VILLAGE}", person)]
    spoilt = "DELETE FROM placed_people RETURNING 1"
    assert behind_the_people(desk.data_dir, "eligibility_read_models", spoilt) != []

    again = rebuild(desk, "placed_people")
    assert again.exit_code == 0, again.output
    assert "已由事件重建 placed_people，至第 " in again.output
    assert rows(desk) == made
    assert "list_members" in rebuild(desk).output
    assert rebuild(desk, "nobody").exit_code == 2
