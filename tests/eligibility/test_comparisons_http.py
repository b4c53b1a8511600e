"""Comparisons and owners' lists over HTTP: kept, paged, sent, answered; once a request."""

import csv
import io
from base64 import b64encode
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.eligibility.conftest import Desk, number
from tests.eligibility.difference_lists import civil, insurer
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file, xlsx_file

LETTER = {
    "document_number": "样医保函〔2025〕3号",
    "issuer": "样例县医疗保障局",
    "basis": "样例通知第三条",
    "reply_by": "2099-01-25",
}
URL = "/v1/comparisons"


def asked(left: bytes, right: bytes, on: str = "2023-01-01") -> dict[str, Any]:
    """The poor against those enrolled in 2023."""
    return {
        "region": "500112",
        "subject": "enrolment",
        "on": on,
        "year": 2023,
        "left": {"owner": "civil_affairs", "content": b64encode(left).decode()},
        "right": {"owner": "health_insurance", "content": b64encode(right).decode()},
    }


def keep(desk: Desk, left: bytes, right: bytes, on: str = "2023-01-01") -> dict[str, Any]:
    """Compare and keep."""
    done = desk.client.post(URL, json=asked(left, right, on), headers=desk.headers())
    assert done.status_code == 200, done.text
    return dict(done.json())


def page(desk: Desk, book: str, query: str = "") -> dict[str, Any]:
    """A page of differences."""
    found = desk.client.get(f"{URL}/{book}/differences?{query}", headers=desk.headers())
    assert found.status_code == 200, found.text
    return dict(found.json())


def send(desk: Desk, book: str, **more: Any) -> Any:
    """Send a notice."""
    body = {**LETTER, **more}
    return desk.client.post(f"{URL}/{book}/notices", json=body, headers=desk.headers())


def notice(desk: Desk, book: str) -> Any:
    """The first notice, as a workbook."""
    file = desk.client.get(f"{URL}/{book}/notices/1.xlsx", headers=desk.headers())
    assert file.status_code == 200, file.text
    return load_workbook(io.BytesIO(file.content))


