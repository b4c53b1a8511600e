"""A scripted day (一天的业务): every message said once, every event stored once, all made up.

Both services run for real over the test client, with a fixed clock and fixed ids; settlement asks
eligibility over its HTTP contract. People, hospitals and amounts are fictional.
"""

import io
import sqlite3
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import UUID

import httpx2
from openpyxl import load_workbook
from pydantic import BaseModel

import eligibility.settings
from contracts import (
    cloud_events_v1,
    eligibility_differences_v1,
    eligibility_events_v1,
    eligibility_v1,
    requests_v1,
    settlement_accounts_v1,
    settlement_corrections_v1,
    settlement_events_v1,
    settlement_funds_v1,
    settlement_revisions_v1,
    settlement_stays_v1,
    settlement_v1,
)
from contracts.channels import ELIGIBILITY, SETTLEMENT, Channel
from contracts.vocabulary import InstitutionId
from eligibility.application.import_list import ListDecisions
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import build
from eligibility.entrypoints.http.app import create_app as create_eligibility
from eligibility.entrypoints.publish import PeopleFeed
from kafka_edge.listener import Received, Span
from kafka_edge.outgoing import outgoing
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.adapters.fund_list_csv import read_fund_list
from settlement.adapters.members_http import MembersHttp
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.ask_when_down import AskWhenDown, ReplicaRules
from settlement.application.check_replica import ReplicaState, check_replica
from settlement.application.reconcile_fund import reconcile_fund
from settlement.domain.fund_statement import Period
from settlement.domain.stay import stay_id_of
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.fund_translating import show_reconciliation
from settlement.entrypoints.listen import PeopleTopic
from tests.contracts.owner_words import office_on_line
from tests.eligibility.conftest import number, roster
from tests.eligibility.difference_lists import civil, insurer
from tests.eligibility.list_office import full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file
from tests.support.fee_lines import BED, DRUG, DRUG_BACK, MEAL
from tests.support.settlement_desk import Desk, Ticking, open_parts, with_people
from tests.support.signed import signing_client
from tests.support.small_policies import RICHER_POLICY, write_book

TModel = TypeVar("TModel", bound=BaseModel)

FUND = "500000-medical_assistance"
HOSPITAL = InstitutionId("H50011200001")
PATIENT = number(1, birth="19680315")
NEIGHBOUR = number(2, birth="19551120")
BABY = "P340000001"
FIRST_ROSTER = roster(
    f"居民身份证,{PATIENT},样例甲,1968-03-15,低保边缘家庭成员,2015-01-01,,500112,居民,一档,2015-01-01,",
    f"居民身份证,{NEIGHBOUR},样例乙,1955-11-20,低保对象,2015-01-01,2025-12-31,990103,居民,,2015-01-01,",
    f"出生医学证明,{BABY},样例丁,2025-12-30,,,,990103,居民,,2025-12-30,",
    "居民身份证,123,样例丙,,低保对象,2015-01-01,,500112,居民,一档,2015-01-01,",
)
TRAVELLER = "E00000001"
TRAVELLER_ROSTER = roster(f"护照,{TRAVELLER},样例戊,1960-05-05,,,,990103,居民,一档,2015-01-01,")
TRAVELLER_CORRECTED = roster(
    f"护照,{TRAVELLER},样例戊,1959-01-05,低保对象,2026-01-01,,990103,居民,一档,2015-01-01,2025-12-31"
)
CORRECTED_ROSTER = roster(
    f"居民身份证,{PATIENT},样例甲甲,1968-03-15,,,,500112,居民,一档,2015-01-01,"
)
SAID_OF_THE_NEIGHBOUR: dict[str, Any] = {
    "owner": "disabled_federation",
    "identities": [
        {
            "identity": "poverty_registered",
            "valid_from": "2018-01-01",
            "valid_to": "2020-12-31",
            "benefits_after_end": {"until": "2026-12-31"},
        }
    ],
    "households": [
        {"register_owner": "poverty_office", "number": "H-0007", "valid_from": "2018-01-01"}
    ],
    "enrolments": [
        {
            "region": "990103",
            "scheme": "resident",
            "plan": "二档",
            "valid_from": "2026-01-01",
            "valid_to": "2026-12-31",
            "premium_payer": "fully_subsidised",
            "premium_paid_on": "2025-12-11",
            "waiting_to": "2026-01-31",
        }
    ],
    "marks": [
        {
            "kind": "special",
            "region": "990103",
            "code": "M01600",
            "name": "恶性肿瘤门诊治疗",
            "disease_list": "4类33种",
            "limit_fen": 5_000_00,
            "valid_from": "2024-05-01",
        }
    ],
    "disease_listings": [
        {
            "disease_list": "32种",
            "diagnosis_code": "C50.900",
            "diagnosis_system": "ICD-10",
            "valid_from": "2024-05-01",
        }
    ],
    "filings": [
        {
            "kind": "referral",
            "number": "ZZ-2026-0001",
            "from_region": "990103",
            "to_region": "500112",
            "to_institution": HOSPITAL,
            "valid_from": "2026-02-01",
            "valid_to": "2026-04-30",
        }
    ],
    "disabilities": [
        {"level": 3, "valid_from": "2020-06-01", "valid_to": "2024-05-31"},
        {"level": 2, "valid_from": "2024-06-01"},
    ],
    "death": {"died_on": "2026-02-09"},
    "residences": [
        {"township": "990103101", "village": "990103101201", "valid_from": "2020-01-01"}
    ],
}
CIRCUMSTANCES: dict[str, Any] = {
    "referral": False,
    "emergency": True,
    "third_party_liability": False,
    "surgery": False,
    "diagnosis": {"code": "K35.900", "system": "ICD-10", "version": "医保版 2.0"},
}
DECLARED = {"declared": {"student": False, "years_insured": 8, "ward": "普通"}}
PAYER_LIST = """结算单号,住院号,发票号,机构编码,金额(元),结算日期
500112-2026-0000001,ZY2026-0001,FP2026-0001,H50011200001,10000.00,2026-03-02
,ZY2026-9999,,H50011200001,12.34,2026-03-02
"""


