"""Reading a statement (结算单): computed again from the ledger alone, with all evidence."""

from dataclasses import dataclass

from settlement.application.law_library import LawLibrary
from settlement.application.prepare_settlement import compute
from settlement.application.rederive_later import switches_used
from settlement.domain.settlement import Beside, Settlement
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import NotSettled
from settlement.kernel.explain import NumberUsed, Step
from settlement.law.policy import Policy


@dataclass(frozen=True)
class Statement:
    """A settlement with its policy, steps and assumptions."""

    stay: Stay
    settlement: Settlement
    policy: Policy
    steps: tuple[Step, ...]
    assumed: tuple[NumberUsed, ...]
    beside: Beside


def read_statement(stay: Stay, laws: LawLibrary, number: str | None = None) -> Statement:
    """The statement of the latest settlement, or of the one with this number.

    Raises NotSettled, LawMissing.
    """
    wanted = [s for s in stay.settlements if number in (None, s.number)]
    if not wanted:
        raise NotSettled(f"住院 {stay.hospital_stay_number} 没有{number or '任何'}结算")
    settlement = wanted[-1]
    cascade = laws.cascade_of(settlement.inputs)
    again = compute(cascade, settlement.inputs)
    assumed = (*again.assumed, *switches_used(cascade.policy, settlement.adjustments))
    return Statement(stay, settlement, cascade.policy, again.steps, assumed, again.beside)
