"""A token that is missing, worn out or forged is refused, with a reason that helps."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_edge.identity.checking import LARGEST_CACHE, TokenChecker, TokenRefused
from http_edge.identity.key_sets import KeysUnreachable, RefreshedKeys
from tests.http_edge.identity.guarded import bearer, checker, guarded, problem
from tests.http_edge.identity.token_smith import (
    claims,
    hashed_with_public_key,
    key_set,
    signed,
    tampered,
    unsigned,
)

CLIENT = guarded()


def in_seconds(seconds: int) -> int:
    """An instant from now: a session of tests may be long."""
    return int(time.time()) + seconds


def refused(token: str) -> str:
    """The reason a token is refused for, over HTTP."""
    answer = CLIENT.get("/bills", headers=bearer(token))
    status, slug = problem(answer)
    assert status == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="yizhan", error="invalid_token"')
    assert slug in challenge
    assert token not in answer.text
    return slug


@pytest.mark.parametrize("by", ["ec-1", "rsa-1", "ed-1"])
def test_a_good_token_is_let_in(by: str) -> None:
    """ES256, RS256 and EdDSA; the route learns who called."""
    answer = CLIENT.get("/bills", headers=bearer(signed(by=by)))
    assert (answer.status_code, answer.json()) == (200, {"subject": "zhang-san"})


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eDp5", "zhang"])
def test_without_a_token_the_answer_says_how_to_get_one(header: str | None) -> None:
    """401 with a bare challenge, and in the body where tokens come from."""
    answer = CLIENT.get("/bills", headers={} if header is None else {"Authorization": header})
    assert problem(answer) == (401, "token-missing")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="yizhan"'
    assert "yizhan token" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: signed(claims(exp=in_seconds(-60))), "token-expired"),
        (lambda: signed(claims(nbf=in_seconds(300))), "token-not-yet-valid"),
        (lambda: signed(claims(iat=in_seconds(300))), "token-not-yet-valid"),
        (lambda: signed(claims(aud="another")), "token-wrong-audience"),
        (lambda: signed(claims(aud=None)), "token-claims-missing"),
        (lambda: signed(claims(iss="https://id.elsewhere.example")), "token-wrong-issuer"),
        (lambda: signed(by="ec-2"), "token-key-unknown"),
        (lambda: signed(by="ec-2", kid="ec-1"), "token-signature-invalid"),
        (lambda: signed(by="ec-1", kid="rsa-1"), "token-algorithm-refused"),
        (unsigned, "token-algorithm-refused"),
        (hashed_with_public_key, "token-algorithm-refused"),
        (lambda: tampered(signed(), roles=["operator"]), "token-signature-invalid"),
        (lambda: tampered(signed(), institutions=["*"]), "token-signature-invalid"),
        (lambda: tampered(signed(), exp=in_seconds(10**6)), "token-signature-invalid"),
        (lambda: signed(claims(exp=None)), "token-claims-missing"),
        (lambda: signed(claims(iat=None)), "token-claims-missing"),
        (lambda: signed(claims(sub=None)), "token-claims-missing"),
        (lambda: signed(claims(sub="")), "token-claims-missing"),
        (lambda: signed(claims(roles=None)), "token-claims-missing"),
        (lambda: signed(claims(roles="biller")), "token-claims-missing"),
        (lambda: signed(claims(institutions=None)), "token-claims-missing"),
        (lambda: signed(claims(institutions=[])), "token-claims-missing"),
        (lambda: signed(claims(institutions=["H 1"])), "token-claims-missing"),
        (lambda: signed(claims(institutions="H1")), "token-claims-missing"),
        (lambda: signed(claims(sub="a\nb")), "token-claims-missing"),
        (lambda: signed(typ="dpop+jwt"), "token-malformed"),
        (lambda: signed(crit=["b64"]), "token-malformed"),
        (lambda: "a.b.c", "token-malformed"),
        (lambda: "no-token", "token-malformed"),
        (lambda: signed() + "x" * 9000, "token-malformed"),
    ],
)
def test_a_bad_token_is_refused_by_its_reason(made: Callable[[], str], reason: str) -> None:
    """Worn out, for somebody else, forged, or without what it must say."""
    assert refused(made()) == reason


def test_clocks_may_differ_by_half_a_minute() -> None:
    """A token that ended ten seconds ago, or begins in ten, is good."""
    for told in (claims(exp=in_seconds(-10)), claims(nbf=in_seconds(10))):
        assert CLIENT.get("/bills", headers=bearer(signed(told))).status_code == 200


@given(at=st.integers(0, 10**6), letter=st.sampled_from("AQgw_-9"))
def test_a_token_with_one_letter_changed_is_nobodys(at: int, letter: str) -> None:
    """Wherever it is changed: never let in, always 401. (A last letter may stand for the same
    bytes; another spelling of the signature is no forgery.)"""
    token = GOOD[: at % _LAST] + letter + GOOD[at % _LAST + 1 :]
    if token != GOOD:
        assert refused(token).startswith("token-")


GOOD = signed(claims(exp=in_seconds(86_400)))
_LAST = len(GOOD) - 1


@given(st.text(max_size=200))
def test_any_text_as_a_token_is_refused(text: str) -> None:
    """No text makes the checker fail otherwise than by refusing."""
    with pytest.raises(TokenRefused):
        checker().check(text)


def test_a_checked_token_is_remembered_until_it_ends() -> None:
    """The second time costs no signature; after its end it is checked, and refused."""
    now = [time.time()]
    checking = checker(clock=lambda: now[0])
    token = signed(claims(exp=int(now[0]) + 100))
    assert checking.remembered(token) is None
    caller = checking.check(token)
    assert checking.remembered(token) == caller
    now[0] += 100
    assert checking.remembered(token) is None


def test_a_withdrawn_key_serves_five_minutes_at_most() -> None:
    """Whenever its last token was checked: once the set is read without it, nobody it let in is
    let in again. A key that stays is no reason to wait."""
    told, now = [key_set("ec-1", "ec-2")], [0.0]
    checking: TokenChecker = checker(RefreshedKeys(lambda: told[-1], clock=lambda: now[0]))
    withdrawn, staying = signed(by="ec-2"), signed()
    checking.check(withdrawn)
    told.append(key_set("ec-1"))
    now[0] = 299
    checking.check(withdrawn)
    checking.check(staying)
    assert checking.remembered(withdrawn) is not None
    now[0] = 300
    assert checking.remembered(withdrawn) is None
    assert reason(checking, withdrawn) == "token-key-unknown"
    checking.check(staying)
    assert checking.remembered(staying) is not None


def test_another_key_under_the_same_id_ends_what_was_remembered() -> None:
    """A token of the old one is checked with the new one, and refused."""
    old = json.loads(key_set("ec-2"))["keys"][0]
    told, now = [json.dumps({"keys": [old | {"kid": "ec-1"}]}).encode()], [0.0]
    checking: TokenChecker = checker(RefreshedKeys(lambda: told[-1], clock=lambda: now[0]))
    token = signed(by="ec-2", kid="ec-1")
    checking.check(token)
    told.append(key_set("ec-1"))
    now[0] = 300
    assert checking.remembered(token) is None
    assert reason(checking, token) == "token-signature-invalid"


def test_while_the_provider_is_away_what_was_remembered_is_looked_up() -> None:
    """One request in half a minute asks for it; the others do not pay for a signature."""
    reachable, now = [True], [0.0]

    def load() -> bytes:
        if not reachable[0]:
            raise OSError
        return key_set("ec-1")

    checking: TokenChecker = checker(RefreshedKeys(load, clock=lambda: now[0]))
    token = signed()
    checking.check(token)
    reachable[0], now[0] = False, 400
    assert checking.remembered(token) is None
    checking.check(token)
    assert checking.remembered(token) is not None
    now[0] += 30
    assert checking.remembered(token) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes where a new one comes."""
    assert LARGEST_CACHE == 10_000
    monkeypatch.setattr("http_edge.identity.checking.LARGEST_CACHE", 2)
    checking = checker()
    tokens = [signed(claims(sub=f"s{n}")) for n in range(3)]
    for token in tokens:
        checking.check(token)
    assert [checking.remembered(token) is None for token in tokens] == [True, False, False]


