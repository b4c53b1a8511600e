"""Checking a bearer token (令牌校验, RFC 9068): signature, issuer, audience, time, claims."""

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt
from jwt import PyJWK
from jwt import exceptions as wrong

from http_edge.identity.caller import Caller, ClaimsUnusable, read_caller
from http_edge.identity.key_sets import ALGORITHMS, KeySet

LEEWAY_SECONDS = 30
LONGEST_TOKEN_CHARACTERS = 8192
LARGEST_CACHE = 10_000

_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]


class TokenRefused(Exception):
    """A token of no use: `slug` is the problem's stable name, the texts say what to do."""

    def __init__(self, slug: str, title_zh: str, detail: str) -> None:
        """Nothing of the token itself is in any of them."""
        self.slug = slug
        self.title_zh = title_zh
        super().__init__(detail)


_REASONS: dict[type[Exception], tuple[str, str, str]] = {
    wrong.ExpiredSignatureError: (
        "token-expired",
        "令牌已过期 (token expired)",
        "请重新取得令牌；若刚取得，请核对取令牌的机器的时钟",
    ),
    wrong.ImmatureSignatureError: (
        "token-not-yet-valid",
        "令牌尚未生效 (token not yet valid)",
        "请核对签发方与本机的时钟，允许相差 30 秒",
    ),
    wrong.InvalidAudienceError: (
        "token-wrong-audience",
        "令牌不是给本服务的 (wrong audience)",
        "请以本服务的 audience（YIZHAN_OIDC_AUDIENCE）取得令牌",
    ),
    wrong.InvalidIssuerError: (
        "token-wrong-issuer",
        "令牌不是本服务所信任的签发方签发的 (wrong issuer)",
        "请向本服务信任的签发方取得令牌",
    ),
    wrong.InvalidSignatureError: (
        "token-signature-invalid",
        "令牌的签名不成立 (bad signature)",
        "令牌被改动过，或不是该密钥所签；请重新取得",
    ),
    wrong.MissingRequiredClaimError: (
        "token-claims-missing",
        "令牌缺少必需的内容 (claims missing)",
        "须有 iss、aud、sub、iat、exp、roles、institutions",
    ),
}

_MALFORMED = (
    "token-malformed",
    "令牌无法读取 (malformed token)",
    "须为签名的 JWT：Authorization: Bearer 令牌",
)
_ALGORITHM = (
    "token-algorithm-refused",
    "令牌的签名算法不被接受 (algorithm refused)",
    "只接受 ES256、RS256、EdDSA，且须与该密钥相符",
)
_UNKNOWN_KEY = (
    "token-key-unknown",
    "不认识令牌的签名密钥 (unknown key)",
    "令牌头的 kid 不在签发方的公钥集中；密钥刚更换的，请半分钟后再试",
)


class TokenChecker:
    """Checks tokens of one issuer for one audience, and remembers those that were good.

    A province's thousand requests a second come with few tokens, and a signature costs more than
    a look-up by hash. A token is remembered for as long as the very key that it was checked with
    is at hand: once the key set was read again, each is checked again.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySet,
        operator_claim: str = "sub",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._operator_claim = operator_claim
        self._clock = clock
        self._good: dict[bytes, tuple[Caller, str, PyJWK]] = {}
        self._remembering = threading.Lock()

    def remembered(self, token: str) -> Caller | None:
        """The bearer of a token that was checked before and is still good, without any wait."""
        found = self._good.get(_hash(token))
        if found is None:
            return None
        caller, kid, key = found
        is_good = self._clock() < caller.expires_at and self._keys.at_hand(kid) is key
        return caller if is_good else None

    def check(self, token: str) -> Caller:
        """The bearer of a token. May wait for the key set.

        Raises TokenRefused, KeysUnreachable.
        """
        if len(token) > LONGEST_TOKEN_CHARACTERS:
            raise TokenRefused(*_MALFORMED)
        try:
            kid, key = self._key(token)
            caller = read_caller(self._claims(token, key), operator_claim=self._operator_claim)
        except ClaimsUnusable as missing:
            slug, title, _ = _REASONS[wrong.MissingRequiredClaimError]
            raise TokenRefused(slug, title, f"{missing} 缺少或不成立；请核对签发方的设置") from None
        except (wrong.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenRefused(*_REASONS.get(type(error), _MALFORMED)) from None
        self._remember(token, (caller, kid, key))
        return caller

    def _key(self, token: str) -> tuple[str, PyJWK]:
        """The id and the key that the token names."""
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise TokenRefused(*_ALGORITHM)
        if str(header.get("typ", "jwt")).lower() not in _TYPES or "crit" in header:
            raise TokenRefused(*_MALFORMED)
        key = self._keys.find(kid) if isinstance(kid, str) else None
        if not isinstance(kid, str) or key is None:
            raise TokenRefused(*_UNKNOWN_KEY)
        if key.algorithm_name != algorithm:
            raise TokenRefused(*_ALGORITHM)
        return kid, key

    def _claims(self, token: str, key: PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key=key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )

    def _remember(self, token: str, good: tuple[Caller, str, PyJWK]) -> None:
        with self._remembering:
            self._good[_hash(token)] = good
            while len(self._good) > LARGEST_CACHE:
                # The oldest comes first.
                del self._good[next(iter(self._good))]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
