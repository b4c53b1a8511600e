"""One process keeps all read models warm; one that cannot go on is told of and tried again."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventlog.following import Following, rebuild_telling
from eventlog.log import EventLog
from eventlog.sqlite_engine import open_engine
from tests.eventlog.savings_box import Box
from tests.eventlog.test_followed_tables import KeptCoins


class Model:
    """A read model whose catching up fails as often as the story says."""

    def __init__(self, name: str, failures: int = 0) -> None:
        self.name = name
        self.failures = failures
        self.tries = 0

    def position(self) -> int:
        """How often it caught up."""
        return self.tries

    def catch_up(self) -> int:
        """One try."""
        self.tries += 1
        if self.tries <= self.failures:
            raise ValueError("样例独名 990001196209170071")
        return 7

    def rebuild(self) -> int:
        """Not in these stories."""
        raise AssertionError


def test_one_that_stops_is_tried_again_after_longer_pauses_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After 1, 2 and 4 seconds; it is told by name, and what it stumbled over is not."""
    now = [100.0]
    stuck, well = Model("fund_account", failures=3), Model("stay_list")
    following = Following([stuck, well], clock=lambda: now[0])
    tried = []
    with caplog.at_level(logging.INFO, "yizhan.follower"):
        for _ in range(80):
            following.round()
            tried.append(stuck.tries)
            now[0] += 0.125
    assert [tried.index(n) for n in (1, 2, 3, 4)] == [0, 8, 24, 56]
    assert well.tries == 80
    told = [(r.getMessage(), getattr(r, "follower", None)) for r in caplog.records]
    assert told == [("follower stopped", "fund_account")] * 3 + [
        ("follower goes on", "fund_account")
    ]
    assert "990001196209170071" not in caplog.text


def test_a_pause_is_a_minute_at_most() -> None:
    """However long it has been stuck, what was mended goes on within a minute."""
    now = [0.0]
    stuck = Model("fund_account", failures=10**6)
    following = Following([stuck], clock=lambda: now[0])
    for _ in range(3_600):
        following.round()
        now[0] += 1.0
    assert 55 < stuck.tries < 70


def test_following_ends_when_it_is_asked_to() -> None:
    """Between two rounds; what was begun is finished."""
    model = Model("stay_list")
    asked = iter([False, False, True])
    Following([model]).run(lambda _seconds: next(asked))
    assert model.tries == 3


def test_a_read_model_made_again_while_others_follow_is_the_same(
    log: EventLog, tmp_path: Path
) -> None:
    """Two rebuilds and a follower at once, events coming in: each is there once, in order."""
    models = [KeptCoins(log, open_engine(tmp_path / "models.sqlite")) for _ in range(3)]
    models[0].create_tables()
    box = Box.open("甲")
    for fen in range(1_000, 1_600):
        box.add_coin(fen)
    log.save(box)
    models[0].catch_up()
    positions: list[int] = []
    with ThreadPoolExecutor(3) as at_once:
        rebuilt = [
            at_once.submit(rebuild_telling, each, positions.append, every_seconds=0.0)
            for each in models[:2]
        ]
        following = at_once.submit(lambda: [models[2].catch_up() for _ in range(20)])
        for fen in range(1_600, 1_900):
            box.add_coin(fen)
        log.save(box)
        for each in (*rebuilt, following):
            each.result()
    assert models[2].fens() == list(range(1_000, 1_900))
    assert all(0 <= position <= log.last_position() for position in positions)
