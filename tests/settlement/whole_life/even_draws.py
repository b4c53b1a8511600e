"""Draws that depend on the seed alone (均匀抽取).

Hypothesis also draws constants that it finds in whatever modules of the project the process has
loaded, and spends part of its runs on changing runs that it made before. So what happens in a run
would differ with every edit anywhere, and with the tests that ran before in the same process. Here
every draw is even over what is allowed, and every run is a new one; shrinking is Hypothesis's own.
"""

from typing import Any

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

EVEN_DRAWS = "even-draws"
"""The name to give as `backend` in Hypothesis's settings."""


class EvenDraws(HypothesisProvider):
    """Hypothesis's own draws without the constants."""

    def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
        return None


AVAILABLE_PROVIDERS[EVEN_DRAWS] = EvenDraws