def test_a_provider_out_of_reach_is_nobodys_fault() -> None:
    """503 with when to try again; tokens that were checked before serve on."""
    reachable = [True]

    def load() -> bytes:
        if not reachable[0]:
            raise OSError
        return key_set("ec-1")

    now = [0.0]
    keys = RefreshedKeys(load, clock=lambda: now[0])
    client = guarded(checker(keys))
    known = signed()
    assert client.get("/bills", headers=bearer(known)).status_code == 200
    reachable[0] = False
    now[0] += 60
    answer = client.get("/bills", headers=bearer(signed(by="ec-2")))
    assert problem(answer) == (503, "identity-provider-unreachable")
    assert answer.headers["Retry-After"] == "30"
    assert client.get("/bills", headers=bearer(known)).status_code == 200


def test_the_key_set_is_fetched_anew_for_an_unknown_key_but_not_for_each() -> None:
    """A provider's new key is found; a flood of made-up key ids asks it once in half a minute."""
    loads: list[bytes] = [key_set("ec-1"), key_set("ec-1", "ec-2")]
    asked, now = [0], [0.0]

    def load() -> bytes:
        asked[0] += 1
        return loads[min(asked[0], len(loads)) - 1]

    checking: TokenChecker = checker(RefreshedKeys(load, clock=lambda: now[0]))
    assert checking.check(signed()).subject == "zhang-san"
    for n in range(5):
        assert reason(checking, signed(by="ec-3", kid=f"made-up-{n}")) == "token-key-unknown"
    assert asked == [1]
    now[0] = 30
    assert checking.check(signed(by="ec-2")).subject == "zhang-san"
    assert asked == [2]


