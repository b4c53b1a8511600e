"""Where the numbers of a document stand (位置): findings point at the very line."""

import pytest

from settlement.law.places import Places
from settlement.law.policy import numbers_of
from tests.settlement.policies.drafts import RIGHT, WHOLE_LANGUAGE, policy_of

WHOLE = policy_of(WHOLE_LANGUAGE)
LAYERS = {number.name: layer for layer in WHOLE.layers for number in numbers_of(layer)}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("special.rate", "layers.0.rate"),
        ("maternity.fixed", "layers.1.base.fixed"),
        ("maternity.rate", "layers.1.rate"),
        ("maternity.cap_1", "layers.1.caps.0.amount"),
        ("basic.deductible", "layers.3.deductible.amount"),
        ("basic.deductible.limit", "layers.3.deductible.limit.amount"),
        ("basic.class_a.rate", "layers.3.parts.0.rate"),
        ("basic.class_b.first_self_pay", "layers.3.parts.1.first_self_pay"),
        ("basic.class_b.band_1.up_to", "layers.3.parts.1.bands.rows.0.up_to"),
        ("basic.class_b.band_1.rate", "layers.3.parts.1.bands.rows.0.rate"),
        ("basic.class_b.band_2.up_to", "layers.3.parts.1.bands.rows.1.up_to"),
        ("basic.class_b.band_2.rate", "layers.3.parts.1.bands.rows.1.rate"),
        ("basic.class_b.band_3.rate", "layers.3.parts.1.bands.rows.2.rate"),
        ("basic.class_b.factor.row_1.edge", "layers.3.parts.1.factor.rows.0.up_to"),
        ("basic.class_b.factor.row_1.then", "layers.3.parts.1.factor.rows.0.then"),
        ("basic.class_b.factor.row_2.edge", "layers.3.parts.1.factor.rows.1.below"),
        ("basic.class_b.factor.row_2.then", "layers.3.parts.1.factor.rows.1.then"),
        ("basic.class_b.factor.row_3.then", "layers.3.parts.1.factor.rows.2.then"),
        ("basic.tcm.rate", "layers.3.parts.2.rate"),
        ("basic.cap_1", "layers.3.caps.0.amount"),
        ("basic.cap_2", "layers.3.caps.1.amount"),
        ("basic.cap_3", "layers.3.caps.2.amount"),
        ("due.rate", "layers.4.rate"),
        ("critical.deductible", "layers.5.deductible.amount"),
        ("critical.band_1.up_to", "layers.5.bands.rows.0.up_to"),
        ("critical.band_1.rate", "layers.5.bands.rows.0.rate"),
        ("critical.band_2.rate", "layers.5.bands.rows.1.rate"),
        ("assistance.deductible.share", "layers.6.deductible.amount.share"),
        ("assistance.deductible.at_least", "layers.6.deductible.amount.at_least"),
        ("assistance.deductible.at_most", "layers.6.deductible.amount.at_most"),
        ("assistance.rate.row_1.edge", "layers.6.rate.rows.0.below"),
        ("assistance.rate.row_1.then", "layers.6.rate.rows.0.then"),
        ("assistance.rate.row_2.then", "layers.6.rate.rows.1.then"),
        ("assistance.cap_1.row_1.edge", "layers.6.caps.0.amount.rows.0.up_to"),
        ("assistance.cap_1.row_1.then", "layers.6.caps.0.amount.rows.0.then"),
        ("assistance.cap_1.row_2.then", "layers.6.caps.0.amount.rows.1.then"),
        ("allowance.fixed", "layers.7.base.fixed"),
        ("allowance.rate", "layers.7.rate"),
        ("top_up.rate", "layers.8.rate"),
    ],
)
def test_a_number_of_a_layer_stands_where_it_was_written(name: str, place: str) -> None:
    """Bands and rows are counted from 1 in its name and from 0 in the document."""
    found = Places(WHOLE).number(LAYERS[name], name)

    assert ".".join(map(str, found)) == place
    assert Places(WHOLE).is_written(found)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("parameter.critical_line", "parameters.critical_line.amount"),
        ("parameter.income", "parameters.income.amount"),
        ("parameter.share", "parameters.share.ratio"),
        ("reported.actual_ratio.target", "reported.0.target"),
        ("deposit.amount", "deposit.amount"),
        ("deposit.share_of_normal", "deposit.share_of_normal"),
    ],
)
def test_a_number_of_the_whole_document_stands_where_it_was_written(name: str, place: str) -> None:
    """A parameter is an amount or a ratio."""
    found = Places(WHOLE).number(None, name)

    assert ".".join(map(str, found)) == place
    assert Places(WHOLE).is_written(found)


def test_a_part_may_be_called_like_a_cap() -> None:
    """The cap is the layer's; what the part has stands in the part."""
    parts = """\
    parts:
      - {id: cap_1, base: class_a, rate: 60%}
      - {id: other, base: class_b, rate: 70%}
    caps: [{per: stay, of: payment, amount: 9}]
"""
    text = RIGHT.replace("    base: in_scope\n", "").replace("    deductible: 300\n", "")
    policy = policy_of(text.replace("    rate: 70%\n", parts))
    (layer,) = policy.layers

    assert Places(policy).number(layer, "basic.cap_1") == ("layers", 0, "caps", 0, "amount")
    assert Places(policy).number(layer, "basic.cap_1.rate") == ("layers", 0, "parts", 0, "rate")


@pytest.mark.parametrize(
    ("place", "is_written"),
    [
        (("layers", 0, "id"), True),
        (("layers", 8), True),
        (("layers", 9), False),
        (("layers", "id"), False),
        (("layers", 0, 0), False),
        (("layers", 0, "id", 0), False),
        (("layers", 0, "caps"), False),
        (("region_name",), True),
        (("region_name", "code"), False),
    ],
)
def test_what_is_written_is_told_from_what_is_not(
    place: tuple[str | int, ...], *, is_written: bool
) -> None:
    """Keys that are not there, rows beyond the last, and what is inside a word."""
    assert Places(WHOLE).is_written(place) is is_written
