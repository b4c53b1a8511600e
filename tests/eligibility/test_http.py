"""Rosters come in, people are found, and their entitlements answered, over HTTP."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eligibility.domain.resident_id import check_character
from eligibility.entrypoints.http.problems import PROBLEMS
from tests.eligibility.conftest import Desk, number, roster

SERVICE = Path(__file__).resolve().parents[2] / "services/eligibility"
LOW_INCOME = f"居民身份证,{number(1)},样例甲,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
FARMER = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
BROKEN = "居民身份证,123,样例丙,,低保对象,2023-01-01,,,,,,"


def test_a_roster_makes_people_findable_and_their_entitlements_known(desk: Desk) -> None:
    """Staged, activated, looked up, asked: the answer names identities, enrolment and instants."""
    activated = desk.bring(LOW_INCOME, FARMER)
    person_id = desk.person_id(number(1))

    answer = desk.entitlements(number(1), "2023-07-01")

    source = f"roster:{activated['roster_id']}"
    assert activated["recorded_at"] == "2023-07-01T01:00:00Z"
    assert (activated["persons_new"], activated["facts_new"]) == (2, 3)
    assert answer == {
        "contract": "eligibility.v1",
        "form": 2,
        "person_id": person_id,
        "on": "2023-07-01",
        "identities_from": None,
        "identities_to": None,
        "known_at": "2023-07-01T01:00:01Z",
        "version": 3,
        "birth_date": "1970-01-01",
        "identities": [
            {
                "identity": "subsistence_allowance",
                "valid_from": "2023-01-01",
                "valid_to": None,
                "benefits_after_end": None,
                "recorded_at": "2023-07-01T01:00:00Z",
                "source": source,
                "owner": None,
            }
        ],
        "enrolments": [
            {
                "region": "500112",
                "scheme": "resident",
                "plan": "一档",
                "valid_from": "2015-01-01",
                "valid_to": None,
                "premium_payer": None,
                "premium_paid_on": None,
                "from_birth": False,
                "waiting_to": None,
                "recorded_at": "2023-07-01T01:00:00Z",
                "source": source,
                "owner": None,
            }
        ],
        "continued": [],
        "households": [],
        "marks": [],
        "disease_listings": [],
        "filings": [],
        "disabilities": [],
        "death": None,
    }
    assert desk.entitlements(number(2), "2023-07-01")["identities"] == []


def test_a_staged_roster_has_changed_nothing(desk: Desk) -> None:
    """Until it is activated, nobody in a roster is known."""
    staged = desk.stage(roster(LOW_INCOME))

    assert (staged.status_code, staged.json()["accepted"]) == (201, 1)
    assert desk.look_up(number(1)).status_code == 404
    assert desk.eligibility.log.last_position() == 0


def test_asking_as_of_an_earlier_instant_answers_what_was_known_then(desk: Desk) -> None:
    """The identity learned in August was not known in July; its end learned later still was not."""
    desk.at("2023-07-01T00:00:00+00:00").bring(FARMER)
    desk.at("2023-08-01T00:00:00+00:00").bring(
        FARMER.replace(",,,,421022", ",低保对象,2023-01-01,,421022")
    )
    desk.at("2023-09-01T00:00:00+00:00").bring(
        FARMER.replace(",,,,421022", ",低保对象,2023-01-01,2023-06-30,421022")
    )

    def identities(known_at: str) -> int:
        answer = desk.entitlements(number(2), "2023-07-15", known_at=known_at)
        return len(answer["identities"])

    assert identities("2023-07-20T00:00:00Z") == 0
    assert identities("2023-08-01T00:00:00Z") == 1
    assert identities("2023-08-01T07:59:59+08:00") == 0
    assert identities("2023-09-02T00:00:00Z") == 0


def test_a_window_answers_every_identity_true_on_any_of_its_days(desk: Desk) -> None:
    """Poverty ended in April, low income began in June: neither day alone knows both.

    A rule may let an identity count after it ended, or before it began; which, the policy says.
    """
    desk.bring(
        FARMER.replace(",,,,421022", ",建档立卡贫困人口,2020-01-01,2023-04-30,421022"),
        FARMER.replace(",,,,421022", ",低保对象,2023-06-01,,421022"),
    )

    def identities(**window: str) -> list[tuple[str, str, str | None]]:
        answer = desk.entitlements(number(2), "2023-05-10", **window)
        assert answer["identities_from"] == window.get("from")
        assert answer["identities_to"] == window.get("to")
        assert [e["region"] for e in answer["enrolments"]] == ["421022"]
        return [(i["identity"], i["valid_from"], i["valid_to"]) for i in answer["identities"]]

    ended = ("poverty_registered", "2020-01-01", "2023-04-30")
    begun = ("subsistence_allowance", "2023-06-01", None)
    assert identities() == []
    assert identities(**{"from": "2023-04-30", "to": "2023-05-31"}) == [ended]
    assert identities(**{"from": "2023-05-01", "to": "2023-06-01"}) == [begun]
    assert identities(**{"from": "2022-05-10", "to": "2024-05-10"}) == [ended, begun]


def test_enrolments_are_those_of_the_day_whatever_the_window(desk: Desk) -> None:
    """Enrolled until June: asked about July with a window over both, there is no enrolment."""
    desk.bring(FARMER.replace("2015-01-01,", "2015-01-01,2023-06-30"))

    answer = desk.entitlements(
        number(2), "2023-07-15", **{"from": "2023-01-01", "to": "2023-12-31"}
    )

    assert answer["enrolments"] == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=2023-05-02&to=2023-05-01", "from 2023-05-02 晚于 to 2023-05-01"),
        ("from=2023-05-02", "from 与 to 须同时给出"),
        ("to=2023-05-02", "from 与 to 须同时给出"),
    ],
)
def test_half_a_window_or_one_that_ends_before_it_begins_is_refused(
    desk: Desk, query: str, says: str
) -> None:
    """No answer is made for a question that can only be a slip."""
    desk.bring(FARMER)
    url = f"/v1/persons/{desk.person_id(number(2))}/entitlements?on=2023-05-01&{query}"

    answer = desk.client.get(url)

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:yizhan:problem:window-invalid"
    assert says in answer.json()["detail"]


def test_an_answer_never_claims_to_know_the_future(desk: Desk) -> None:
    """Asked as of a later instant, it answers as of now and says so."""
    desk.bring(LOW_INCOME)

    answer = desk.entitlements(number(1), "2023-07-01", known_at="2030-01-01T00:00:00Z")

    assert answer["known_at"] == "2023-07-01T01:00:01Z"


def test_the_version_of_an_answer_repeats_it(desk: Desk) -> None:
    """An activation recorded at the very instant of a question stays out of its repetition."""
    desk.bring(FARMER)
    first = desk.entitlements(number(2), "2023-07-15")
    desk.now = datetime.fromisoformat(first["known_at"])
    desk.bring(FARMER.replace(",,,,421022", ",低保对象,2023-01-01,,421022"))
    asked = {"known_at": first["known_at"]}

    again = desk.entitlements(number(2), "2023-07-15", **asked, version=str(first["version"]))

    assert again == first
    assert desk.entitlements(number(2), "2023-07-15", **asked) != first


def test_importing_the_same_file_again_changes_no_fact(desk: Desk) -> None:
    """The second import finds every fact unchanged; the person keeps id and version."""
    desk.bring(LOW_INCOME, FARMER)
    before = desk.entitlements(number(1), "2023-07-01", known_at="2023-07-01T01:00:00Z")

    again = desk.bring(LOW_INCOME, FARMER)

    assert (again["persons_new"], again["facts_new"], again["facts_unchanged"]) == (0, 0, 3)
    assert before == desk.entitlements(number(1), "2023-07-01", known_at="2023-07-01T01:00:00Z")


def test_a_rejected_row_blocks_the_roster_until_someone_confirms(desk: Desk) -> None:
    """Refused by name, with no event; confirmed, the other rows become true."""
    staged = desk.stage(roster(LOW_INCOME, BROKEN)).json()
    assert (staged["rows"], staged["accepted"], staged["rejected"]) == (2, 1, 1)
    assert staged["errors"] == [
        {
            "row": 3,
            "column": "证件号码",
            "message": "公民身份号码须为 18 位或 15 位 (18 or 15 characters)",
        }
    ]

    refused = desk.activate(staged["roster_id"])
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:yizhan:problem:roster-has-rejected-rows"
    assert desk.eligibility.log.last_position() == 0

    accepted = desk.activate(staged["roster_id"], {"accept_rejected_rows": True})
    assert (accepted.status_code, accepted.json()["persons_new"]) == (200, 1)


def test_a_row_rejected_in_a_later_roster_ends_nobody(desk: Desk) -> None:
    """Going on without a rejected row leaves what is known of that person as it was."""
    desk.bring(LOW_INCOME)
    broken = LOW_INCOME.replace("低保对象", "富户")
    staged = desk.stage(roster(broken, FARMER)).json()

    desk.activate(staged["roster_id"], {"accept_rejected_rows": True})

    assert len(desk.entitlements(number(1), "2023-07-01")["identities"]) == 1


def test_a_staged_roster_survives_a_restart(desk: Desk) -> None:
    """What was staged before a restart is activated after it."""
    roster_id = desk.stage(roster(LOW_INCOME)).json()["roster_id"]
    desk.start()

    assert desk.activate(roster_id).json()["persons_new"] == 1


def test_a_roster_is_activated_once(desk: Desk) -> None:
    """A second activation under another key is refused by name."""
    roster_id = desk.bring(LOW_INCOME)["roster_id"]

    again = desk.activate(roster_id)

    assert again.status_code == 409
    assert again.json()["type"] == "urn:yizhan:problem:roster-already-activated"


def test_a_repeated_request_gets_the_first_answer_again(desk: Desk) -> None:
    """Staging and activating under one key: the same bytes, marked, and nothing done twice."""
    staged, staged_again = (desk.stage(roster(LOW_INCOME), key="s1") for _ in range(2))
    roster_id = staged.json()["roster_id"]
    done, done_again = (desk.activate(roster_id, key="a1") for _ in range(2))
    position = desk.eligibility.log.last_position()

    assert staged_again.content == staged.content
    assert done_again.content == done.content
    assert "idempotency-replayed" not in done.headers
    assert done_again.headers["idempotency-replayed"] == "true"
    assert desk.stage(roster(FARMER), key="s1").json()["type"].endswith(":request-key-reused")
    assert desk.eligibility.log.last_position() == position


def test_a_refused_request_may_be_sent_again_corrected_under_its_key(desk: Desk) -> None:
    """The refusal is kept in the register, and gives way to the acceptance."""
    unreadable = desk.stage("姓名\n样例甲\n".encode(), key="s1")
    assert (unreadable.status_code, unreadable.json()["type"]) == (
        422,
        "urn:yizhan:problem:roster-unreadable",
    )

    assert desk.stage(roster(LOW_INCOME), key="s1").status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/v1/persons/nobody/entitlements?on=2023-07-01", 404, "unknown-person"),
        (
            "GET",
            "/v1/persons/00000000-0000-4000-8000-000000000000/entitlements?on=2023-07-01",
            404,
            "unknown-person",
        ),
        ("GET", "/v1/persons/x/entitlements", 422, "invalid-request"),
        ("GET", "/v1/persons/x/entitlements?on=1.7.2023", 422, "invalid-request"),
        (
            "GET",
            "/v1/persons/x/entitlements?on=2023-07-01&known_at=2023-07-01T00:00:00",
            422,
            "invalid-request",
        ),
        ("POST", "/v1/rosters/nothing/activation", 404, "unknown-roster"),
        (
            "POST",
            "/v1/rosters/00000000-0000-4000-8000-000000000000/activation",
            404,
            "unknown-roster",
        ),
    ],
)
def test_what_is_not_there_or_not_askable_has_a_type_of_its_own(
    desk: Desk, method: str, path: str, status: int, slug: str
) -> None:
    """Unknown people and rosters, missing or malformed questions."""
    json = {} if method == "POST" else None
    response = desk.client.request(method, path, json=json, headers=desk.headers())

    assert (response.status_code, response.json()["type"]) == (
        status,
        f"urn:yizhan:problem:{slug}",
    )


def test_a_wrong_certificate_is_refused_without_being_repeated(desk: Desk) -> None:
    """422 invalid-certificate names the reason alone; a right one of nobody is 404."""
    wrong = number(1)[:-1] + ("0" if number(1)[-1] != "0" else "1")
    refused, unknown = desk.look_up(wrong), desk.look_up(number(1))

    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:yizhan:problem:invalid-certificate",
    )
    assert wrong not in refused.text
    assert (unknown.status_code, unknown.json()["type"]) == (
        404,
        "urn:yizhan:problem:unknown-person",
    )


def test_a_certificate_is_found_however_it_is_typed(desk: Desk) -> None:
    """Small x and fifteen digits find the person registered with eighteen."""
    with_x = next(number(n) for n in range(100) if number(n).endswith("X"))
    desk.bring(LOW_INCOME.replace(number(1), with_x))

    found = {
        desk.look_up(typed).json()["person_id"]
        for typed in (with_x, with_x.lower(), f" {with_x} ", with_x[:6] + with_x[8:17])
    }

    assert len(found) == 1


def test_other_certificates_are_people_of_their_own(desk: Desk) -> None:
    """A passport with the same characters is another person; its birth date is what was stated."""
    desk.bring(LOW_INCOME, f"护照,{number(1)},样例丁,1990-02-03,低保对象,2023-01-01,,,,,,")

    passport = desk.look_up(number(1), certificate_type="passport").json()["person_id"]
    answer = desk.client.get(f"/v1/persons/{passport}/entitlements?on=2023-07-01").json()

    assert passport != desk.person_id(number(1))
    assert answer["birth_date"] == "1990-02-03"


def test_a_birth_date_stated_later_is_known_from_then_on(desk: Desk) -> None:
    """A roster that names the birth date adds it; one that does not takes nothing away."""
    row = "护照,E1234567,样例丁,{},低保对象,2023-01-01,,,,,,"
    desk.bring(row.format(""))
    desk.bring(row.format("1990-02-03"))
    desk.bring(row.format(""))
    found = desk.look_up("E1234567", certificate_type="passport").json()["person_id"]
    url = f"/v1/persons/{found}/entitlements?on=2023-07-01"

    now = desk.client.get(url).json()
    before = desk.client.get(f"{url}&known_at=2023-07-01T01:00:00.5Z").json()

    assert (before["birth_date"], now["birth_date"]) == (None, "1990-02-03")
    assert now["version"] == 3


@pytest.mark.parametrize("name", ["Yizhan-Institution", "Yizhan-Operator", "Idempotency-Key"])
def test_writes_say_who_acts_for_whom_under_which_key(desk: Desk, name: str) -> None:
    """Without one of the three headers nothing is staged."""
    headers = {key: value for key, value in desk.headers().items() if key != name}

    response = desk.client.post("/v1/rosters", content=roster(FARMER), headers=headers)

    assert (response.status_code, response.json()["type"]) == (
        400,
        "urn:yizhan:problem:missing-header",
    )


def test_a_roster_may_be_larger_than_other_bodies(desk: Desk) -> None:
    """10 MB are taken as a roster and refused as a look-up."""
    padding = (" " * 50_000 + "\n") * 200

    assert desk.stage(roster(LOW_INCOME) + padding.encode()).json()["accepted"] == 1
    assert desk.client.post("/v1/persons/lookup", content=padding).status_code == 413


def test_one_roster_activated_twice_at_once_becomes_true_once(desk: Desk) -> None:
    """Two operators press the button together: one succeeds, one hears that it is done."""
    rows = [f"居民身份证,{number(n)},样例{n},,低保对象,2023-01-01,,,,,," for n in range(200)]
    roster_id = desk.stage(roster(*rows)).json()["roster_id"]
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda key=f"twice{n}": statuses.append(
                desk.activate(roster_id, key=key).status_code
            )
        )
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 409]
    assert desk.eligibility.log.last_position() == 401


def test_all_rows_of_a_roster_become_known_at_one_instant(desk: Desk) -> None:
    """Every event of an activation carries the instant of the answer."""
    activated = desk.bring(LOW_INCOME, FARMER)

    instants = {entry.event.timestamp for entry in desk.eligibility.log.read(after=0)}

    assert instants == {datetime(2023, 7, 1, 1, 0, tzinfo=UTC)}
    assert activated["recorded_at"] == "2023-07-01T01:00:00Z"


def test_a_clock_set_back_records_nothing_before_what_is_known(desk: Desk) -> None:
    """An import under an earlier clock is recorded at the instant of the last one."""
    desk.bring(FARMER)
    desk.at("2023-06-01T00:00:00+00:00")

    activated = desk.bring(FARMER.replace(",,,,421022", ",低保对象,2023-01-01,,421022"))

    assert activated["recorded_at"] == "2023-07-01T01:00:00Z"


def test_a_countys_roster_becomes_true_at_once(desk: Desk) -> None:
    """5,000 people are staged and activated; all have the one instant."""
    rows = []
    for count in range(5_000):
        body = f"99{count // 1000:04d}1970010{1 + count % 9}{count % 1000:03d}"
        rows.append(
            f"居民身份证,{body}{check_character(body)},样例{count},,低保对象,2015-01-01,,"
            "500112,居民,一档,2015-01-01,"
        )
    activated = desk.bring(*rows)

    assert (activated["persons_new"], activated["facts_new"]) == (5_000, 10_000)
    assert {e.event.timestamp for e in desk.eligibility.log.read(0, 20_000)} == {
        datetime.fromisoformat(activated["recorded_at"])
    }


def test_every_domain_error_has_a_row_in_the_table() -> None:
    """Whatever the domain and the use cases may raise is answered by a type of its own."""
    raised = set()
    for folder in ("domain", "application"):
        for file in (SERVICE / folder).glob("*.py"):
            module = __import__(f"eligibility.{folder}.{file.stem}", fromlist=["*"])
            raised |= {
                value
                for value in vars(module).values()
                if isinstance(value, type)
                and issubclass(value, Exception)
                and value.__module__.startswith("eligibility.")
            }
    # Turned into InvalidCertificate where certificates are read, and into the reason why an office
    # gave no answer.
    turned = {"InvalidResidentId", "OnlineRefused"}
    raised = {error for error in raised if error.__name__ not in turned}

    assert raised == set(PROBLEMS)
    assert len({kind.slug for kind in PROBLEMS.values()}) == len(PROBLEMS)
