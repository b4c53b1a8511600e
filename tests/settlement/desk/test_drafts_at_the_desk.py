"""What settles bills: published policies, and drafts only where somebody said so."""

from pathlib import Path

import pytest

from http_edge.serving import NotStarted
from settlement.bootstrap import build_parts
from settlement.settings import Settings
from standalone.serving import running
from tests.support.settlement_desk import Ticking
from tests.support.small_policies import REGION, layer_text, policy_text, write_book


def open_book(data: Path, policies: Path, *, drafts: bool = False) -> list[tuple[str, int]]:
    """The versions that the desk would settle by: first day and number."""
    settings = Settings(
        data=data, policies=policies, eligibility_url="http://127.0.0.1:9", drafts=drafts
    )
    book = build_parts(settings, Ticking()).book
    return [(str(policy.in_force_from), policy.version) for policy in book.policies]


@pytest.fixture(name="policies")
def _policies(tmp_path: Path) -> Path:
    """A published version, and a draft that is to replace it."""
    half, most = (policy_text(layer_text(f"base: total\nrate: {r}")) for r in ("50%", "70%"))
    book = write_book(tmp_path / "policies", half)
    draft = book / REGION / "resident" / "2020-01-01.v2.yaml"
    draft.write_text(most.replace("version: 1", "version: 2"), encoding="utf-8")
    return book


def test_bills_are_settled_by_what_is_published(tmp_path: Path, policies: Path) -> None:
    """The draft of the second version stands beside and counts for nothing."""
    assert open_book(tmp_path, policies) == [("2020-01-01", 1)]


def test_a_training_room_may_settle_by_drafts(tmp_path: Path, policies: Path) -> None:
    """YIZHAN_DRAFTS=yes: the files as they stand."""
    assert open_book(tmp_path, policies, drafts=True) == [("2020-01-01", 2)]


@pytest.mark.parametrize(("said", "drafts"), [("yes", True), ("no", False), ("", False)])
def test_only_yes_means_yes(monkeypatch: pytest.MonkeyPatch, said: str, drafts: object) -> None:
    """Any other word leaves drafts alone."""
    monkeypatch.setenv("YIZHAN_DRAFTS", said)

    assert Settings.from_environment().drafts is drafts


def test_nothing_starts_without_a_published_policy(tmp_path: Path, policies: Path) -> None:
    """A directory of drafts alone: the message says how to publish them."""
    (policies / "published.csv").unlink()

    with (
        pytest.raises(NotStarted, match=r"没有已公布的政策.*yizhan policy publish"),
        running(data=tmp_path, host="127.0.0.1", port=0, policies=policies),
    ):
        pass
