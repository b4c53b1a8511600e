"""Finding settlements over HTTP: hospitals see their own, offices all; pages, CSV and Excel."""

import csv
import io
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from tests.settlement.finding.conftest import HOSPITAL_A, HOSPITAL_B, OFFICE, Story
from tests.support.settlement_desk import P1, P2


def found(story: Story, institution: str, query: str = "") -> list[str]:
    """The hospital stay numbers of what an institution finds."""
    answer = story.as_(institution).read(f"/v1/settlements?{query}")
    assert answer.status_code == 200, answer.text
    return [each["hospital_stay_number"] for each in answer.json()["settlements"]]


def slug(answer: Any) -> tuple[int, str]:
    """Status and problem type."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:yizhan:problem:")


def test_a_hospital_sees_its_own_and_an_office_sees_all(story: Story) -> None:
    """Two of hospital A, one of B, three for the office; another's is refused by name."""
    assert found(story, HOSPITAL_A) == ["A1", "A2"]
    assert found(story, HOSPITAL_B) == ["202403000001"]
    assert found(story, OFFICE) == ["A1", "202403000001", "A2"]
    assert found(story, OFFICE, f"institution_id={HOSPITAL_B}") == ["202403000001"]
    assert found(story, HOSPITAL_A, f"institution_id={HOSPITAL_A}") == ["A1", "A2"]
    others = story.as_(HOSPITAL_A).read(f"/v1/settlements?institution_id={HOSPITAL_B}")
    assert slug(others) == (403, "others-settlements")


def test_each_condition_finds_its_own(story: Story) -> None:
    """By number, stay number, person, day, payer and status."""
    assert found(story, OFFICE, f"number={story.numbers[0]}") == ["A1"]
    assert found(story, OFFICE, "hospital_stay_number=202403000001") == ["202403000001"]
    assert found(story, OFFICE, f"person_id={P1}") == ["A1", "202403000001"]
    assert found(story, OFFICE, "status=reversed") == ["A2"]
    assert found(story, OFFICE, "status=settled&payer=medical_assistance") == ["A1", "202403000001"]
    assert found(story, OFFICE, "booked_from=2026-03-02&booked_to=2026-03-02") == [
        "A1",
        "202403000001",
        "A2",
    ]
    assert found(story, OFFICE, "booked_to=2026-03-01") == []
    assert found(story, OFFICE, "invoice_number=FP-1") == []
    backwards = story.desk.read("/v1/settlements?booked_from=2026-03-02&booked_to=2026-03-01")
    assert slug(backwards) == (422, "search-invalid")


def test_a_row_says_what_the_statement_says(story: Story) -> None:
    """Amounts, dates, policy, and who paid; shares and the patient's part make up the total."""
    statement = story.shown[0]
    query = f"/v1/settlements?number={story.numbers[0]}"
    (row,) = story.as_(OFFICE).read(query).json()["settlements"]

    assert row["policy"] == statement["policy"]["label"]
    assert row["fingerprint"] == statement["policy"]["fingerprint"]
    assert (row["admission_date"], row["discharge_date"]) == ("2023-03-01", "2023-03-10")
    assert (row["booked_on"], row["benefit_year_from"]) == ("2026-03-02", "2023-01-01")
    assert (row["total_fen"], row["patient_fen"]) == (52_000_00, statement["patient_fen"])
    assert sum(s["amount_fen"] for s in row["shares"]) + row["patient_fen"] == 52_000_00
    assert row["used_assumed"] is bool(statement["assumed"])
    assert (row["person_id"], row["status"], row["reversed_on"]) == (P1, "settled", None)


def test_pages_follow_each_other(story: Story) -> None:
    """One at a time: each once, and the last says that nothing follows."""
    seen, after, has_more = [], 0, True
    while has_more:
        page = story.as_(OFFICE).read(f"/v1/settlements?limit=1&after={after}").json()
        seen += [each["settlement_number"] for each in page["settlements"]]
        after, has_more = page["next_after"], page["has_more"]

    assert seen == story.numbers
    assert story.desk.read("/v1/settlements?limit=501").status_code == 422


def test_a_csv_has_chinese_headings_and_runs_nothing(story: Story) -> None:
    """UTF-8 with BOM; a stay number of many digits is text; amounts in yuan."""
    answer = story.as_(OFFICE).read("/v1/settlements/export?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [row["结算单号"] for row in rows] == story.numbers
    assert [row["住院号"] for row in rows] == ["A1", "\t202403000001", "A2"]
    assert [row["总费用(元)"] for row in rows] == ["52000.00", "52000.00", "9000.00"]
    assert [row["状态"] for row in rows] == ["已结算", "已结算", "已撤销"]
    paid = ("基本医疗保险(元)", "医疗救助(元)", "个人负担(元)")
    statement = story.shown[0]
    assert Decimal(rows[0][paid[2]]) * 100 == statement["patient_fen"]
    for row in rows:
        parts = [Decimal(v) for name, v in row.items() if name.endswith("(元)")]
        assert parts[0] == sum(parts[1:])


def test_a_workbook_has_the_same_rows_as_numbers_and_text(story: Story) -> None:
    """Amounts can be added up, a long number is text, and a hospital exports its own alone."""
    answer = story.as_(HOSPITAL_B).read("/v1/settlements/export?format=xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    heading, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    shown = dict(zip(heading, row, strict=True))

    assert shown["住院号"] == "202403000001"
    assert sheet["B2"].data_type == "s"
    assert shown["总费用(元)"] == 52000
    assert shown["结算单号"] == story.numbers[1]
    assert answer.headers["content-disposition"] == 'attachment; filename="settlements.xlsx"'


def test_somebody_without_settlements_is_no_error(story: Story) -> None:
    """P2's only settlement was undone: nothing of theirs is settled."""
    assert found(story, OFFICE, f"person_id={P2}&status=settled") == []