def saved(book: Any) -> bytes:
    """A workbook as a file."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_comparison_is_kept_once_a_request(desk: Desk) -> None:
    """The same request gets the same answer; the same files under another key change nothing."""
    body, headers = asked(civil(1, 2, 3), insurer(1)), desk.headers("a")
    first = desk.client.post(URL, json=body, headers=headers)
    replayed = desk.client.post(URL, json=body, headers=headers)
    again = desk.client.post(URL, json=body, headers=desk.headers("b"))
    other = desk.client.post(URL, json=asked(civil(1), insurer(1)), headers=headers)

    assert {key: first.json()[key] for key in ("found", "still_open", "resolved")} == {
        "found": 2,
        "still_open": 0,
        "resolved": 0,
    }
    assert replayed.content == first.content
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert again.json() == {**first.json(), "is_repeated": True}
    assert (other.status_code, other.json()["type"]) == (
        409,
        "urn:yizhan:problem:request-key-reused",
    )
    shown = desk.client.get(f"{URL}/{first.json()['comparison_id']}").json()
    assert [(c["village"], c["kind"], c["state"], c["count"]) for c in shown["counts"]] == [
        ("东村", "not_enrolled", "found", 1),
        ("西村", "not_enrolled", "found", 1),
    ]


def test_differences_are_paged_filtered_and_masked(desk: Desk) -> None:
    """A page ends with where the next begins; nobody is named in full."""
    book = keep(desk, civil(*range(1, 8)), insurer(1))["comparison_id"]

    first = page(desk, book, "limit=4")
    rest = page(desk, book, f"limit=4&after={first['next_after']}")

    assert [len(each["differences"]) for each in (first, rest)] == [4, 2]
    assert rest["next_after"] is None
    assert page(desk, book, "village=东村")["differences"] == first["differences"][:3]
    assert page(desk, book, "kind=number")["differences"] == []
    assert page(desk, book, "state=sent&state=answered")["differences"] == []
    left = first["differences"][0]["left"]
    assert left == {
        "certificate_type": "resident_id",
        "certificate_masked": "990001********" + number(2)[-4:],
        "name_masked": "样**",
        "kinds": "低保对象",
    }
    assert "样例" not in str(first)


def test_a_notice_is_sent_filled_in_and_answered(desk: Desk) -> None:
    """By township; the file names people in full; the same answers again are no news."""
    book = keep(desk, civil(1, 2, 3), insurer(1))["comparison_id"]
    sent = send(desk, book, township="甲乡")
    assert (sent.status_code, sent.json()["number"], sent.json()["differences"]) == (200, 1, 2)
    workbook = notice(desk, book)
    sheet = workbook.active
    assert sheet["H9"].value == number(2)
    sheet["O9"], sheet["P9"], sheet["O10"] = "已迁出", "随女儿", "搬走"
    url, content = f"{URL}/{book}/answers", saved(workbook)

    tried = desk.client.post(f"{url}?dry_run=true", content=content, headers=desk.headers())
    refused = desk.client.post(url, content=content, headers=desk.headers())
    skipping = f"{url}?accept_rejected_rows=true"
    taken = desk.client.post(skipping, content=content, headers=desk.headers())
    again = desk.client.post(skipping, content=content, headers=desk.headers())

    assert [(e["row"], e["column"]) for e in tried.json()["errors"]] == [(10, "核查结果")]
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("反馈有错误行，未记录任何一行：第 10 行 核查结果")
    assert [(t.json()["recorded"], t.json()["unchanged"]) for t in (tried, taken, again)] == [
        (1, 0),
        (1, 0),
        (0, 1),
    ]
    states = [each["state"] for each in page(desk, book)["differences"]]
    assert states == ["answered", "sent"]


def test_answered_differences_can_be_closed(desk: Desk) -> None:
    """One that waits for its answer cannot; the next comparison opens it again."""
    book = keep(desk, civil(1, 2), insurer(9))["comparison_id"]
    send(desk, book, owner="health_insurance", kinds=["not_enrolled"])
    workbook = notice(desk, book)
    workbook.active["O9"] = "已死亡"
    desk.client.post(f"{URL}/{book}/answers", content=saved(workbook), headers=desk.headers())
    answered, waiting = (each["difference_id"] for each in page(desk, book)["differences"])

    def close(*ids: str) -> Any:
        body = {"difference_ids": ids}
        return desk.client.post(f"{URL}/{book}/resolutions", json=body, headers=desk.headers())

    assert close(waiting).json()["type"] == "urn:yizhan:problem:difference-out-of-order"
    assert close("nobody").json()["type"] == "urn:yizhan:problem:unknown-difference"
    assert close(answered).json()["resolved"] == 1
    assert keep(desk, civil(1, 2), insurer(9), "2023-02-01")["reopened"] == 1


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({}, "notice-invalid"),
        ({"township": "甲乡", "owner": "health"}, "notice-invalid"),
        ({"township": "乙镇"}, "nothing-to-send"),
        ({"township": "甲乡", "reply_by": "2020-01-01"}, "notice-invalid"),
        ({"township": "甲乡", "issuer": ""}, "invalid-request"),
    ],
)
def test_a_notice_that_cannot_be_sent_is_refused(
    desk: Desk, more: dict[str, Any], problem: str
) -> None:
    """Nobody or two to send to, nothing to send, no time to reply."""
    book = keep(desk, civil(1), insurer(9))["comparison_id"]

    refused = send(desk, book, **more)

    assert refused.json()["type"] == f"urn:yizhan:problem:{problem}"


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    """Book, notice, and a notice of another book."""
    book = keep(desk, civil(1), insurer(9))["comparison_id"]
    for path in ("nothing", "0f6e0d0c-0000-4000-8000-000000000000"):
        found = desk.client.get(f"{URL}/{path}/differences", headers=desk.headers())
        assert (found.status_code, found.json()["type"]) == (
            404,
            "urn:yizhan:problem:unknown-comparison",
        )
    lacking = desk.client.get(f"{URL}/{book}/notices/1.xlsx", headers=desk.headers())
    assert lacking.json()["type"] == "urn:yizhan:problem:unknown-notice"
    send(desk, book, township="甲乡")
    elsewhere = f"{URL}/0f6e0d0c-0000-4000-8000-000000000000/answers"
    content = saved(notice(desk, book))
    other = desk.client.post(elsewhere, content=content, headers=desk.headers())
    assert other.json()["type"] == "urn:yizhan:problem:unknown-notice"
    no_notice = desk.client.post(f"{URL}/{book}/answers", content=b"a,b", headers=desk.headers())
    assert no_notice.json()["type"] == "urn:yizhan:problem:roster-unreadable"


# --- owners' lists ---------------------------------------------------------------------------

LIST = "/v1/lists?owner=civil_affairs&region=500112"
FULL = f"{LIST}&mode=full&kinds=低保对象"


def people(*sequences: int) -> bytes:
    """A list of the poor."""
    return csv_file(CIVIL_HEADER, *(civil_row(n) for n in sequences))


def test_a_list_is_tried_imported_and_repeated(desk: Desk) -> None:
    """Trying changes nothing; the same key again is the same answer, a restart in between."""
    content, headers = people(1, 2), desk.headers("a")
    tried = desk.client.post(f"{LIST}&dry_run=true", content=content, headers=desk.headers())
    assert (tried.json()["persons_new"], tried.json()["recorded_at"]) == (2, None)
    assert desk.look_up(number(1)).status_code == 404

    done = desk.client.post(LIST, content=content, headers=headers)
    desk.start()
    replayed = desk.client.post(LIST, content=content, headers=headers)
    again = desk.client.post(LIST, content=content, headers=desk.headers())
    other = desk.client.post(LIST, content=people(3), headers=headers)

    assert (done.status_code, done.json()["persons_new"]) == (200, 2)
    assert desk.look_up(number(1)).status_code == 200
    assert (replayed.content, replayed.headers["Idempotency-Replayed"]) == (done.content, "true")
    assert again.json() == {**done.json(), "is_repeated": True}
    assert other.json()["type"] == "urn:yizhan:problem:request-key-reused"
    assert desk.look_up(number(3)).status_code == 404


def test_a_workbook_is_taken_as_well(desk: Desk) -> None:
    """The same list as XLSX."""
    content = xlsx_file(CIVIL_HEADER, civil_row(1))
    assert (
        desk.client.post(LIST, content=content, headers=desk.headers()).json()["persons_new"] == 1
    )


def test_a_list_that_would_end_many_needs_the_very_number(desk: Desk) -> None:
    """Refused with the figures; confirmed, under the same key, it is imported."""
    first = desk.client.post(
        f"{FULL}&absent_until=2023-12-31", content=people(*range(10)), headers=desk.headers()
    )
    assert first.status_code == 200, first.text
    url, headers = f"{FULL}&absent_until=2024-06-30", desk.headers("a")

    refused = desk.client.post(url, content=people(0), headers=headers)
    done = desk.client.post(f"{url}&confirmed_endings=9", content=people(0), headers=headers)

    assert refused.json()["type"] == "urn:yizhan:problem:list-would-end-too-many"
    assert "原名单 10 人，本次名单缺 9 人" in refused.json()["detail"]
    assert (done.status_code, done.json()["persons_ended"]) == (200, 9)


def test_rejected_rows_come_back_to_be_corrected(desk: Desk) -> None:
    """As CSV, with row and reason; the import itself is refused."""
    content = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2, kind="穷"))

    refused = desk.client.post(LIST, content=content, headers=desk.headers())
    file = desk.client.post(
        LIST.replace("lists?", "lists/rejects?"), content=content, headers=desk.headers()
    )

    assert refused.json()["type"] == "urn:yizhan:problem:roster-has-rejected-rows"
    assert file.headers["content-type"].startswith("text/csv")
    head, row = csv.reader(file.content.decode("utf-8-sig").splitlines())
    assert head[-2:] == ["错误行号", "错误原因"]
    assert row[-2] == "3"
    assert row[-1].startswith("救助类别：版式")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("owner=civil_affairs&region=5001", "list-order-invalid"),
        ("owner=civil_affairs&region=500112&mode=full", "list-order-invalid"),
        ("owner=civil_affairs&region=500112&kinds=没有", "list-order-invalid"),
        ("owner=tax&region=500112", "invalid-request"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(desk: Desk, query: str, problem: str) -> None:
    """Before anything is read."""
    refused = desk.client.post(f"/v1/lists?{query}", content=b"", headers=desk.headers())

    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:yizhan:problem:{problem}")


def test_a_list_too_large_is_refused_with_the_limit(desk: Desk) -> None:
    """By its declared length, before it is read."""
    headers = {**desk.headers(), "Content-Length": str(64 * 1024 * 1024 + 1)}

    refused = desk.client.post(LIST, content=b"a", headers=headers)

    assert (refused.status_code, refused.json()["limit_bytes"]) == (413, 64 * 1024 * 1024)
