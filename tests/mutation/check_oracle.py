"""Made-up stays under made-up policies come to what the oracle reads (only under `make mutate`)."""

import pytest

from tests.mutation.read_by_oracle import read_by_oracle
from tests.support.bill_generator import seeded
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree, verdict_of_product

POLICIES = range(160)
READ_AGAIN = range(60)
"""Policies that are read and written again for each mutant."""

TREES = {seed: policy_tree(seeded(seed)) for seed in POLICIES}
CASCADES = {seed: compile_tree(tree) for seed, tree in TREES.items()}
READ = {
    seed: list(read_by_oracle(cascade, seeded(f"stays {seed}"), people=5, most_alike=1))
    for seed, cascade in CASCADES.items()
}


def _tens(seeds: range) -> list[range]:
    return [seeds[at : at + 10] for at in range(0, len(seeds), 10)]


@pytest.mark.parametrize("seeds", _tens(POLICIES), ids=str)
def test_stays_come_to_what_the_oracle_reads(seeds: range) -> None:
    """Payments, counters, what is assumed, what is reported, refusals."""
    for seed in seeds:
        for read in READ[seed]:
            assert verdict_of_product(CASCADES[seed], read.stay, read.before) == read.verdict


@pytest.mark.parametrize("seeds", _tens(READ_AGAIN), ids=str)
def test_documents_read_again_pay_the_same(seeds: range) -> None:
    """From the document to the payment, with nothing kept from before."""
    for seed in seeds:
        cascade = compile_tree(TREES[seed])
        for read in READ[seed]:
            assert verdict_of_product(cascade, read.stay, read.before) == read.verdict