def test_a_slow_provider_holds_one_thread() -> None:
    """While it is asked, good tokens are checked with the keys at hand, and one with an unknown
    key is told at once to come back."""
    loads, now = [key_set("ec-1")], [0.0]
    asked, answers = threading.Event(), threading.Event()

    def load() -> bytes:
        if loads:
            return loads.pop()
        asked.set()
        answers.wait(20)
        return key_set("ec-1", "ec-2")

    keys = RefreshedKeys(load, clock=lambda: now[0])
    assert keys.find("ec-1") is not None
    now[0] = 60
    waiting = threading.Thread(target=lambda: keys.find("ec-2"))
    waiting.start()
    try:
        assert asked.wait(20)
        started = time.monotonic()
        for _ in range(50):
            assert keys.find("ec-1") is not None
            with pytest.raises(KeysUnreachable):
                keys.find("ec-2")
        assert time.monotonic() - started < 1
    finally:
        answers.set()
        waiting.join(20)
    assert keys.find("ec-2") is not None


def test_keys_are_read_before_anybody_asks() -> None:
    """And where that failed, whoever asks first tries again at once."""
    said: list[bytes | Exception] = [key_set("ec-1"), OSError()]

    def load() -> bytes:
        told = said.pop()
        if isinstance(told, Exception):
            raise told
        return told

    keys = RefreshedKeys(load, clock=lambda: 0.0)
    keys.warm()
    assert keys.find("ec-1") is not None
    assert said == []


def test_without_any_answer_keys_are_unreachable() -> None:
    """Before the first answer nothing can be said of a token."""

    def load() -> bytes:
        raise OSError

    with pytest.raises(KeysUnreachable):
        checker(RefreshedKeys(load)).check(signed())


def reason(checking: TokenChecker, token: Any) -> str:
    """Why a checker refuses a token."""
    with pytest.raises(TokenRefused) as refusal:
        checking.check(token)
    return refusal.value.slug
