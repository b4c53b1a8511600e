"""The kept stories, settled by the oracle: it reads the documents by the letter (对照原文)."""

import pytest

from tests.settlement.kernel.kept_texts import Story, stories_in
from tests.settlement.kernel.test_what_a_settlement_says import KEPT, told
from tests.settlement.policies.drafts import tree_of
from tests.support.bill_generator import MadeUpStay
from tests.support.settling import compile_tree, verdict_of_oracle, verdict_of_product


@pytest.mark.parametrize("story", stories_in(KEPT), ids=lambda story: story.number)
def test_what_is_kept_is_what_the_text_says(story: Story) -> None:
    """Every payment, deduction, total, refusal and assumption of every story."""
    found = told(story.done)
    cascade = compile_tree(tree_of(found.text))
    plain = {k: v for k, v in found.facts.items() if k not in ("identities", "designations")}
    stay = MadeUpStay(
        found.charges,
        found.charges.amounts(),
        {
            **plain,
            "identity": frozenset(found.facts["identities"]),
            "designation": frozenset(found.facts["designations"]),
            "person_on": {
                day: {"identity": frozenset(who["identities"]), "age": who["age"]}
                for day, who in found.facts["person_on"].items()
            },
        },
        dict(found.elsewhere),
    )

    assert verdict_of_product(cascade, stay, found.before) == verdict_of_oracle(
        cascade, stay, found.before
    )
