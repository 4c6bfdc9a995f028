"""Variables of an environment, read one by one: every mistake is noted, and no note repeats a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rolemend.errors import AccountError, SettingsError
from rolemend.naming import is_region

if TYPE_CHECKING:
    from rolemend.console.access.settings import Secret
    from rolemend.vault import Reference

    Reveal = Callable[[Reference], str]
    """Reads a secret of KMS. Raises AccountError, or SettingsError where it cannot be told where KMS is."""

_ID = re.compile(r"[0-9]{10,32}", re.ASCII)
_WEB = re.compile(r"https?://[^\s/]+")
_PROXY_HERE = re.compile(r"https?://([^@/?#]*@)?(127\.0\.0\.1|localhost)(:[0-9]+)?/?")


class Reader:
    """Reads variables one by one and notes what is wrong in `problems`; `reveal` reads the secrets that some name."""

    def __init__(
        self, environment: Mapping[str, str], problems: list[str], reveal: Reveal | None = None
    ) -> None:
        self._environment = environment
        self._reveal = reveal
        self.problems = problems

    def problems_of(self, name: str) -> list[str]:
        return [problem for problem in self.problems if problem.startswith(name)]

    def text(self, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            self.problems.append(f"{name}: missing")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        value = self.text(name)
        if value and not pattern.fullmatch(value):
            self.problems.append(f"{name}: {value!r} is not {what}")
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._environment.get(name) or default
        if value not in allowed:
            self.problems.append(f"{name}: {value!r} is none of {', '.join(allowed)}")
        return value

    def region(self, name: str, value: str, *, known: bool = False) -> str:
        """A region's id; with `known`, one that OSS is in. It becomes part of host names."""
        if value and not is_region(value):
            self.problems.append(f"{name}: {value[:40]!r} is not a region")
        elif known and value:
            from difflib import get_close_matches

            from rolemend.checklist.endpoints import region_ids

            if value not in region_ids():
                near = get_close_matches(value, region_ids(), 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.problems.append(f"{name}: {value!r} is no region of Alibaba Cloud{hint}")
        return value

    def number(self, name: str, default: int, unit: str = "seconds") -> int:
        value = self._environment.get(name) or str(default)
        if not re.fullmatch("[0-9]{1,6}", value):
            self.problems.append(f"{name}: {value[:40]!r} is not a whole number of {unit}")
            return default
        return int(value)

    def logstores(self, name: str) -> tuple[tuple[str, str, str], ...]:
        """`source=project/logstore`, with blanks between them."""
        found = []
        for one in self._environment.get(name, "").split():
            if match := re.fullmatch(r"([a-z_]{1,40})=([A-Za-z0-9_-]{1,128})/([A-Za-z0-9_-]{1,128})", one):
                found.append((match[1], match[2], match[3]))
            else:
                self.problems.append(f"{name}: {one[:80]!r} is not source=project/logstore")
        return tuple(found)

    def secret(self, name: str, least: int, *, required: bool = True) -> Secret:
        """A secret of at least so many characters; it is not repeated in the message."""
        from rolemend.console.access.settings import Secret

        given = self._environment.get(name, "")
        value = self.revealed(name, given)
        if not given and required:
            self.problems.append(f"{name}: missing")
        elif value and len(value) < least:
            self.problems.append(f"{name}: shorter than {least} characters")
        return Secret(value)

    def revealed(self, name: str, value: str) -> str:
        """The value, or what KMS holds where it names a secret; "" once it is noted that there is none."""
        if not value.startswith("kms:"):
            return value
        from rolemend.vault import read_reference, what_to_do

        reference = read_reference(value)
        if reference is None or self._reveal is None:
            why = "is not kms:NAME or kms:NAME#MEMBER" if reference is None else "KMS is not read here"
            self.problems.append(f"{name}: {why}")
            return ""
        try:
            found = self._reveal(reference)
        except SettingsError as error:
            self.problems += error.problems
            return ""
        except AccountError as error:
            place = self._environment.get("FC_REGION", ""), self._environment.get("FC_ACCOUNT_ID", "")
            self.problems.append(f"{name}: {what_to_do(error, reference, *place)}")
            return ""
        if not found:
            self.problems.append(f"{name}: the secret {reference.name!r} of KMS is empty")
        return found

    def ids(self, name: str) -> frozenset[str]:
        """Ids of users, roles or the account, with commas or spaces between them."""
        values = re.split(r"[,\s]+", self._environment.get(name, ""))
        found = frozenset(value for value in values if value)
        wrong = sorted(value for value in found if not _ID.fullmatch(value))
        if wrong:
            self.problems.append(f"{name}: {wrong[0][:40]!r} is no id of a user, a role or an account")
        return found

    def origin(self, name: str, scheme: str) -> str:
        """A web address without a path, without a slash at its end."""
        value = self.text(name).rstrip("/")
        if value and not re.fullmatch(scheme + r"://[a-z0-9.\-]+(:[0-9]{1,5})?", value):
            self.problems.append(f"{name}: {value[:80]!r} is not {scheme}:// and a host name in lower case")
        return value

    def regions(self, name: str) -> tuple[str, ...]:
        """Names of regions with commas between them."""
        given = [each.strip() for each in self._environment.get(name, "").split(",") if each.strip()]
        self.problems += [f"{name}: {each[:40]!r} is no region" for each in given if not is_region(each)]
        return tuple(dict.fromkeys(given))

    def url(self, name: str, *, required: bool) -> str:
        """A web address; it may carry a token, so it is not repeated in the message."""
        given = self._environment.get(name, "")
        value = self.revealed(name, given)
        if not given and required:
            self.problems.append(f"{name}: missing")
        if value and not _WEB.match(value):
            self.problems.append(f"{name}: not a web address")
        return value


def scheme_of(environment: Mapping[str, str], need: Reader) -> str:
    """Plain http only through a proxy on this machine: nothing signed ever leaves it unencrypted."""
    scheme = need.one_of("ROLEMEND_SCHEME", ("https", "http"), "https")
    proxies = [environment[name] for name in ("http_proxy", "HTTP_PROXY") if environment.get(name)]
    around = ",".join(environment.get(name, "") for name in ("no_proxy", "NO_PROXY"))
    if scheme == "http" and not (proxies and all(_PROXY_HERE.fullmatch(proxy) for proxy in proxies)):
        need.problems.append(
            "ROLEMEND_SCHEME: http is only for a proxy on this machine (http_proxy names none)"
        )
    elif scheme == "http" and _leads_past(around):
        need.problems.append("ROLEMEND_SCHEME: http is only for a proxy (no_proxy leads past it)")
    return scheme


def _leads_past(no_proxy: str) -> bool:
    """Whether one of the names in `no_proxy` is a service of the cloud."""
    names = [name.strip().lower().lstrip(".") for name in no_proxy.split(",")]
    clouds = ("aliyuncs.com", "aliyun.com", "alibabacloud.com")
    return any(
        name == "*" or name.endswith(clouds) or (name and any(cloud.endswith(name) for cloud in clouds))
        for name in names
    )
