"""Whole policies made up at random (虚构政策): document trees over the whole language.

Every tree reads without faults and passes what checking asks: shares stay within 100%, bands
ascend, a counter counts one thing over one year and is kept apart by one fact. (Only rows that
nobody can reach, and shares too fine for a bill of ¥100 million, do occur.) Evidence stands
wherever it may stand. Generators take a `Random`, so that Hypothesis can drive them and a plain
seed can as well.
"""

from random import Random

from hypothesis import strategies as st

from tests.support.policy_author import DECLARED, IDENTITIES, Author, Tree
from tests.support.policy_layers import (
    add_counted_toward,
    asks_of_the_person,
    layer_tree,
    shares_a_counter,
)

_YEARS = (
    {"begins": "01-01", "chosen_by": "discharge"},
    {"begins": "01-01", "chosen_by": "admission"},
    {"begins": "07-01", "chosen_by": "discharge"},
    {"begins": "03-15", "chosen_by": "settlement"},
)


def policy_trees(most_layers: int = 5) -> st.SearchStrategy[Tree]:
    """Random whole policies, which shrink."""
    return st.randoms(use_true_random=False).map(lambda chance: policy_tree(chance, most_layers))


def policy_tree(chance: Random, most_layers: int = 5) -> Tree:
    """One random policy document."""
    author = Author(chance)
    head = _what_the_document_adds(author)
    author.layers = [f"layer_{at}" for at in range(1, chance.randint(1, most_layers) + 1)]
    layers: list[Tree] = []
    for name in author.layers:
        layers.append(layer_tree(author, name, layers))
    add_counted_toward(author, layers)
    for layer in layers:
        if not asks_of_the_person(layer):
            layer.pop("person_asked_as_of", None)
        if author.one_in(4) and not shares_a_counter(layer, layers):
            layer["benefit_year"] = chance.choice(_YEARS)
    return {
        "yizhan_policy": "1",
        "region": {"code": "990199", **author.doubt(3)},
        "region_name": "虚构县",
        "scheme": "resident",
        "version": "1",
        "title": "虚构政策",
        "fictional": "true",
        "identities": {"local_made_up": "虚构的身份"},
        "in_force": {"from": "2020-01-01"},
        "dates": {
            "version_chosen_by": "admission",
            "person_asked_as_of": "admission",
            "benefit_year": chance.choice(_YEARS),
            "claim_by": {"day": "03-31", "years_after": "1"},
        },
        "rounding": author.rounding(),
        "sources": {"made_up": {"title": "虚构"}},
        "evidence": {"status": "stated", "source": "made_up"},
        **head,
        "layers": layers,
        **_what_is_only_reported(author, layers),
    }


def _what_the_document_adds(author: Author) -> Tree:
    """Parameters, what bills must declare, whose identity counts, a deposit."""
    found: Tree = {}
    if author.one_in(2):
        names = author.chance.sample(sorted(DECLARED), author.chance.randint(1, 3))
        author.asks = found["asks"] = {name: dict(DECLARED[name]) for name in sorted(names)}
    if author.one_in(2):
        found["parameters"] = _parameters(author)
        author.parameters = found["parameters"]
    if author.one_in(3):
        listed = author.chance.sample(IDENTITIES, author.chance.randint(2, 3))
        found["people"] = {"precedence": listed, **author.doubt(4)}
        if author.one_in(3):
            found["people"]["keeps"] = [{"identity": listed[0], "months": "12"}]
    if author.one_in(6):
        found["deposit"] = {"amount": author.amount(3000), "share_of_normal": "50%"}
        found["corrections"] = {"underpaid": "through_hospital", "overpaid": "leave"}
    return found


def _parameters(author: Author) -> Tree:
    """What other numbers are made of: an income, a line, a share."""
    chosen = author.chance
    income = author.known_or_missing(chosen.choice(("28753", "12001.50")))
    found: Tree = {"income": {"name": "居民人均可支配收入", "amount": income, **author.doubt(4)}}
    if author.one_in(3):
        amount = {"of": "income", "times": "10%", "rounding": author.rounding()}
        found["a_tenth"] = {"name": "收入的一成", "amount": amount, **author.doubt(4)}
    if author.one_in(2):
        line = author.rows(["6000", "9000", "12000"])
        found["line"] = {"name": "起付线", "amount": line, **author.doubt(4)}
    if author.one_in(2):
        found["usual"] = {"name": "一般比例", "ratio": author.ratio(), **author.doubt(4)}
    return found


def _what_is_only_reported(author: Author, layers: list[Tree]) -> Tree:
    if not author.one_in(3):
        return {}
    names = author.chance.sample([layer["id"] for layer in layers], 1)
    share = {
        "id": "actual_ratio",
        "name": "实际补偿比",
        "share": names[0],
        "of": author.chance.choice(("total", "in_scope", author.sum(layers))),
    }
    if author.one_in(2):
        share["target"] = author.ratio()
    if author.one_in(3):
        share["applies"] = author.condition()
    amount = author.chance.choice(("patient", author.sum(layers)))
    return {"reported": [share, {"id": "self_paid", "name": "个人自付", "amount": amount}]}
