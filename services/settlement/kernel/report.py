"""What is computed and told and never paid (指标、对照项目), and what a deposit may be (押金)."""

from typing import NamedTuple

from settlement.kernel.names import PATIENT, sum_variable, term_variable
from settlement.kernel.resolving import ResolvedNumber, resolve_number
from settlement.kernel.settle import Outcome
from settlement.law.exact import Ratio
from settlement.law.expressions import YEAR, Expression
from settlement.law.facts import FactNotStated, Facts
from settlement.law.people import seen_by_layer
from settlement.law.policy import Policy, Reported


class Told(NamedTuple):
    """One reported value (一项指标), in fen: an amount, or a share of `denominator_fen`.

    A share has no value where its denominator is not above 0, and `is_met` is None without a
    target or a value. `missing` names the amount of the bill or the fact that nobody stated.
    """

    id: str
    label: str
    amount_fen: int | None
    denominator_fen: int | None
    target: str | None
    is_met: bool | None
    missing: str | None


class DepositAllowed(NamedTuple):
    """What may be asked on admission (押金): None where the document says nothing."""

    share_of_normal: ResolvedNumber | None
    amount: ResolvedNumber | None


def report(policy: Policy, outcome: Outcome, facts: Facts) -> tuple[Told, ...]:
    """Every reported value that is for this stay, in order.

    What nobody stated leaves a value untold, by name: an indicator never stops a settlement.
    """
    found = []
    facts = seen_by_layer(facts, asked_as_of=None, precedence=policy.people.precedence)
    for one in policy.reported:
        try:
            if one.condition.holds(facts):
                found.append(_told(policy, outcome, facts, one))
        except FactNotStated as unknown:
            found.append(Told(one.id, one.label, None, None, None, None, unknown.fact))
    return tuple(found)


def deposit(policy: Policy, facts: Facts) -> DepositAllowed:
    """What the hospital may ask of this person on admission. Raises FactNotStated."""
    rule = policy.deposit
    facts = seen_by_layer(facts, asked_as_of=None, precedence=policy.people.precedence)
    return DepositAllowed(
        share_of_normal=resolve_number(rule.share_of_normal, facts)
        if rule and rule.share_of_normal
        else None,
        amount=resolve_number(rule.amount, facts) if rule and rule.amount else None,
    )


def _told(policy: Policy, outcome: Outcome, facts: Facts, one: Reported) -> Told:
    target = resolve_number(one.target, facts) if one.target else None
    text = target.text if target else None
    try:
        amount_fen = _value(policy, outcome, one.amount)
        denominator_fen = _value(policy, outcome, one.of) if one.of else None
    except KeyError as unknown:
        return Told(one.id, one.label, None, None, text, None, str(unknown.args[0]))
    is_met = None
    if target and isinstance(target.value, Ratio) and denominator_fen and denominator_fen > 0:
        whole = denominator_fen * target.value.units
        is_met = amount_fen * int(10**target.value.digits) >= whole
    return Told(one.id, one.label, amount_fen, denominator_fen, text, is_met, None)


def _value(policy: Policy, outcome: Outcome, expression: Expression) -> int:
    """An expression over what came out. Raises KeyError for an amount nobody stated."""
    return sum(t.sign * _term(policy, outcome, t.name) for t in expression.terms)


def _term(policy: Policy, outcome: Outcome, name: str) -> int:
    if name == PATIENT:
        return outcome.patient_fen
    if name.startswith(YEAR):
        # The function gives the total after this stay; the name means the one before it.
        own = _term(policy, outcome, name.removeprefix(YEAR))
        return outcome.values[sum_variable(name)] - own
    variable = term_variable(name, policy.layers, all_layers=policy.layers)
    signs = {"+": 1, "-": -1}
    total, sign = 0, 1
    for word in variable.strip("()").split():
        if word in signs:
            sign = signs[word]
        elif word in outcome.values:
            total += sign * outcome.values[word]
        else:
            raise KeyError(name)
    return total
