"""The kept stories, told with the functions that mutants are made of (only under `make mutate`)."""

from importlib import import_module

import pytest

from settlement.kernel import cascade as kernel
from tests.mutation.generated import PACKAGE, cascades
from tests.settlement.kernel.kept_texts import Story, stories_in
from tests.settlement.kernel.test_what_a_settlement_says import KEPT, tell

FUNCTIONS = {
    cascade.shape.source: import_module(f"{PACKAGE}.{name}").settle_stay
    for name, cascade in cascades()
}


@pytest.mark.parametrize("story", stories_in(KEPT), ids=lambda story: story.number)
def test_a_story_is_told_by_the_function_in_its_file(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word for word, figure for figure."""
    monkeypatch.setattr(kernel, "compile_source", FUNCTIONS.__getitem__)

    assert tell(story.done) == story.said
