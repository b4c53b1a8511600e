"""Small documents that tests write out (虚构政策)."""

from typing import Any


def document(
    *layers: dict[str, Any], rounding: tuple[str, str] = ("half_up", "fen")
) -> dict[str, Any]:
    """A policy of these layers; payer and pool are filled in where they are wanted."""
    mode, to = rounding
    return {
        "yizhan_policy": "1",
        "region": "990199",
        "region_name": "虚构县",
        "scheme": "resident",
        "version": "1",
        "title": "虚构政策",
        "fictional": "true",
        "in_force": {"from": "2020-01-01"},
        "dates": {
            "version_chosen_by": "admission",
            "person_asked_as_of": "admission",
            "benefit_year": {"begins": "01-01", "chosen_by": "discharge"},
        },
        "rounding": {"mode": mode, "to": to},
        "sources": {"made_up": {"title": "虚构"}},
        "evidence": {"status": "stated", "source": "made_up"},
        "layers": [_complete(layer) for layer in layers],
    }


def _complete(layer: dict[str, Any]) -> dict[str, Any]:
    has_fund = layer.get("payer") not in {"hospital", "none", "patient"}
    return {"payer": "basic", **({"pool": "990100"} if has_fund else {}), **layer}
