"""A cause's fix: the sentence, the fix itself or its steps, and the command that shows whether it helped."""

from __future__ import annotations

import msgspec

from rolemend.fix.forms import Forms, write
from rolemend.fix.model import ROLE, USER, Fix, Holder
from rolemend.fix.names import Names, policy_name
from rolemend.fix.render import steps_of
from rolemend.fix.steps import Block, Call, Command, OssCall, Steps
from rolemend.text import Text


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The fix is typed, or `calls` and `blocks` only look or ask where nothing more is known. `note` is what Terraform
    has nothing for."""

    what: Text
    console: tuple[Text, ...]
    risk: Text
    verify: str
    fix: Fix | None = None
    calls: tuple[Call | OssCall | Command, ...] = ()
    blocks: tuple[Block, ...] = ()
    note: str = ""
    faq: str = ""

    def forms(self) -> Forms:
        """The four forms, with this cause's own words."""
        steps = Steps(
            console=self.console, calls=self.calls, blocks=self.blocks, note=self.note, risk=self.risk
        )
        if self.fix is not None:
            steps = msgspec.structs.replace(steps_of(self.fix), console=self.console, risk=self.risk)
        return write(steps)


def list_path(names: Names) -> str:
    return f"hdfs dfs -ls {names.path}"


def call_again(names: Names) -> str:
    """The denied call itself."""
    service, _, action = names.action.partition(":")
    return f"aliyun {service} {action}"


def holder(names: Names) -> Holder:
    """Who was denied."""
    return Holder(USER, names.user) if names.by_user else Holder(ROLE, names.caller_role)


def person(names: Names) -> Holder:
    """Who was denied, where that is mostly a person: a user, unless a role is named."""
    named = names.by_user or names.caller_role != "YOUR_ROLE"
    return holder(names) if named else Holder(USER, names.user)


def named(names: Names, on: str) -> str:
    """A policy's name. Two identities get a policy each, so that neither is given what the other needs."""
    who = holder(names).name
    return policy_name("" if who.startswith("YOUR_") else who, on)
