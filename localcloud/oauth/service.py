"""OAuth 2.0 of RAM: discovery, the page where people sign in, tokens, keys and user information.

Hosts are those of the China site (aliyun.com) and of the international site (alibabacloud.com).
https://help.aliyun.com/en/ram/access-alibaba-cloud-apis-from-a-web-application and
https://help.aliyun.com/en/ram/obtain-user-information-through-oidc. Errors of the token endpoint are published nowhere:
they are those of https://www.rfc-editor.org/rfc/rfc6749#section-5.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from localcloud.call import Call, Reply
from localcloud.errors import Unsupported
from localcloud.oauth.tokens import LIFETIME, Person, Signer, people

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.oauth.state import Application

CODE_SECONDS = 300
_CHOSEN = "localcloud_user"
"""What the local sign-in page adds to its own address: the uid of who signs in. The real page asks for a password."""


class Grant(NamedTuple):
    """What a code or an access token stands for."""

    client: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str
    person: Person
    until: float


class OAuthService:
    """Codes, tokens and keys are in memory only. `signer` is where a test puts flaws in."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.signer = Signer()
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}

    def operation_name(self, call: Call) -> str:
        return f"{call.method} {call.path}"

    def handle(self, call: Call) -> Reply:
        signing_in = call.host.startswith("signin.")
        match (signing_in, call.method, call.path):
            case (True, "GET", "/oauth2/v1/auth"):
                return self._authorize(call)
            case (False, "GET", "/.well-known/openid-configuration"):
                return _json(_discovery(call.host))
            case (False, "GET", "/v1/keys"):
                return _json(self.signer.published())
            case (False, "POST", "/v1/token"):
                return self._token(call)
            case (False, "GET", "/v1/userinfo"):
                return self._user_info(call)
        unknown = Unsupported("oauth", self.operation_name(call))
        self.cloud.count_unsupported(unknown.service, unknown.operation)
        return _error(unknown.status, unknown.code, unknown.message)

    def _authorize(self, call: Call) -> Reply:
        """The page with everybody who can sign in; with a choice, the way back to the application."""
        application = self.cloud.state.oauth.applications.get(call.argument("client_id"))
        back = call.argument("redirect_uri")
        if application is None or back not in application.redirect_uris:
            return _page(400, "The application or its redirect URI is not registered.", "")
        if (
            call.argument("response_type") != "code"
            or call.argument("code_challenge_method", "S256") != "S256"
        ):
            return _back(back, error="invalid_request", state=call.argument("state"))
        known = people(self.cloud.state.accounts)
        if not call.has_argument(_CHOSEN):
            return _page(200, f"Sign in to {application.name}", _choices(call, known))
        person = known.get(call.argument(_CHOSEN))
        if person is None:
            return _back(back, error="access_denied", state=call.argument("state"))
        code = secrets.token_urlsafe(24)
        self._codes[code] = _granted(call, application, person, self.cloud.clock() + CODE_SECONDS)
        return _back(back, code=code, state=call.argument("state"))

    def _token(self, call: Call) -> Reply:
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        application = self.cloud.state.oauth.applications.get(form.get("client_id", ""))
        secret = form.get("client_secret", "").encode()
        if application is None or not hmac.compare_digest(secret, application.secret.encode()):
            return _error(401, "invalid_client", "The client id or the client secret is wrong.")
        if form.get("grant_type") != "authorization_code":
            return _error(400, "unsupported_grant_type", "The local cloud gives tokens for codes only.")
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or not _matches(grant, form, self.cloud.clock()):
            return _error(400, "invalid_grant", "The code is unknown, used, over, or not for this request.")
        return _json(self._tokens_for(call, grant))

    def _tokens_for(self, call: Call, grant: Grant) -> dict[str, Any]:
        now = self.cloud.clock()
        token = secrets.token_urlsafe(32)
        self._tokens[token] = grant._replace(until=now + LIFETIME)
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}
        answer["scope"] = grant.scope
        if self.signer.flaw != "missing":
            answer["id_token"] = self.signer.identity_token(
                grant.person,
                grant.scope,
                issuer=f"https://{call.host}",
                client=grant.client,
                nonce=grant.nonce,
                now=now,
            )
        return answer

    def _user_info(self, call: Call) -> Reply:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        grant = self._tokens.get(token)
        if grant is None or grant.until < self.cloud.clock():
            return _error(401, "invalid_token", "The access token is unknown or over.")
        return _json(grant.person.claims(grant.scope))


def _granted(call: Call, application: Application, person: Person, until: float) -> Grant:
    return Grant(
        client=application.id,
        redirect_uri=call.argument("redirect_uri"),
        scope=call.argument("scope", "openid aliuid profile"),
        nonce=call.argument("nonce"),
        challenge=call.argument("code_challenge"),
        person=person,
        until=until,
    )


def _matches(grant: Grant, form: dict[str, str], now: float) -> bool:
    """The redirect URI is the one of before, and the verifier the challenge's (RFC 7636)."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    proved = not grant.challenge or challenge == grant.challenge
    same = (form.get("client_id"), form.get("redirect_uri")) == (grant.client, grant.redirect_uri)
    return proved and same and now < grant.until


def _discovery(host: str) -> dict[str, Any]:
    """As it is published, but with http where the local cloud is asked: the issuer is a name, no address."""
    return {
        "code_challenge_methods_supported": ["plain", "S256"],
        "subject_types_supported": ["public"],
        "response_types_supported": ["code"],
        "issuer": f"https://{host}",
        "jwks_uri": f"http://{host}/v1/keys",
        "revocation_endpoint": f"http://{host}/v1/revoke",
        "token_endpoint": f"http://{host}/v1/token",
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "aliuid", "profile"],
        "authorization_endpoint": f"http://{host.replace('oauth.', 'signin.', 1)}/oauth2/v1/auth",
    }


def _choices(call: Call, known: dict[str, Person]) -> str:
    links = []
    for person in known.values():
        address = f"{call.path}?{call.raw_query}&{urlencode({_CHOSEN: person.uid})}"
        links.append(f'<li><a href="{html.escape(address)}">{html.escape(person.login)}</a></li>')
    return f"<ul>{''.join(links)}</ul>"


def _back(address: str, **parameters: str) -> Reply:
    joint = "&" if "?" in address else "?"
    return Reply(302, {"location": f"{address}{joint}{urlencode(parameters)}", "cache-control": "no-store"})


def _page(status: int, title: str, body: str) -> Reply:
    title = html.escape(title)
    text = f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}</html>'
    return Reply(status, {"content-type": "text/html; charset=utf-8"}, text.encode())


def _json(value: dict[str, Any]) -> Reply:
    return Reply(
        200, {"content-type": "application/json", "cache-control": "no-store"}, json.dumps(value).encode()
    )


def _error(status: int, code: str, description: str) -> Reply:
    body = json.dumps({"error": code, "error_description": description}).encode()
    return Reply(status, {"content-type": "application/json", "cache-control": "no-store"}, body)
