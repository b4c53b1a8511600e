"""Coming and going (入院、出院): admitted, changed, cancelled, admitted again, discharged."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from contracts.vocabulary import Departure, InstitutionId
from settlement.application.admit_patient import admit_patient
from settlement.application.cancel_admission import CancelAdmission, cancel_admission
from settlement.application.change_admission import ChangeAdmission, change_admission
from settlement.application.discharge_patient import DischargePatient, discharge_patient
from settlement.application.undo_discharge import UndoDischarge, undo_discharge
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import BothDesks, any_that_is, declared
from tests.settlement.whole_life.model_parts import first_of
from tests.settlement.whole_life.model_settlements import Referral, StayKey
from tests.settlement.whole_life.real_desk import date_of, id_of
from tests.settlement.whole_life.two_regions import (
    HOSPITALS,
    NOBODY,
    PEOPLE,
)

_HOSPITAL_IDS = st.sampled_from(list(HOSPITALS))
_STAY_NUMBERS = st.sampled_from(["1", "2", "3"])


class ComingAndGoing(BothDesks):
    """The rules."""

    @rule(
        hospital=_HOSPITAL_IDS,
        number=_STAY_NUMBERS,
        person=st.sampled_from([*PEOPLE, *PEOPLE, NOBODY]),
        days_ago=sent.DAYS_AGO,
        referral=sent.REFERRALS,
    )
    def admit(
        self, hospital: str, number: str, person: str, days_ago: int, referral: Referral
    ) -> None:
        """Somebody is admitted, perhaps under the number of a cancelled stay."""
        self.admit_one((hospital, number), person, days_ago, referral)

    def admit_one(
        self,
        key: StayKey,
        person: str,
        days_ago: int,
        referral: Referral,
        former: StayKey | None = None,
    ) -> None:
        """An admission on its way."""
        self.begin("admit")
        command = self.admission(key, person, days_ago, referral, former)
        why = self.model.admit(
            key, person, command.admission, referral, command.today, former=former
        )
        self.tally["admitted from another hospital"] += not why and former is not None
        self.carry_out(
            "admit",
            key,
            why,
            lambda accept: admit_patient(
                command, ledger=self.desk.ledger, eligibility=self.desk.people, accept=accept
            ),
            person=person,
            admission=command.admission,
            referral=referral,
            former=former,
        )

    @any_that_is("admitted", "discharged")
    @rule(
        pick=sent.PICKS,
        days=st.sampled_from([-30, -1, 0, 0, 1]),
        referral=sent.REFERRALS,
        came=st.sampled_from(["as said", "as said", "as said", "from nowhere", "from another"]),
    )
    def change_admission(self, pick: int, days: int, referral: Referral, came: str) -> None:
        """What was registered reads otherwise."""
        self.begin("change_admission")
        key = self.stay_of(pick, "admitted", "discharged")
        admission = self.model.stays[key].admission + timedelta(days=days)
        former = self.model.stays[key].came_from if came == "as said" else None
        if came == "from another":
            former = first_of(self.stay_of(pick // 2, "discharged", "settled"))
        today = date_of(self.now)
        command = ChangeAdmission(
            stay_id=id_of(key),
            admission=admission,
            scheme=None,
            circumstances=declared(referral, former),
            by=self.by(key),
            today=today,
            at=self.now,
        )
        self.carry_out(
            "change_admission",
            key,
            self.model.change_admission(key, admission, referral, today, former=former),
            lambda accept: change_admission(
                command, ledger=self.desk.ledger, eligibility=self.desk.people, accept=accept
            ),
            admission=admission,
            referral=referral,
            former=former,
        )

    @any_that_is("admitted")
    @rule(pick=sent.PICKS, desk=st.sampled_from(["own", "own", "another"]))
    def cancel(self, pick: int, desk: str) -> None:
        """The admission never was; another hospital's desk does not even find it."""
        self.begin("cancel")
        key = self.stay_of(pick, "admitted")
        others = [h for h in HOSPITALS if h != key[0]]
        by = self.by(key) if desk == "own" else Actor("cashier-1", InstitutionId(others[0]))
        command = CancelAdmission(id_of(key), "误登", by, self.now)
        self.carry_out(
            "cancel",
            key,
            self.model.cancel(key) if desk == "own" else {"StayUnknown"},
            lambda accept: cancel_admission(command, ledger=self.desk.ledger, accept=accept),
            desk=desk,
        )

    @any_that_is("admitted")
    @rule(pick=sent.PICKS, length=sent.LENGTHS, referral=sent.REFERRALS | st.none())
    def discharge(self, pick: int, length: int, referral: Referral) -> None:
        """The patient leaves, perhaps before having come."""
        self.discharge_one(self.stay_of(pick, "admitted"), length, referral)

    def discharge_one(
        self, key: StayKey, length: int, referral: Referral, departure: str | None = None
    ) -> None:
        """A discharge on its way."""
        self.begin("discharge")
        today = date_of(self.now)
        day = self.model.stays[key].admission + timedelta(days=length)
        command = DischargePatient(
            stay_id=id_of(key),
            discharge=day,
            invoice_number=f"FP{length}",
            circumstances=Circumstances(referral=referral),
            by=self.by(key),
            today=today,
            at=self.now,
            departure=Departure(departure) if departure else None,
        )
        self.carry_out(
            "discharge",
            key,
            self.model.discharge(key, day, referral, today, departure=departure),
            lambda accept: discharge_patient(command, ledger=self.desk.ledger, accept=accept),
            day=day,
            referral=referral,
            departure=departure,
        )

    @any_that_is("discharged")
    @rule(pick=sent.PICKS)
    def undo_discharge(self, pick: int) -> None:
        """The patient never left."""
        self.begin("undo_discharge")
        key = self.stay_of(pick, "discharged")
        command = UndoDischarge(id_of(key), "误登", self.by(key), self.now)
        self.carry_out(
            "undo_discharge",
            key,
            self.model.undo_discharge(key),
            lambda accept: undo_discharge(command, ledger=self.desk.ledger, accept=accept),
        )