class ScriptedDay:
    """The day; `messages` are what was said over HTTP, `stored` is what the logs hold."""

    def __init__(self, data: Path):
        self._data = data
        self._clock = Ticking()
        self.messages: list[BaseModel] = []
        ids = count(1)
        with patch("eligibility.bootstrap.uuid4", lambda: UUID(int=next(ids))):
            people = build(eligibility.settings.Settings(data, master_key=bytes(32)))
        self._eligibility = people
        self._people = signing_client(create_eligibility(people, clock=self._clock))
        self._import_list = people.import_list
        parts, _ = open_parts(data)
        self._parts = replace(
            with_people(parts, EligibilityHttp(self._people)),
            members=MembersHttp(self._people),
            residences=MembersHttp(self._people),
            book=load_book(SHIPPED_POLICIES, write_book(data / "policies", RICHER_POLICY)),
            clock=self._clock,
        )
        self._desk = Desk(self._parts, institution=HOSPITAL)
        self._keys = count(1)

    def run(self) -> None:
        """From the roster to the fund's own list."""
        person_id = self._people_become_known()
        self._an_owner_sends_its_list()
        self._an_owner_is_asked()
        self._two_owners_lists_differ()
        self._institutions_become_known()
        self._step_by_step(person_id)
        self._in_one_call(person_id)
        self._under_a_richer_policy()
        self._a_stay_is_corrected()
        self._a_stay_is_settled_in_parts()
        self._corrections_arrive()
        self._without_a_record()
        self._an_office_deducts()
        self._the_fund_pays()
        self._the_fund_compares()
        self._things_are_found()
        self._an_earlier_settlement_is_undone()
        self._versions_are_published_late()
        self._eligibility_is_away(person_id)

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """The topic and bytes of every stored event of both services."""
        for name in ("eligibility.sqlite", "settlement.sqlite"):
            with closing(sqlite3.connect(self._data / name)) as connection:
                yield from connection.execute(
                    "SELECT topic, state FROM stored_events ORDER BY rowid"
                ).fetchall()

    # --- the story ----------------------------------------------------------------------------

    def _an_owner_sends_its_list(self) -> None:
        self._import_list(
            io.BytesIO(csv_file(CIVIL_HEADER, civil_row(3))),
            full(until=date(2025, 12, 31), region="990103"),
            decisions=ListDecisions(),
            acting=ActsFor(institution_id="O500112", operator="样例经办"),
            at=self._clock(),
        )

    def _an_owner_is_asked(self) -> None:
        self.messages += office_on_line(self._data, self._clock)

    def _two_owners_lists_differ(self) -> None:
        """Two are not enrolled; one is sent and answered, closed by the office, and comes back."""
        told, desk = eligibility_differences_v1, self._people
        lists = {
            "left": {"owner": "civil_affairs", "content": b64encode(civil(1, 2)).decode()},
            "right": {"owner": "health_insurance", "content": b64encode(insurer(9)).decode()},
        }
        asked = {"region": "500112", "subject": "enrolment", "on": "2025-01-01", "year": 2025}
        body = self._said(told.ComparisonAsked, {**asked, **lists})
        kept = self._heard(
            told.ComparisonKept, desk.post("/v1/comparisons", json=body, headers=self._headers())
        )
        book = f"/v1/comparisons/{kept.comparison_id}"
        letter = {
            "township": "甲乡",
            "document_number": "样医保函〔2025〕3号",
            "issuer": "样例县医疗保障局",
            "basis": "样例通知第三条",
            "reply_by": "2099-01-25",
        }
        notice = self._said(told.NoticeAsked, letter)
        self._heard(
            told.NoticeSent, desk.post(f"{book}/notices", json=notice, headers=self._headers())
        )
        filled = load_workbook(
            io.BytesIO(desk.get(f"{book}/notices/1.xlsx", headers=self._headers()).content)
        )
        sheet = filled.active
        sheet["O9"], sheet["P9"], sheet["O10"] = "已在外地参保", "外县参保", "不详"
        content = io.BytesIO()
        filled.save(content)
        url = f"{book}/answers?accept_rejected_rows=true"
        self._heard(
            told.AnswersTaken, desk.post(url, content=content.getvalue(), headers=self._headers())
        )
        sheet["O9"] = "已迁出"
        corrected = io.BytesIO()
        filled.save(corrected)
        self._heard(
            told.AnswersTaken, desk.post(url, content=corrected.getvalue(), headers=self._headers())
        )
        page = self._heard(
            told.DifferencesShown, desk.get(f"{book}/differences", headers=self._headers())
        )
        closing = self._said(
            told.DifferencesClosing, {"difference_ids": [page.differences[0].difference_id]}
        )
        self._heard(
            told.DifferencesClosed,
            desk.post(f"{book}/resolutions", json=closing, headers=self._headers()),
        )
        self._heard(told.ComparisonShown, desk.get(book))
        moved = b64encode(civil(1, 2, township="乙乡")).decode()
        left = {"owner": "civil_affairs", "content": moved}
        again = {**body, "on": "2025-02-01", "left": left}
        desk.post("/v1/comparisons", json=again, headers=self._headers())
        url = "/v1/lists?owner=civil_affairs&region=990103&dry_run=true"
        self._heard(told.ListImported, desk.post(url, content=civil(5), headers=self._headers()))

    def _people_become_known(self) -> str:
        self._rosters_arrive(FIRST_ROSTER, CORRECTED_ROSTER)
        person_id = self._person(PATIENT)
        self._an_office_states(self._person(NEIGHBOUR))
        window = "from=2025-02-10&to=2026-02-10"
        self._heard(
            eligibility_v1.Entitlements,
            self._people.get(f"/v1/persons/{person_id}/entitlements?on=2026-02-10&{window}"),
        )
        return person_id

    def _rosters_arrive(self, *contents: bytes) -> None:
        for content in contents:
            staged = self._heard(
                eligibility_v1.RosterStaged,
                self._people.post("/v1/rosters", content=content, headers=self._headers()),
            )
            body = self._said(eligibility_v1.RosterActivation, {"accept_rejected_rows": True})
            url = f"/v1/rosters/{staged.roster_id}/activation"
            activated = self._people.post(url, json=body, headers=self._headers())
            self._heard(eligibility_v1.RosterActivated, activated)

    def _an_office_states(self, person_id: str) -> None:
        path, headers = f"/v1/persons/{person_id}", self._headers()
        told = eligibility_v1
        stated = self._said(told.FactsStated, SAID_OF_THE_NEIGHBOUR)
        made = self._people.post(f"{path}/statements", json=stated, headers=headers)
        self._heard(told.FactsRecorded, made)
        mistaken = {
            "owner": "disabled_federation",
            "reason": "another_person",
            "disabilities": SAID_OF_THE_NEIGHBOUR["disabilities"][:1],
        }
        body = self._said(told.FactsWithdrawal, mistaken)
        self._heard(
            told.FactsRecorded,
            self._people.post(f"{path}/withdrawals", json=body, headers=self._headers()),
        )
        asked = {"person_ids": [person_id, "nobody"], "on": "2026-02-10"}
        body = self._said(told.EntitlementsQuery, asked)
        self._heard(
            told.EntitlementsFound, self._people.post("/v1/persons/entitlements", json=body)
        )
        self._heard(told.PersonShown, self._people.get(path, headers=headers))
        self._heard(told.PersonReads, self._people.get(f"{path}/reads", headers=headers))
        self._more_certificates(path)
        self._two_records_are_one_person(path)
        changes = self._people.get("/v1/changes")
        changed = self._heard(eligibility_events_v1.ChangesShown, changes).changes
        self._in_envelopes(ELIGIBILITY, changed)
        for known in PeopleFeed(self._eligibility).page(0).messages:
            told_of = cloud_events_v1.PeopleCloudEvent.model_validate_json(known.value)
            self.messages += [told_of, told_of.data]
        asked = self._said(told.MembersQuery, {"on": "2026-02-10", "township": "990103101"})
        found = self._people.post("/v1/members", json=asked, headers=self._headers())
        self._heard(told.MembersFound, found)

    def _more_certificates(self, path: str) -> None:
        told = eligibility_v1
        passport = {"certificate_type": "passport", "certificate_number": "EA0000001"}
        body = self._said(told.CertificateStated, passport)
        added = self._people.post(f"{path}/certificates", json=body, headers=self._headers())
        self._heard(told.CertificateRecorded, added)

    def _two_records_are_one_person(self, path: str) -> None:
        told = eligibility_v1
        body = self._said(
            told.RecordMerge,
            {
                "other_id": self._person(BABY, "birth_certificate"),
                "reason": "newborn_got_own_number",
            },
        )
        merged = self._people.post(f"{path}/merges", json=body, headers=self._headers())
        self._heard(told.MergeRecorded, merged)
        self._heard(told.PersonShown, self._people.get(path, headers=self._headers()))
        answer = self._people.get(f"{path}/entitlements?on=2026-02-10")
        self._heard(told.Entitlements, answer)
        body = self._said(told.RecordSplit, {"reason": "found_to_be_two"})
        undone = self._people.post(f"{path}/merges/1/undo", json=body, headers=self._headers())
        self._heard(told.SplitRecorded, undone)
        self._heard(told.MergesShown, self._people.get(f"{path}/merges"))

    def _person(self, certificate_number: str, certificate_type: str = "resident_id") -> str:
        asked = {"certificate_type": certificate_type, "certificate_number": certificate_number}
        body = self._said(eligibility_v1.PersonLookup, asked)
        found = self._people.post("/v1/persons/lookup", json=body)
        return self._heard(eligibility_v1.PersonFound, found).person_id

    def _institutions_become_known(self) -> None:
        content = (
            "机构编码,名称,区划,等级,隶属层级,性质,定点资格,起始日期,终止日期\n"
            f"{HOSPITAL},渝北区样例二级医院（虚构）,500112,二级,县级,公立,定点,2015-01-01,\n"
        ).encode()
        answer = self._desk.write(
            "/v1/institutions?name=institutions.csv", content=content, key=self._key()
        )
        self._heard(settlement_v1.InstitutionsImported, answer)

    def _step_by_step(self, person_id: str) -> None:
        stay = self._write(
            "/v1/stays",
            settlement_v1.Admission,
            {
                "person_id": person_id,
                "hospital_stay_number": "ZY2026-0001",
                "admission_date": "2026-02-10",
                "scheme": "resident",
                "circumstances": CIRCUMSTANCES,
            },
            settlement_v1.StayShown,
        )
        path = f"/v1/stays/{stay.stay_id}"
        batch = {"batch_number": "1", "charges": _charges(total_fen=52_000_00)}
        shown = settlement_v1.StayShown
        self._write(f"{path}/fees", settlement_v1.FeeBatchStated, batch, shown)
        left = {
            "discharge_date": "2026-02-28",
            "invoice_number": "FP2026-0001",
            "circumstances": CIRCUMSTANCES,
        }
        self._write(f"{path}/discharge", settlement_v1.Discharge, left, shown)
        statement = settlement_v1.StatementShown
        asked: dict[str, Any] = {"decided_elsewhere_fen": {}}
        preview = self._write(f"{path}/preview", settlement_v1.PreviewRequest, asked, statement)
        asked["expected_personal_fen"] = preview.patient_fen
        request = settlement_v1.SettlementRequest
        self._write(f"{path}/settlement", request, asked, statement)
        self._heard(shown, self._desk.read(path))
        self._heard(statement, self._desk.read(f"{path}/statement"))
        self._write(
            f"{path}/settlement/reversal",
            settlement_v1.ReversalRequest,
            {"reason": "费用更正"},
            settlement_v1.ReversalShown,
        )
        self._write(f"{path}/settlement", request, {}, statement)
        self._heard(settlement_v1.HistoryShown, self._desk.read(f"{path}/history"))
        paper = self._people.get(f"/v1/persons/{person_id}/paper", headers=self._headers())
        self._heard(eligibility_v1.PersonOnPaper, paper)
        number = self._desk.read(path).json()["settlement_number"]
        checked = f"/v1/settlements/check?number={number}&code=0000-0000-0000-0000"
        self._heard(settlement_v1.StatementChecked, self._desk.http.get(checked))

    def _an_earlier_settlement_is_undone(self) -> None:
        """What came later in the same hospital is made again, and shown with its adjustment."""
        earlier, later = (stay_id_of(HOSPITAL, f"ZY2026-000{n}") for n in (1, 2))
        undone = self._write(
            f"/v1/stays/{earlier}/settlement/reversal",
            settlement_v1.ReversalRequest,
            {"reason": "住院登记有误"},
            settlement_v1.ReversalShown,
        )
        assert undone.adjustments
        assert undone.adjustments[0].changes
        statement = self._desk.read(f"/v1/stays/{later}/statement")
        self._heard(settlement_v1.StatementShown, statement)

    def _versions_are_published_late(self) -> None:
        """One revision is rejected; the next is issued, and leaves out whose bill lacks what the
        version asks for; of the last the only part has lapsed."""
        told = settlement_revisions_v1
        whole = {
            "person_id": self._person(NEIGHBOUR),
            "hospital_stay_number": "ZY2026-0009",
            "admission_date": "2026-02-01",
            "circumstances": CIRCUMSTANCES | {"care": "inpatient", "disease": "阑尾炎", **DECLARED},
            "discharge_date": "2026-02-12",
            "batches": [{"batch_number": "1", "charges": {"total_fen": 6_000_00}}],
        }
        self._write("/v1/settlements", settlement_v1.WholeStay, whole, settlement_v1.StatementShown)
        switches = "corrections: {underpaid: to_patient, overpaid: leave}\nlayers:\n"
        later = RICHER_POLICY.replace("version: 1", "version: 2").replace("layers:\n", switches)
        later = later.replace("{fixed: 300}", "in_scope")
        self._know(later)
        reason = {"reason": "依据有误"}
        number = self._proposed()
        self._of_office(f"{number}/rejection", told.RevisionRejection, reason, "clerk-2")
        number = self._proposed()
        self._of_office(f"{number}/approval", told.RevisionApproval, {}, "clerk-2")
        self._of_office(f"{number}/issue", told.RevisionIssue, {})
        self._know(later.replace("version: 2", "version: 3").replace("{fixed: 9000}", "total"))
        number = self._proposed()
        self._of_office(f"{number}/approval", told.RevisionApproval, {}, "clerk-2")
        undone = stay_id_of(HOSPITAL, "ZY2026-0005")
        reversal = settlement_v1.ReversalRequest
        path = f"/v1/stays/{undone}/settlement/reversal"
        self._write(path, reversal, {"reason": "费用更正"}, settlement_v1.ReversalShown)
        self._of_office(f"{number}/issue", told.RevisionIssue, {})
        listed = self._desk.http.get("/v1/revisions", headers=self._headers())
        self._heard(told.RevisionsListed, listed)

    def _know(self, policy: str) -> None:
        """From now on a version is in the book of the region of small policies, too."""
        book = load_book(SHIPPED_POLICIES, write_book(self._data / "policies", policy))
        self._parts = replace(self._parts, book=book)
        self._desk = Desk(self._parts, institution=HOSPITAL)

    def _proposed(self) -> str:
        """The path of a revision that an office proposes."""
        told = settlement_revisions_v1
        asked = {"kind": "policy", "scope": {"region": "990103"}, "reason": "样例发〔2026〕7 号"}
        shown = self._of_office("/v1/revisions", told.RevisionProposal, asked)
        return f"/v1/revisions/{shown.number}"

    def _of_office(
        self, path: str, asks: type[BaseModel], body: dict[str, Any], operator: str = "clerk-1"
    ) -> settlement_revisions_v1.RevisionShown:
        headers = self._headers() | {"Yizhan-Operator": operator}
        answer = self._desk.http.post(path, json=self._said(asks, body), headers=headers)
        return self._heard(settlement_revisions_v1.RevisionShown, answer)

    def _in_one_call(self, person_id: str) -> None:
        batches = [{"batch_number": "1", "charges": _charges(total_fen=9_000_00)}]
        whole = {
            "person_id": person_id,
            "hospital_stay_number": "ZY2026-0002",
            "admission_date": "2026-02-28",
            "scheme": "resident",
            "circumstances": CIRCUMSTANCES,
            "discharge_date": "2026-03-02",
            "invoice_number": "FP2026-0002",
            "batches": batches,
            "decided_elsewhere_fen": {},
        }
        statement = settlement_v1.StatementShown
        self._write("/v1/settlements", settlement_v1.WholeStay, whole, statement)

    def _under_a_richer_policy(self) -> None:
        batches = [{"batch_number": "1", "charges": _charges(total_fen=6_000_00)}]
        asked = {"care": "inpatient", "disease": "阑尾炎", **DECLARED}
        whole = {
            "person_id": self._person(NEIGHBOUR),
            "hospital_stay_number": "ZY2026-0003",
            "admission_date": "2026-02-01",
            "scheme": "resident",
            "circumstances": CIRCUMSTANCES | asked,
            "discharge_date": "2026-02-12",
            "invoice_number": "FP2026-0003",
            "batches": batches,
            "decided_elsewhere_fen": {},
        }
        statement = settlement_v1.StatementShown
        shown = self._write("/v1/settlements", settlement_v1.WholeStay, whole, statement)
        path = f"/v1/stays/{shown.stay_id}"
        self._a_late_amount_comes(path)
        reversal = settlement_v1.ReversalRequest
        undone = settlement_v1.ReversalShown
        self._write(f"{path}/settlement/reversal", reversal, {"reason": "费用更正"}, undone)
        self._write(f"{path}/settlement", settlement_v1.SettlementRequest, {}, statement)
        self._people_decide(path)
        self._write(f"{path}/settlement/reversal", reversal, {"reason": "费用更正"}, undone)
        preview = settlement_v1.PreviewRequest
        self._write(f"{path}/preview", preview, {"decided_elsewhere_fen": {}}, statement)
        late = {"discharge_date": "2026-02-28", "circumstances": CIRCUMSTANCES | asked}
        admitted = {
            "person_id": whole["person_id"],
            "hospital_stay_number": "ZY2026-0004",
            "admission_date": "2026-02-20",
            "scheme": "resident",
            "circumstances": CIRCUMSTANCES | asked,
        }
        shown_stay = settlement_v1.StayShown
        stay = self._write("/v1/stays", settlement_v1.Admission, admitted, shown_stay)
        path = f"/v1/stays/{stay.stay_id}/discharge"
        self._write(path, settlement_v1.Discharge, late, shown_stay)

    def _a_late_amount_comes(self, path: str) -> None:
        """The civil-affairs office reviewed it and adds nothing: told on the statement."""
        self._write(
            f"{path}/settlement/late-amounts",
            settlement_stays_v1.LateAmountStated,
            {"layer": "reviewed", "amount_fen": 0, "reference": "MZ-2026-0007"},
            settlement_stays_v1.LateAmountShown,
        )
        statement = self._desk.read(f"{path}/statement")
        self._heard(settlement_v1.StatementShown, statement)

    def _people_decide(self, path: str) -> None:
        """One proposes; the desk, another, rejects what he proposed and approves the next."""
        proposal = {"layer": "reviewed", "amount_fen": 0, "reason": "经评审不予救助"}
        for _ in range(2):
            said = self._said(settlement_stays_v1.DecisionProposal, proposal)
            headers = self._headers() | {"Yizhan-Institution": "A990103"}
            answer = self._desk.http.post(f"{path}/decisions", json=said, headers=headers)
            self._heard(settlement_stays_v1.DecisionShown, answer)
        waiting = self._desk.read("/v1/decisions?status=proposed&limit=1")
        self._heard(settlement_stays_v1.DecisionsListed, waiting)
        self._write(
            f"{path}/decisions/1/rejection",
            settlement_stays_v1.DecisionRejection,
            {"reason": "材料不全"},
            settlement_stays_v1.DecisionShown,
        )
        self._write(
            f"{path}/decisions/2/approval",
            settlement_stays_v1.DecisionApproval,
            {"expected_personal_fen": 500_00},
            settlement_stays_v1.DecisionMade,
        )
        listed = self._desk.read(f"{path}/decisions")
        self._heard(settlement_stays_v1.DecisionsShown, listed)

    def _a_stay_is_corrected(self) -> None:
        """Admitted under a wrong day, cancelled, admitted again; fees as lines, corrected in every
        way; a deposit that pays; a discharge that was undone."""
        told, shown = settlement_stays_v1, settlement_v1.StayShown
        declared = CIRCUMSTANCES | {"care": "inpatient", "disease": "阑尾炎", **DECLARED}
        admitted = {
            "person_id": self._person(NEIGHBOUR),
            "hospital_stay_number": "ZY2026-0006",
            "admission_date": "2026-02-11",
            "scheme": "resident",
            "circumstances": declared,
        }
        stay = self._write("/v1/stays", settlement_v1.Admission, admitted, shown)
        path = f"/v1/stays/{stay.stay_id}"
        changed = {"admission_date": "2026-02-10", "scheme": "resident", "circumstances": declared}
        self._write(f"{path}/admission/change", told.AdmissionChange, changed, shown)
        cancelled = {"reason": "登记错误"}
        cancellation = f"{path}/admission/cancellation"
        self._write(cancellation, told.AdmissionCancellation, cancelled, shown)
        self._write("/v1/stays", settlement_v1.Admission, admitted, shown)
        self._a_deposit_is_paid(path)
        self._fees_come_as_lines(path)
        left: dict[str, Any] = {
            "discharge_date": "2026-02-20",
            "invoice_number": "FP2026-0006",
            "circumstances": declared,
            "departure": "by_order",
        }
        self._write(f"{path}/discharge", settlement_v1.Discharge, left, shown)
        undone = {"reason": "漏记费用"}
        self._write(f"{path}/discharge/cancellation", told.DischargeCancellation, undone, shown)
        self._write(f"{path}/discharge", settlement_v1.Discharge, left, shown)
        statement = settlement_v1.StatementShown
        preview = self._write(f"{path}/preview", settlement_v1.PreviewRequest, {}, statement)
        cash_fen = preview.patient_fen - 60_00 - 20_00
        tender = {"account_fen": 20_00, "deposit_fen": 60_00, "cash_fen": cash_fen}
        self._said(settlement_v1.TenderStated, tender)
        asked = {"expected_personal_fen": preview.patient_fen, "tender": tender}
        self._write(f"{path}/settlement", settlement_v1.SettlementRequest, asked, statement)
        rest = {"amount_fen": 40_00, "method": "cash", "receipt_number": "YJ-1"}
        held = told.DepositHeldShown
        self._write(f"{path}/deposits/refund", told.DepositRefund, rest, held)
        self._heard(shown, self._desk.read(path))
        self._heard(told.StaysListed, self._desk.read("/v1/stays?status=discharged"))

    def _a_stay_is_settled_in_parts(self) -> None:
        """Closed in the middle and settled; what comes later belongs to the next part."""
        told, shown = settlement_stays_v1, settlement_v1.StayShown
        declared = CIRCUMSTANCES | {"care": "inpatient", "disease": "阑尾炎", **DECLARED}
        admitted = {
            "person_id": self._person(NEIGHBOUR),
            "hospital_stay_number": "ZY2026-0016",
            "admission_date": "2026-02-11",
            "circumstances": declared,
        }
        stay = self._write("/v1/stays", settlement_v1.Admission, admitted, shown)
        batch = {"batch_number": "1", "charges": {"total_fen": 9_600_00}}
        asks = settlement_v1.FeeBatchStated
        self._write(f"/v1/stays/{stay.stay_id}/fees", asks, batch, shown)
        until = {
            "until": "2026-02-20",
            "invoice_number": "FP2026-0016",
            "circumstances": declared,
        }
        path = f"/v1/stays/{stay.stay_id}/interim"
        closed = self._write(path, told.InterimClose, until, told.InterimClosed)
        for part in (closed.closed, closed.following):
            path = f"/v1/stays/{part.stay_id}"
            if part.part > 1:
                self._write(f"{path}/fees", asks, batch, shown)
                left = {"discharge_date": "2026-02-28"}
                self._write(f"{path}/discharge", settlement_v1.Discharge, left, shown)
            statement = settlement_v1.StatementShown
            self._write(f"{path}/settlement", settlement_v1.SettlementRequest, {}, statement)
        self._a_transfer_goes_on(declared)
        listed = self._desk.read("/v1/settlements?hospital_stay_number=ZY2026-0016")
        self._heard(settlement_accounts_v1.SettlementsFound, listed)
        self._heard(told.StaysListed, self._desk.read("/v1/stays"))

    def _a_transfer_goes_on(self, declared: dict[str, Any]) -> None:
        """One stay ends in a transfer, and the next says which it goes on."""
        former = {"institution_id": HOSPITAL, "hospital_stay_number": "ZY2026-0017"}
        stays: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("ZY2026-0017", declared, {"departure": "transferred"}),
            ("ZY2026-0018", declared | {"transferred_from": former}, {}),
        ]
        for stay_number, circumstances, departure in stays:
            whole = {
                "person_id": self._person(NEIGHBOUR),
                "hospital_stay_number": stay_number,
                "admission_date": "2026-02-28",
                "circumstances": circumstances,
                "discharge_date": "2026-02-28",
                "batches": [{"batch_number": "1", "charges": {"total_fen": 600_00}}],
                **departure,
            }
            self._write(
                "/v1/settlements", settlement_v1.WholeStay, whole, settlement_v1.StatementShown
            )

    def _a_deposit_is_paid(self, path: str) -> None:
        told = settlement_stays_v1
        paid = {
            "receipt_number": "YJ-1",
            "amount_fen": 100_00,
            "method": "mobile",
            "normal_deposit_fen": 1_000_00,
        }
        standing = told.DepositStandingShown
        self._write(f"{path}/deposits", told.DepositPayment, paid, standing)
        self._heard(standing, self._desk.read(f"{path}/deposit?normal_deposit_fen=100000"))

    def _fees_come_as_lines(self, path: str) -> None:
        told, shown = settlement_stays_v1, settlement_v1.StayShown
        stated = {"first_self_pay_fen": 9_00, "over_limit_fen": 10_01, "out_of_catalog_fen": 0}
        every = {"item_class": "western", "gives_back": None}
        lines = [
            BED | {"item_class": "bed"},
            DRUG | every | stated | {"in_scope_fen": 81_00},
            MEAL | {"item_class": "other"},
        ]
        batch, asks = {"batch_number": "1", "lines": lines}, settlement_v1.FeeBatchStated
        self._write(f"{path}/fees", asks, batch, shown)
        back = DRUG_BACK | {"item_class": "western"}
        self._write(f"{path}/fees", asks, {"batch_number": "2", "lines": [back]}, shown)
        again = {"batch_number": "3", "lines": [back], "replaces": "2"}
        self._write(f"{path}/fees", asks, again, shown)
        nine = {"line": lines[0] | {"quantity": "9", "amount_fen": 900_00}}
        self._write(f"{path}/fees/lines/correction", told.FeeLineCorrection, nine, shown)
        gone = {"line_number": "L3"}
        self._write(f"{path}/fees/lines/deletion", told.FeeLineDeletion, gone, shown)
        more = lines[2] | {"line_number": "L5"}
        self._write(f"{path}/fees", asks, {"batch_number": "4", "lines": [more]}, shown)
        dropped = {"batch_number": "4"}
        self._write(f"{path}/fees/deletion", told.FeeBatchDeletion, dropped, shown)
        self._heard(told.FeesShown, self._desk.read(f"{path}/fees"))

    def _corrections_arrive(self) -> None:
        self._rosters_arrive(TRAVELLER_ROSTER)
        whole = {
            "person_id": self._person(TRAVELLER, "passport"),
            "hospital_stay_number": "ZY2026-0005",
            "admission_date": "2026-02-20",
            "circumstances": CIRCUMSTANCES | {"care": "inpatient", "disease": "阑尾炎", **DECLARED},
            "discharge_date": "2026-02-28",
            "batches": [{"batch_number": "1", "charges": _charges(total_fen=3_000_00)}],
        }
        statement = settlement_v1.StatementShown
        self._write("/v1/settlements", settlement_v1.WholeStay, whole, statement)
        self._rosters_arrive(TRAVELLER_CORRECTED)
        merge = {"other_id": self._person(BABY, "birth_certificate"), "reason": "registered_twice"}
        path = f"/v1/persons/{whole['person_id']}/merges"
        assert self._people.post(path, json=merge, headers=self._headers()).is_success
        touched = self._desk.read("/v1/touched-settlements")
        self._heard(settlement_corrections_v1.TouchedSettlementsShown, touched)

    def _eligibility_is_away(self, person_id: str) -> None:
        """The replica answers for it."""
        people, corrections = self._parts.replica.people, EligibilityHttp(self._people)
        page = PeopleFeed(self._eligibility).page(0)
        records = [Received(n, each.value) for n, each in enumerate(page.messages)]
        PeopleTopic(people).take("people", 0, records, Span(0, len(records)))
        state = check_replica(people, corrections, at=self._clock())
        assert state is ReplicaState.COMPLETE
        away = EligibilityHttp(httpx2.Client(base_url="http://127.0.0.1:9"))
        asked = AskWhenDown(away, people, clock=self._clock, rules=ReplicaRules())
        desk = Desk(replace(self._parts, asked_at_desk=asked), institution=HOSPITAL)
        whole = {
            "person_id": person_id,
            "hospital_stay_number": "ZY2026-0099",
            "admission_date": "2026-02-20",
            "scheme": "resident",
            "circumstances": CIRCUMSTANCES,
            "discharge_date": "2026-02-28",
            "batches": [{"batch_number": "1", "charges": _charges(total_fen=3_000_00)}],
        }
        settled = desk.write("/v1/settlements", whole, key=self._key())
        assert self._heard(settlement_v1.StatementShown, settled).replica
        listed = desk.read("/v1/replica-settlements")
        self._heard(settlement_corrections_v1.ReplicaSettlementsShown, listed)

    def _without_a_record(self) -> None:
        bill = {
            "region": "420000",
            "scheme": "resident",
            "admission_date": "2024-02-01",
            "discharge_date": "2024-02-28",
            "charges": {"total_fen": 300_000_00, "in_scope_fen": 300_000_00},
            "facts": {
                "identities": [],
                "tier": "level_3",
                "level": "province",
                "place": "in_county",
                "plan": None,
                "designations": ["designated"],
                "age": 65,
                "admission_number": 1,
                "same_tier_admission_number": 1,
                "circumstances": CIRCUMSTANCES,
            },
            "counters_before_fen": {},
            "decided_elsewhere_fen": {"basic": 150_000_00},
        }
        statement = settlement_v1.StatementShown
        self._write("/v1/previews", settlement_v1.StatelessBill, bill, statement)

    def _an_office_deducts(self) -> None:
        """One deduction is withdrawn, one stands until its settlement is undone."""
        stay = self._desk.read(f"/v1/stays/{stay_id_of(HOSPITAL, 'ZY2026-0001')}").json()
        path = f"/v1/settlements/{stay['settlement_number']}/deductions"
        funds = settlement_funds_v1
        for paper, amount_fen in ((1, 500_00), (2, 300_00)):
            stated = {
                "fund_id": FUND,
                "amount_fen": amount_fen,
                "reason": "超标准收费",
                "document_number": f"渝医保扣〔2026〕{paper} 号",
            }
            self._by_office(path, funds.DeductionStated, stated)
        withdrawal = funds.DeductionWithdrawal
        self._by_office(f"{path}/1/withdrawal", withdrawal, {"reason": "申诉成立"})
        self._heard(funds.DeductionsShown, self._desk.read(path))

    def _by_office(self, path: str, asks: type[BaseModel], body: dict[str, Any]) -> None:
        headers = self._headers() | {"Yizhan-Institution": "A500112"}
        answer = self._desk.http.post(path, json=self._said(asks, body), headers=headers)
        self._heard(settlement_funds_v1.DeductionShown, answer)

    def _the_fund_pays(self) -> None:
        stated = {
            "institution_id": HOSPITAL,
            "amount_fen": 5_000_00,
            "kind": "partial",
            "paid_on": "2026-03-01",
            "bank_reference": "BANK-20260301-001",
            "remark": "二月部分拨付",
        }
        path = f"/v1/funds/{FUND}/payments"
        funds = settlement_funds_v1
        self._write(path, funds.FundPaymentStated, stated, funds.FundPaymentShown)
        mistake = {"bank_reference": "BANK-20260301-001", "reason": "金额登记有误"}
        asked, answered = funds.FundPaymentWithdrawal, funds.FundPaymentWithdrawn
        self._write(f"{path}/withdrawal", asked, mistake, answered)
        self._heard(funds.FundsShown, self._desk.read("/v1/funds"))
        statement = self._desk.read(f"/v1/funds/{FUND}/statement?from=2026-03-01&to=2026-03-31")
        self._heard(funds.FundStatementShown, statement)

    def _the_fund_compares(self) -> None:
        today = business_date(self._clock())
        period = Period(today.replace(day=1), today)
        found = reconcile_fund(
            FUND,
            period,
            read_fund_list(PAYER_LIST.encode()),
            book=self._parts.book,
            accounts=self._parts.fund_account,
        )
        printed = show_reconciliation(found, fund_id=FUND, period=period).model_dump_json()
        shown = settlement_funds_v1.ReconciliationShown
        self.messages.append(shown.model_validate_json(printed))

    def _things_are_found(self) -> None:
        tomorrow_or_later = {
            "person_id": self._person(NEIGHBOUR),
            "hospital_stay_number": "ZY2026-0009",
            "admission_date": "2099-01-01",
        }
        self._desk.write("/v1/stays", tomorrow_or_later, key="found-1")
        refused = self._desk.read("/v1/requests/admit/found-1")
        self._heard(requests_v1.RequestShown, refused)
        told = settlement_accounts_v1
        self._heard(told.SettlementsFound, self._desk.read("/v1/settlements?limit=2"))
        path = f"/v1/persons/{self._person(PATIENT)}/account?year=2026"
        self._heard(told.PersonAccountShown, self._desk.read(path))
        path = f"/v1/persons/{self._person(PATIENT)}/statements"
        moved = {
            "owner": "poverty_office",
            "residences": [
                {"township": "500112103", "village": "500112103201", "valid_from": "2015-01-01"}
            ],
        }
        assert self._people.post(path, json=moved, headers=self._headers()).is_success
        notices = self._desk.read("/v1/notices")
        noticed = self._heard(settlement_events_v1.NoticesShown, notices).notices
        self._in_envelopes(SETTLEMENT, noticed)
        path = "/v1/accounts?village=500112103201&year=2026"
        self._heard(told.GroupAccountShown, self._desk.read(path))

    # --- saying and hearing -------------------------------------------------------------------

    def _write(
        self, path: str, asks: type[BaseModel], body: dict[str, Any], answers: type[TModel]
    ) -> TModel:
        sent = self._said(asks, body)
        return self._heard(answers, self._desk.write(path, sent, key=self._key()))

    def _said(self, asks: type[BaseModel], body: dict[str, Any]) -> dict[str, Any]:
        self.messages.append(asks.model_validate(body))
        return body

    def _heard(self, answers: type[TModel], response: Any) -> TModel:
        assert response.is_success, response.text
        message = answers.model_validate_json(response.content)
        self.messages.append(message)
        return message

    def _in_envelopes(self, channel: Channel, events: Iterable[BaseModel]) -> None:
        for each in events:
            told = outgoing(channel, each).value
            self.messages.append(channel.envelope.model_validate_json(told))

    def _headers(self) -> dict[str, str]:
        return {
            "Yizhan-Institution": "O500112",
            "Yizhan-Operator": "clerk-1",
            "Idempotency-Key": self._key(),
        }

    def _key(self) -> str:
        return f"day-{next(self._keys):04d}"


def _charges(*, total_fen: int) -> dict[str, Any]:
    """A bill that states every split."""
    outside_fen = total_fen // 26
    in_scope_fen = total_fen - outside_fen
    class_b_fen = total_fen // 4
    return {
        "total_fen": total_fen,
        "in_scope_fen": in_scope_fen,
        "first_self_pay_fen": 0,
        "over_limit_fen": 0,
        "out_of_catalog_fen": outside_fen,
        "class_a_fen": total_fen - class_b_fen - outside_fen,
        "class_b_fen": class_b_fen,
        "class_c_fen": outside_fen,
        "item_classes_fen": {"tcm": 1_000_00, "other": in_scope_fen - 1_000_00},
    }
