"""Claims in columns through OpenFisca (OpenFisca 测量): its layout, its calculation, and back."""

from dataclasses import dataclass

import numpy as np
from openfisca_core.periods import Period, period
from openfisca_core.simulations import Simulation, SimulationBuilder

from benchmarks.claims import Claims
from benchmarks.openfisca_country import PAYMENTS, Array, Money, country
from settlement.kernel.columns import Integers


@dataclass(frozen=True)
class Month:
    """The claims that are their person's nth of the year, and those persons."""

    period: Period
    claims: Integers
    persons: Integers


class OpenFiscaRun:
    """One way of writing the policy in OpenFisca, ready to settle the same claims over again."""

    def __init__(self, claims: Claims, money: Money):
        """Build the system and the persons, which take no part in what is timed."""
        self.claims = claims
        self.money = money
        starts, sizes = claims.group_starts[:-1], np.diff(claims.group_starts)
        self.persons = len(starts)
        self.kinds = claims.kind[starts].astype(np.uint8)
        self.months = [
            Month(period(f"2023-{at + 1:02d}"), starts[sizes > at] + at, np.flatnonzero(sizes > at))
            for at in range(int(sizes.max()))
        ]
        self.system = country(money)
        self.simulation = self.lay_out()

    def lay_out(self) -> Simulation:
        """The claims as OpenFisca wants them: an array of all persons for every month."""
        simulation = SimulationBuilder().build_default_simulation(self.system, self.persons)
        simulation.set_input("kind", "eternity", self.kinds)
        for month in self.months:
            for name, column in (("total", self.claims.total), ("in_scope", self.claims.in_scope)):
                values: Array = np.zeros(self.persons, self.system.get_variable(name).dtype)
                values[month.persons] = self.money.of_fen(column[month.claims])
                simulation.set_input(name, month.period, values)
        return simulation

    def calculate(self, simulation: Simulation | None = None) -> list[list[Array]]:
        """The formulas alone, month after month; what was computed before is forgotten first."""
        at_hand = simulation or self.simulation
        for name in self.system.variables:
            if name not in {"kind", "total", "in_scope"}:
                at_hand.delete_arrays(name)
        return [[at_hand.calculate(name, m.period) for name in PAYMENTS] for m in self.months]

    def settle(self) -> list[Integers]:
        """From columns of claims to columns of payments in fen, as the kernel takes and gives."""
        found = self.calculate(self.lay_out())
        return [self._column(found, at) for at in range(len(PAYMENTS))]

    def _column(self, found: list[list[Array]], at: int) -> Integers:
        column: Integers = np.empty(len(self.claims.total), np.int64)
        for month, values in zip(self.months, found, strict=True):
            column[month.claims] = self.money.to_fen(values[at][month.persons])
        return column
