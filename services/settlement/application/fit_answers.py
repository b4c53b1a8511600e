"""Answers to what a policy asks for (另须申报的情形): each must be of the kind that it asks.

An answer of another kind, or a word that is not in the list, would match no row and be taken for
the rest: it is refused by name instead. What other policies ask for is no concern of this one.
"""

from collections.abc import Mapping

from settlement.law.facts import Ask, FactKind
from settlement.law.policy import Policy


class AnswerUnfit(Exception):
    """A declared circumstance is not what the policy asks for."""

    def __init__(self, ask: Ask):
        """Name what is asked, and what it may be."""
        self.ask_id = ask.id
        super().__init__(f"“{ask.label}”（{ask.id}）应申报{_wanted(ask)}；请更正后再结算")


def require_fit_answers(policy: Policy, answers: Mapping[str, bool | int | str]) -> None:
    """Raises AnswerUnfit. What was not declared is unknown, and refused only where it decides."""
    for ask in policy.asks:
        if ask.id in answers and not _fits(ask, answers[ask.id]):
            raise AnswerUnfit(ask)


def _fits(ask: Ask, answer: bool | int | str) -> bool:  # noqa: FBT001 - an answer, not a switch
    if ask.kind is FactKind.YES_NO:
        return isinstance(answer, bool)
    if ask.kind is FactKind.NUMBER:
        return isinstance(answer, int) and not isinstance(answer, bool)
    return answer in ask.words


def _wanted(ask: Ask) -> str:
    if ask.kind is FactKind.YES_NO:
        return "是或否（true、false）"
    if ask.kind is FactKind.NUMBER:
        return "整数"
    return f"“{'、'.join(ask.words)}”之一"
