"""What the kept stories' functions pay, with those that mutants are made of (only under
`make mutate`): word for word what is kept, and for made-up stays what the oracle reads in the text.
"""

from dataclasses import replace
from importlib import import_module

import pytest

from settlement.kernel import cascade as kernel
from tests.mutation.generated import PACKAGE, cascades
from tests.mutation.read_by_oracle import read_by_oracle
from tests.settlement.kernel.kept_texts import Story, stories_in
from tests.settlement.kernel.test_what_a_settlement_says import KEPT, tell
from tests.support.bill_generator import seeded
from tests.support.settling import verdict_of_product

CASCADES = {
    name: replace(cascade, settle_stay=import_module(f"{PACKAGE}.{name}").settle_stay)
    for name, cascade in cascades()
}
FUNCTIONS = {c.shape.source: c.settle_stay for c in CASCADES.values()}


READ = {
    name: list(read_by_oracle(cascade, seeded(name), people=150, most_alike=1))
    for name, cascade in CASCADES.items()
}


@pytest.mark.parametrize("story", stories_in(KEPT), ids=lambda story: story.number)
def test_a_story_is_told_by_the_function_in_its_file(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word for word, figure for figure."""
    monkeypatch.setattr(kernel, "compile_source", FUNCTIONS.__getitem__)

    assert tell(story.done) == story.said


@pytest.mark.parametrize("name", CASCADES)
def test_a_function_pays_what_the_oracle_reads(name: str) -> None:
    """Payment for payment, counter for counter."""
    assert READ[name]
    for read in READ[name]:
        assert verdict_of_product(CASCADES[name], read.stay, read.before) == read.verdict
