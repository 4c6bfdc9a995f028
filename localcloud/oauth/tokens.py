"""Identity tokens: whom they name, how they are signed, and what can be wrong with them on purpose.

Claims: https://help.aliyun.com/en/ram/obtain-user-information-through-oidc
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from typing import Any, Literal, NamedTuple

from joserfc import jwt
from joserfc.jwk import RSAKey

from localcloud.state import Account

Flaw = Literal[
    "",
    "account",
    "algorithm",
    "audience",
    "expired",
    "hmac",
    "issuer",
    "missing",
    "no nonce",
    "nonce",
    "signature",
]
"""One thing that a test has wrong in every token: `algorithm` is "none", `hmac` signs with the public key as a secret,
`account` names another account, `missing` leaves the identity token out of the answer."""

LIFETIME = 3600
_OTHER_ACCOUNT = "9999999999999999"


class Person(NamedTuple):
    """Who signs in: `uid` is the account's own id for its root user; `login` is what they type in."""

    account: str
    uid: str
    name: str
    login: str

    def claims(self, scope: str) -> dict[str, str]:
        """What `scope` lets an application know of them."""
        claims = {"sub": self.uid}
        if "aliuid" in scope.split():
            claims |= {"aid": self.account, "uid": self.uid}
        if "profile" in scope.split():
            kind = "login_name" if self.uid == self.account else "upn"
            claims |= {"name": self.name, kind: self.login}
        return claims


def people(accounts: dict[str, Account]) -> dict[str, Person]:
    """Everybody who can sign in, by uid: the root user and the RAM users of every account."""
    found = {}
    for account in accounts.values():
        alias = account.alias or account.id
        found[account.id] = Person(account.id, account.id, alias, f"{alias}@example.com")
        for user in account.ram.users.values():
            login = f"{user.name}@{alias}.onaliyun.com"
            found[user.id] = Person(account.id, user.id, user.display_name or user.name, login)
    return found


class Signer:
    """The keys that tokens are signed with: the newest signs; `flaw` is what is wrong with every token."""

    def __init__(self) -> None:
        self.flaw: Flaw = ""
        self._keys: list[RSAKey] = []

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish no other."""
        self._keys = [_new_key()]

    def published(self) -> dict[str, Any]:
        """The key set at `/v1/keys`."""
        return {"keys": [key.as_dict(private=False) for key in self._key_list()]}

    def identity_token(
        self, person: Person, scope: str, *, issuer: str, client: str, nonce: str, now: float
    ) -> str:
        claims: dict[str, Any] = {"iss": issuer, "aud": client, "iat": int(now), "exp": int(now) + LIFETIME}
        claims |= person.claims(scope) | ({"nonce": nonce} if nonce else {})
        match self.flaw:
            case "issuer":
                claims["iss"] = "https://oauth.example.com"
            case "audience":
                claims["aud"] = "4000000000000000000"
            case "no nonce":
                claims.pop("nonce", None)
            case "nonce":
                claims["nonce"] = secrets.token_hex(8)
            case "expired":
                claims |= {"iat": int(now) - 2 * LIFETIME, "exp": int(now) - LIFETIME}
            case "account":
                claims["aid"] = _OTHER_ACCOUNT
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        key = self._key_list()[0]
        if self.flaw == "algorithm":
            return _plain_token({"alg": "none"}, claims, b"")
        if self.flaw == "hmac":
            return _plain_token({"alg": "HS256", "kid": key.kid}, claims, key.as_pem(private=False))
        signing = _new_key() if self.flaw == "signature" else key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, signing, algorithms=[_RS256])

    def _key_list(self) -> list[RSAKey]:
        if not self._keys:
            self.rotate()
        return self._keys


_RS256 = "RS256"


def _plain_token(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token that no library would make: without a signature, or with a public key for a secret."""
    content = b".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.digest(secret, content, "sha256") if secret else b""
    return (content + b"." + _base64(signature)).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _new_key() -> RSAKey:
    key: RSAKey = RSAKey.generate_key(2048, {"kid": secrets.token_urlsafe(24), "use": "sig", "alg": _RS256})
    return key
