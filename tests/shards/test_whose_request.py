"""Each request goes to the ledger of the insured's region; what is not there is told by name."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.vocabulary import InstitutionId, RegionCode
from settlement.application.find_settlement import history_of_issued
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.statement_code import statement_code
from settlement.domain.stay import stay_id_of
from settlement.law.regions import ShardRegions
from tests.settlement.desk.test_revised_identity import corrected_story
from tests.settlement.desk.test_revisions import Office
from tests.shards.two_shards import (
    CHONGQING,
    INVENTED,
    TwoShards,
    problem,
    two_shards,
    whole,
)
from tests.support.settlement_desk import P1, P2


@pytest.fixture(name="shards")
def _shards(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TwoShards]:
    with two_shards(tmp_path, on_server=getattr(request, "param", "") == "server") as shards:
        yield shards


@pytest.mark.parametrize("shards", ["folders", "server"], indirect=True)
def test_each_ledger_has_its_own_people_numbers_and_register(shards: TwoShards) -> None:
    """Both settle; a retry gets the first answer, and the same key is free in the other ledger."""
    hospital = shards.hospital()
    hospital.import_institutions()
    before = shards.positions()

    here = hospital.settle(CHONGQING, P1, "W1", key="k")
    there = hospital.settle(INVENTED, P2, "W1", key="k")
    again = hospital.settle(CHONGQING, P1, "W1", key="k")

    assert (here.status_code, there.status_code) == (201, 201), (here.text, there.text)
    assert again.content == here.content
    assert again.headers["idempotency-replayed"] == "true"
    numbers = [each.json()["settlement_number"] for each in (here, there)]
    assert numbers == ["500112-2026-0000001", "990101-2026-0000001"]
    stored = {name: shards.positions()[name] - before[name] for name in before}
    assert all(stored.values())
    found = hospital.read(INVENTED, "/v1/settlements?limit=10").json()
    assert [each["settlement_number"] for each in found["settlements"]] == numbers[1:]


def test_whoever_is_insured_elsewhere_is_refused_and_leaves_nothing(shards: TwoShards) -> None:
    """With another region's header: admission, whole stay and preview, by the shard's name."""
    hospital = shards.hospital()
    hospital.import_institutions()
    before = shards.positions()
    admission = {
        "person_id": P1,
        "hospital_stay_number": "W1",
        "admission_date": "2023-03-01",
        "circumstances": {},
    }
    for answer in (
        hospital.write(INVENTED, "/v1/stays", admission),
        hospital.settle(INVENTED, P1, "W1"),
        hospital.settle(CHONGQING, P2, "W1"),
    ):
        assert problem(answer) == (422, "region-elsewhere")
    assert "参保地 990101 属于分片 invented" in answer.json()["detail"]
    assert shards.positions() == before
    assert hospital.write(CHONGQING, "/v1/stays", admission).status_code == 201


def test_who_moves_away_before_settling_is_not_settled_here(shards: TwoShards) -> None:
    """Admitted where they were thought to be insured; the enrolment was corrected since."""
    hospital = shards.hospital()
    hospital.import_institutions()
    admission = {
        "person_id": P1,
        "hospital_stay_number": "W1",
        "admission_date": "2023-03-01",
        "circumstances": {},
    }
    stay = f"/v1/stays/{hospital.write(CHONGQING, '/v1/stays', admission).json()['stay_id']}"
    charges = {"total_fen": 5_200_00, "in_scope_fen": 5_000_00}
    hospital.write(CHONGQING, f"{stay}/fees", {"batch_number": "1", "charges": charges})
    hospital.write(CHONGQING, f"{stay}/discharge", {"discharge_date": "2023-03-10"})
    shards.people.add(P1, region=INVENTED)
    before = shards.positions()

    for path in ("preview", "settlement"):
        answer = hospital.write(CHONGQING, f"{stay}/{path}", {})
        assert problem(answer) == (422, "region-elsewhere"), answer.text
    changed = hospital.write(
        CHONGQING, f"{stay}/admission/change", {"admission_date": "2023-03-02", "circumstances": {}}
    )
    assert problem(changed) == (422, "region-elsewhere")
    assert shards.positions() == before


def test_a_header_that_is_missing_or_wrong_is_told(tmp_path: Path) -> None:
    """Without it, not a code, of a region that nobody has, of a shard served elsewhere."""
    with two_shards(tmp_path, on_server=False) as shards:
        shards.more["YIZHAN_SHARDS_SERVED"] = "chongqing"
        hospital = shards.hospital()
        missing = hospital.read(None, "/v1/settlements")
        assert problem(missing) == (400, "missing-header")
        assert missing.json()["errors"][0]["pointer"] == "header:Yizhan-Region"
        for said in ("5001", "重庆".encode().hex(), "500112,500112"):
            assert problem(hospital.read(said, "/v1/settlements")) == (400, "invalid-header")
        twice = [("Yizhan-Region", CHONGQING), ("Yizhan-Region", INVENTED)]
        answer = hospital.http.get(
            "/v1/settlements", headers=[*hospital.headers(None).items(), *twice]
        )
        assert problem(answer) == (400, "invalid-header")
        nobody = hospital.read("110101", "/v1/settlements")
        assert problem(nobody) == (404, "region-unserved")
        assert "110101" in nobody.json()["detail"]
        assert problem(hospital.read(INVENTED, "/v1/settlements")) == (421, "shard-elsewhere")
        assert hospital.read(CHONGQING, "/v1/settlements").status_code == 200
        assert nobody.headers["x-content-type-options"] == "nosniff"
        assert nobody.headers["x-request-id"]


def test_what_touches_no_ledger_needs_no_region(tmp_path: Path) -> None:
    """Documentation, which tells of the header, and keys; a paper is checked by its number."""
    with two_shards(tmp_path, on_server=False) as shards:
        hospital = shards.hospital()
        hospital.import_institutions()
        number = hospital.settle(INVENTED, P2, "W1").json()["settlement_number"]
        ledger = shards.opened["invented"].ledger
        stay = stay_id_of(InstitutionId(hospital.institution), "W1")
        code = statement_code(history_of_issued(ledger, stay, number)[-1])

        described = hospital.http.get("/openapi.json").json()["paths"]
        named = [each["name"] for each in described["/v1/stays"]["post"]["parameters"]]
        assert "Yizhan-Region" in named
        assert "Yizhan-Region" not in str(described["/v1/settlements/check"])
        for asked, typed, result in (
            (number, code, "matches"),
            (number.replace("990101", "500112"), code, "differs"),
            ("110101-2026-0000001", "x", "differs"),
            ("x", "x", "differs"),
        ):
            answer = hospital.http.get(
                "/v1/settlements/check", params={"number": asked, "code": typed}
            )
            assert (answer.status_code, answer.json()["result"]) == (200, result)


def test_two_ledgers_give_no_number_twice(tmp_path: Path) -> None:
    """Settlements begin with the county's code; revisions name their shard's region, are found by
    it, and verify."""
    story, _ = corrected_story(tmp_path)
    own = ShardRegions("invented", {RegionCode("990000"): "invented", RegionCode("500000"): "x"})
    parts = replace(story.desk.parts, book=story.desk.parts.book.of_shard(own))
    proposed = Office(parts).propose("identity")
    assert proposed.status_code == 201, proposed.text
    number = proposed.json()["number"]
    assert number == "GZ-990000-2026-000001"
    assert Office(parts).read(f"/v1/revisions/{number}").json()["number"] == number
    assert verify_ledger(parts.ledger, parts.laws).discrepancies == ()


def test_a_preview_of_nobody_belongs_to_its_region_too(tmp_path: Path) -> None:
    """A bill without a person is computed where its region is settled."""
    with two_shards(tmp_path, on_server=False) as shards:
        hospital = shards.hospital()
        bill = {
            "region": CHONGQING,
            "scheme": "resident",
            "admission_date": "2023-03-01",
            "discharge_date": "2023-03-10",
            "charges": whole(P1, "W1")["batches"][0]["charges"],
            "facts": {"tier": "level_2", "place": "local", "plan": "一档"},
        }
        assert problem(hospital.write(INVENTED, "/v1/previews", bill)) == (422, "region-elsewhere")
        assert hospital.write(CHONGQING, "/v1/previews", bill).status_code == 200
