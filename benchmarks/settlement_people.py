"""People to be settled (被结算的人): made up in a roster that eligibility keeps, or ids alone."""

from uuid import UUID

import httpx2 as httpx

from eligibility.domain.resident_id import check_character
from standalone.hospital import Hospital
from standalone.serving import Addresses
from standalone.signing import SignedAsNamed

OFFICE = "YIZHAN"
_ROSTER_HEADER = (
    "证件类型,证件号码,姓名,出生日期,身份,身份开始日期,身份结束日期,"
    "参保区划,险种,档次,参保开始日期,参保结束日期"
)


def made_up_people(how_many: int) -> list[str]:
    """Ids of people that nobody has ever met."""
    return [str(UUID(int=(n << 80) | 0x4000_8000_0000_0000_0000)) for n in range(1, how_many + 1)]


def admitted_people(eligibility_url: str, tokens: SignedAsNamed, how_many: int) -> list[str]:
    """Puts made-up people into eligibility's roster, at most a thousand; their opaque ids."""
    numbers = [_certificate(n) for n in range(how_many)]
    rows = "".join(
        f"居民身份证,{number},样例,,低保边缘家庭成员,2015-01-01,,"
        "500112,城乡居民基本医疗保险,一档,2015-01-01,\n"
        for number in numbers
    )
    with httpx.Client(timeout=60, auth=tokens) as client:
        office = Hospital(Addresses("", eligibility_url), OFFICE, client)
        staged = office.upload(
            f"{eligibility_url}/v1/rosters", f"{_ROSTER_HEADER}\n{rows}".encode()
        )
        office.activate_roster(staged["roster_id"])
        return [office.person_id(number) for number in numbers]


def _certificate(number: int) -> str:
    body = f"99000119680315{number:03d}"
    return body + check_character(body)
