"""Every error that Rolemend raises.

RolemendError
├── SettingsError            settings missing or wrong, all of them in one message
├── NoCredentials            no credentials of an operator were found
├── GuardrailsError          guardrails.toml wrong, all mistakes in one message
├── SetupStopped            the account cannot be set up, or not be cleaned, as it is now
├── UnreadableInput          a file named on the command line that cannot be read
├── BadEvent                 a function was invoked with something that is no event of its triggers
├── RangeUnfinished          a range of a log that is too long for one invocation; what was read is kept
├── RecordRejected           one log record that cannot be read; kept aside, the batch goes on
├── AccountError             a call to the cloud account failed
│   ├── Refused              the account does not allow this call
│   ├── NotThere             what was asked for does not exist
│   ├── Unreachable          network, throttling or a fault of the service, after all tries
│   │   ├── AnswerLost       the request may have had its effect, and nobody can tell
│   │   └── Throttled        too many requests: when the next one may come
│   └── Conflict             somebody else changed it first
│       └── Displaced        what was written stands over what somebody else wrote
├── SignatureError           a signed value that is not believed
│   ├── SignatureWrong       it was not signed here, or was altered
│   └── SignatureExpired     it was signed too long ago
├── SignInRefused            Alibaba Cloud's answer does not prove that one of the operator's account signs in
├── SignInUnavailable        Alibaba Cloud's OAuth service does not answer
├── LinkRefused              a link of an alert that permits nothing, or nothing any more
└── LedgerError
    ├── LedgerDamaged        a journal whose hash chain is broken
    ├── UnknownIncident      no incident has this id
    ├── AlreadyDecided       a plan on which somebody decided before
    ├── NotApprovable        an incident without the plan that was to be decided on
    ├── NothingToTakeBack    a change that was never made, or does not stand
    ├── RoleBusy             another instance is changing the role
    └── LeaseLost            the time in which a role may be changed is over
"""

from __future__ import annotations


class RolemendError(Exception):
    """The root of the tree."""


class SettingsError(RolemendError):
    """Settings are missing or wrong; `problems` names each, once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__("Settings to correct: " + "; ".join(self.problems))


class NoCredentials(RolemendError):
    """A command needs an operator's credentials, and none were found."""


class GuardrailsError(RolemendError):
    """The guardrails cannot be used; `problems` names each mistake with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Guardrails to correct: " + "; ".join(problems))
        self.problems = problems


class SetupStopped(RolemendError):
    """The account is not in a state in which a setup may go on; nothing was changed for this reason."""


class UnreadableInput(RolemendError):
    """A file named on the command line cannot be read, or cannot be what it is taken for."""


class BadEvent(RolemendError):
    """An invocation payload that is none of the events a function is meant for."""


class RangeUnfinished(RolemendError):
    """A range of a log that takes more than one invocation; the rest is read when it is delivered again."""


class RecordRejected(RolemendError):
    """A record that cannot be read, and why."""


class AccountError(RolemendError):
    """A call failed: `operation` is the API, `code` the service's error code."""

    def __init__(self, operation: str, code: str, message: str, request_id: str = "") -> None:
        super().__init__(
            f"{operation}: {code}: {message}" + (f" (request {request_id})" if request_id else "")
        )
        self.operation = operation
        self.code = code
        self.message = message
        self.request_id = request_id


class Refused(AccountError):
    """The account does not allow this call to the role that made it."""


class NotThere(AccountError):
    """What was asked for does not exist."""


THROTTLED = (
    "throttling",
    "toomanyrequests",
    "requestratelimit",
    "quotaexceed",
    "flowcontrol",
    "resourcethrottled",
)
"""What the codes hold by which services say that there are too many requests, in lower case."""


class Unreachable(AccountError):
    """No usable answer after all tries: network, throttling, or a fault of the service."""

    @property
    def throttled(self) -> bool:
        """Whether the service refused it because there are too many requests: it surely had no effect."""
        code = self.code.lower()
        return code == "429" or any(word in code for word in THROTTLED)


class AnswerLost(Unreachable):
    """The request was sent and no answer came: it may have had its effect."""


class Throttled(Unreachable):
    """The other side took no more for now: `seconds` is how long it asks to be left alone."""

    def __init__(self, operation: str, code: str, message: str, seconds: float) -> None:
        super().__init__(operation, code, message)
        self.seconds = seconds


class Conflict(AccountError):
    """The object is no longer as it was read."""


class Displaced(Conflict):
    """What was written stands over a version that somebody made at the same moment, which was not put in force again.

    `version` is the one that stands.
    """

    def __init__(self, operation: str, message: str, version: str) -> None:
        super().__init__(operation, "Displaced", message)
        self.version = version


class SignatureError(RolemendError):
    """A signed value that is not believed."""


class SignatureWrong(SignatureError):
    """It was not signed here, or was altered."""


class SignatureExpired(SignatureError):
    """It was signed too long ago."""


class SignInRefused(RolemendError):
    """`reason` is `browser`, `provider`, `token`, `account` or `nobody`; the message is for the log.

    `user` is the id of who was proved, "" where nobody was.
    """

    def __init__(self, reason: str, message: str, user: str = "") -> None:
        super().__init__(f"sign-in refused: {message}")
        self.reason, self.user = reason, user


class SignInUnavailable(RolemendError):
    """The OAuth service does not answer, or not as it should."""


class LinkRefused(RolemendError):
    """`reason` is `unknown`, `expired`, `used`, `decided` or `changed`; the message is for the log.

    `stands` is the decision that stands on the plan, `approve` or `reject`; "" where that is not what refuses it.
    """

    def __init__(self, reason: str, message: str, stands: str = "") -> None:
        super().__init__(f"link refused: {message}")
        self.reason, self.stands = reason, stands


class LedgerError(RolemendError):
    """The ledger cannot be used."""


class LedgerDamaged(LedgerError):
    """A journal whose entries do not follow from each other."""


class UnknownIncident(LedgerError):
    """No incident has this id."""


class AlreadyDecided(LedgerError):
    """Somebody decided on this plan before, and that stands: `by` says who, `kind` is `approve` or `reject`, `link` is
    the link they used, "" if none."""

    def __init__(self, by: str, kind: str, link: str = "") -> None:
        done = "approved" if kind == "approve" else "rejected"
        super().__init__(
            f"this plan was {done} already ({by}); that decision stands, and no other is recorded"
        )
        self.by, self.kind, self.link = by, kind, link


class NotApprovable(LedgerError):
    """The incident has no such plan that waits for a decision."""


class NothingToTakeBack(LedgerError):
    """A change that was never made, or does not stand any more."""


class RoleBusy(LedgerError):
    """Another instance is changing the role."""


class LeaseLost(LedgerError):
    """The time in which a role may be changed is over, or another instance has it now."""
