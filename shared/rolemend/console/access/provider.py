"""Who signed in, as Alibaba Cloud's OAuth service proves it: authorization code with PKCE, with the library Authlib.

Endpoints and claims: https://help.aliyun.com/en/ram/obtain-user-information-through-oidc and
https://help.aliyun.com/en/ram/access-alibaba-cloud-apis-from-a-web-application
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.console.access.record import one_line
from rolemend.console.access.sessions import SignIn
from rolemend.console.access.settings import SITES, AccessSettings
from rolemend.errors import SignInRefused, SignInUnavailable

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

CALLBACK = "/sign-in/callback"
SCOPE = "openid aliuid profile"
ALGORITHMS = ["RS256"]
"""The one that is published. What the discovery document or the token names besides is not taken."""
LEEWAY = 60
"""Seconds that two clocks may differ."""
TIMEOUT = 10
_KEPT_SECONDS = 3600
_IN_FORM = "client_secret_post"  # where the page on web applications has the secret


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """`account` is the claim `aid`, `user` the claim `uid`, `name` what people sign in with."""

    account: str
    user: str
    name: str


class Provider:
    """Alibaba Cloud's OAuth service on one site. Discovery document and keys are kept for an hour."""

    def __init__(self, settings: AccessSettings, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._now = now
        domain = SITES[settings.site]
        self.issuer = f"https://oauth.{domain}"
        self._hosts = tuple(f"{settings.scheme}://{label}.{domain}/" for label in ("oauth", "signin"))
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def address(self, begun: SignIn) -> str:
        """Where to send the browser. Raises SignInUnavailable."""
        with self._session() as session:
            endpoint = self._metadata(session)["authorization_endpoint"]
            address, _ = session.create_authorization_url(
                endpoint, state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier
            )
        return str(address)

    def identify(self, begun: SignIn, code: str) -> Identity:
        """Exchange the code and check the identity token. Raises SignInRefused or SignInUnavailable."""
        from authlib.integrations.base_client import OAuthError
        from joserfc.errors import JoseError

        try:
            with self._session() as session:
                endpoint = self._metadata(session)["token_endpoint"]
                answer = session.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                    allow_redirects=False,
                )
                claims = self._claims(session, answer, begun.nonce)
        except OSError as error:  # what requests raises
            raise SignInUnavailable(f"{self.issuer} does not answer: {type(error).__name__}") from error
        except (OAuthError, JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
            self._kept.pop("keys", None)
            why = one_line(f"{type(error).__name__} {error}")
            raise SignInRefused("token", f"the answer proves nobody: {why}") from error
        return self._identity(claims)

    def _claims(self, session: OAuth2Session, answer: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The identity token's claims, with signature, issuer, audience, nonce and times checked.

        A key that is not known is looked for once more, as keys are changed.
        """
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet

        signed = answer.get("id_token", "")
        try:
            token = jwt.decode(signed, KeySet.import_key_set(self._keys(session)), algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            self._kept.pop("keys", None)
            token = jwt.decode(signed, KeySet.import_key_set(self._keys(session)), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
            },
            {"nonce": nonce, "client_id": self._settings.client_id},
        )
        claims.validate(now=int(self._now()), leeway=LEEWAY)
        return dict(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        account, user = claims.get("aid"), claims.get("uid")
        if not isinstance(account, str) or not isinstance(user, str) or not account or not user:
            raise SignInRefused("token", "the identity token names no account or no user")
        if account != self._settings.account:
            raise SignInRefused("account", f"user {user} belongs to account {account}")
        name = claims.get("upn") or claims.get("login_name") or claims.get("name") or user
        return Identity(account=account, user=user, name=one_line(str(name)))

    def _metadata(self, session: OAuth2Session) -> dict[str, Any]:
        """The discovery document, if it is this site's own and leads nowhere else."""
        found = self._get(session, "discovery", f"{self._hosts[0]}.well-known/openid-configuration")
        endpoints = [found.get(f"{name}_endpoint") for name in ("authorization", "token")]
        endpoints.append(found.get("jwks_uri"))
        own = all(isinstance(each, str) and each.startswith(self._hosts) for each in endpoints)
        if found.get("issuer") != self.issuer or not own:
            self._kept.pop("discovery", None)
            raise SignInUnavailable(f"the discovery document of {self.issuer} is another one's")
        return found

    def _keys(self, session: OAuth2Session) -> Any:
        return self._get(session, "keys", self._metadata(session)["jwks_uri"])

    def _get(self, session: OAuth2Session, what: str, address: str) -> dict[str, Any]:
        kept = self._kept.get(what)
        if kept is not None and self._now() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        try:
            answer = session.request("GET", address, withhold_token=True, allow_redirects=False)
            answer.raise_for_status()
            value = answer.json()
        except (OSError, ValueError) as error:
            raise SignInUnavailable(f"{address} does not answer: {type(error).__name__}") from error
        if not isinstance(value, dict):
            raise SignInUnavailable(f"{address} answers something else")
        self._kept[what] = (self._now(), value)
        return value

    def _session(self) -> OAuth2Session:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self._settings.client_id,
            self._settings.client_secret.value,
            scope=SCOPE,
            redirect_uri=self._settings.address + CALLBACK,
            code_challenge_method="S256",
            token_endpoint_auth_method=_IN_FORM,
            default_timeout=TIMEOUT,
        )
