"""What is remembered of a stay (住院的状态), and what anybody may ask of it."""

from datetime import date
from typing import Any
from uuid import UUID

from contracts.vocabulary import Departure, InstitutionId, PersonId
from settlement.domain.circumstances import Circumstances
from settlement.domain.deductions import Deductions
from settlement.domain.deposits import Deposit, Tender
from settlement.domain.discretion import (
    Proposal,
    ProposalStatus,
)
from settlement.domain.fees import Fees
from settlement.domain.registration import Registration
from settlement.domain.settlement import (
    Settlement,
)
from settlement.law.bill import Charges


class StayState:
    """The state (状态); what happens to a stay changes it, and nothing else does."""

    institution_id: InstitutionId
    hospital_stay_number: str
    person_id: PersonId
    scheme: str | None
    admission: date
    circumstances: Circumstances

    def begin(self) -> None:
        """Used by the aggregate: a stay of which nothing is known."""
        self.settlements: tuple[Settlement, ...] = ()
        self.late_layers: dict[str, frozenset[str]] = {}
        self.proposals: tuple[Proposal, ...] = ()
        self.decided: dict[int, ProposalStatus] = {}
        self.deductions = Deductions()
        self.part = 1
        self.continues: UUID | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Used by events: nothing has happened since the admission."""
        self.fees, self.deposit = Fees(), Deposit()
        self.tender: Tender | None = None
        self.discharge: date | None = None
        self.departure: Departure | None = None
        self.invoice_number: str | None = None
        self.goes_on = False
        self.is_cancelled = False
        self.declared_at_admission = self.declared_at_discharge = Circumstances()

    def trigger_event(self, event_class: type[Any], **kwargs: Any) -> None:
        """Let something happen: an event of one of the modules `events_…`."""
        raise NotImplementedError(event_class, kwargs)

    @property
    def current_settlement(self) -> Settlement | None:
        """The settlement that counts, if any."""
        last = self.settlements[-1] if self.settlements else None
        return None if last is None or last.is_reversed else last

    @property
    def status(self) -> str:
        """`admitted`, `discharged`, `settled` or `cancelled`."""
        if self.is_cancelled:
            return "cancelled"
        if self.current_settlement:
            return "settled"
        return "discharged" if self.discharge else "admitted"

    @property
    def registration(self) -> Registration:
        """What is registered of the admission."""
        return Registration(self.person_id, self.scheme, self.admission, self.declared_at_admission)

    @property
    def batches(self) -> tuple[str, ...]:
        """The numbers of the batches that stand."""
        return tuple(batch.number for batch in self.fees.batches)

    @property
    def charges(self) -> Charges | None:
        """The fees so far."""
        return self.fees.charges

    def proposal_status(self, proposed: Proposal) -> ProposalStatus:
        """What became of one of its proposals."""
        return self.decided.get(proposed.proposal, ProposalStatus.PROPOSED)

    def state_circumstances(
        self,
        *,
        at_admission: Circumstances | None = None,
        at_discharge: Circumstances | None = None,
    ) -> None:
        """Used by events: what the discharge declares goes on top of what the admission did."""
        self.declared_at_admission = at_admission or self.declared_at_admission
        self.declared_at_discharge = at_discharge or self.declared_at_discharge
        self.circumstances = self.declared_at_admission.amended(self.declared_at_discharge)

    def came_late(self, number: str, layer: str) -> None:
        """Used by events: the amount of a layer of this settlement came after it."""
        self.late_layers[number] = self.late_layers.get(number, frozenset()) | {layer}

    def replace_last(self, **changes: Any) -> None:
        """Used by events: the last settlement with some fields changed."""
        last = self.settlements[-1]
        self.settlements = (*self.settlements[:-1], Settlement(**{**vars(last), **changes}))
