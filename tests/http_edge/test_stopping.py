"""A process is asked to end; it is told once, and a second signal does not ask."""

import os
import signal

import pytest

from http_edge.stopping import Stopping, stopping_on_signals


@pytest.fixture(autouse=True, name="armed")
def _armed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the end of a process that hangs was set; it is this process that would end."""
    armed: list[str] = []
    monkeypatch.setattr("http_edge.stopping._end_when_hanging", lambda: armed.append("armed"))
    return armed


def test_a_signal_asks_and_the_next_would_end(armed: list[str]) -> None:
    """Either signal; afterwards both are as the system has them. What hangs is ended, once."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        with stopping_on_signals() as stopping:
            assert not stopping.wait(0.01)
            os.kill(os.getpid(), signal.SIGINT)
            assert stopping.wait(10)
            assert stopping.is_asked
            assert stopping.wait()
            assert armed == ["armed"]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_without_a_signal_everything_is_as_before() -> None:
    """A command that ends by itself leaves no handlers behind."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    with stopping_on_signals() as stopping:
        assert signal.getsignal(signal.SIGTERM) is not before[signal.SIGTERM]
    assert not stopping.is_asked
    assert {each: signal.getsignal(each) for each in before} == before


def test_asking_needs_no_signal() -> None:
    """Whoever runs a worker may end it as well."""
    stopping = Stopping()
    stopping.ask("test")
    assert stopping.wait()
