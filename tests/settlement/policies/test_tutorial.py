"""The tutorial can be followed: its files are written and its commands run, word for word."""

from pathlib import Path

import pytest

from tests.settlement.policies.following_tutorial import TUTORIAL, NotFollowed, as_followed


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the author sits."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_following_the_tutorial_gives_what_it_shows(empty_directory: Path) -> None:
    """From nothing to a published county; every output as printed."""
    text = TUTORIAL.read_text(encoding="utf-8")

    followed = as_followed(text, empty_directory)

    assert followed.splitlines() == text.splitlines(), "see following_tutorial.py"


def test_a_tutorial_that_shows_something_else_is_found(empty_directory: Path) -> None:
    """An output that nobody prints is replaced by the real one."""
    shown = "```console\n$ yizhan policy new 12\n已写\n```\n"

    assert "不是六位行政区划代码" in as_followed(shown, empty_directory)


def test_an_edit_that_does_not_fit_is_found(empty_directory: Path) -> None:
    """A change to a line that the file does not hold."""
    with pytest.raises(NotFollowed):
        as_followed("```yaml file=a\nx: 1\n```\n```diff file=a\n-y: 1\n+y: 2\n```", empty_directory)


REFUSED = "“12”不是六位行政区划代码，如 421022；没有署名的地区用 99 开头的保留代码"


def _shown(output: str) -> str:
    return f"```console\n$ yizhan policy new 12\n{output}\n```\n"


@pytest.mark.parametrize(
    "output",
    [REFUSED, "“12”不是六位\n……\n保留代码", "……\n保留代码", "……\n如 421022\n……"],
)
def test_lines_may_be_left_out(empty_directory: Path, output: str) -> None:
    """What stands before, between and after what is left out is in the real output."""
    assert as_followed(_shown(output), empty_directory) == _shown(output)


@pytest.mark.parametrize(
    "output", ["……\n如 421023\n……", "“13”\n……", "……\n保留", "……\n保留代码\n12"]
)
def test_what_is_shown_beside_it_is_held_to(empty_directory: Path, output: str) -> None:
    """Anything else shows the real output again."""
    assert as_followed(_shown(output), empty_directory) == _shown(REFUSED)
