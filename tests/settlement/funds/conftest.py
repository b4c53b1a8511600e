"""A service with two settled stays, a registered hospital, and one small policy book."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from contracts.vocabulary import RegionCode
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.application.institutions import InstitutionRow, import_institutions
from settlement.bootstrap import Parts, build_parts
from settlement.domain.institution import Description
from settlement.entrypoints.http.app import create_app
from settlement.settings import Settings
from tests.settlement.funds.fund_stories import (
    ASSISTANCE,
    AT,
    BASIC,
    CLERK,
    HOSPITAL_A,
    reverse,
    settled_stay,
)
from tests.support.signed import signing_client

# Half past midnight of 11 August in Shanghai, still the 10th in UTC.
AUGUST_11 = datetime(2023, 8, 10, 16, 30, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime = AUGUST_11

    def __call__(self) -> datetime:
        """The present instant."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """11 August 2023."""
    return Clock()


@pytest.fixture
def data(tmp_path: Path, clock: Clock) -> Path:
    """A data directory: N1 settled in July and reversed in August, N2 settled in July."""
    parts = _parts(tmp_path, clock)
    described = Description(
        name="样例医院",
        region=RegionCode("500112"),
        tier=None,
        level=None,
        ownership=None,
        designations=(),
        valid_from=date(2015, 1, 1),
        valid_to=None,
    )
    import_institutions(
        [InstitutionRow(HOSPITAL_A, described)],
        source="样例",
        ledger=parts.ledger,
        by=CLERK,
        at=AT,
    )
    first = settled_stay(
        ("basic", BASIC, 300_00),
        ("assistance", ASSISTANCE, 300_00),
        number="N1",
        booked_on=date(2023, 7, 3),
        patient_fen=10_00,
    )
    reverse(first, booked_on=date(2023, 8, 9))
    second = settled_stay(("basic", BASIC, 120_50), number="N2", booked_on=date(2023, 7, 20))
    parts.ledger.save(first)
    parts.ledger.save(second)
    return tmp_path


@pytest.fixture
def client(data: Path, clock: Clock) -> TestClient:
    """The HTTP application on that data."""
    return signing_client(create_app(_parts(data, clock)))


def _parts(data: Path, clock: Clock) -> Parts:
    settings = replace(Settings.from_environment(), data=data, policies=SHIPPED_POLICIES / "500112")
    return build_parts(settings, clock)
