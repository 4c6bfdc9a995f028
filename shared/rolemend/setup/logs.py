"""Log projects with their logstores, and the trail that fills one of them."""

from __future__ import annotations

import msgspec

from rolemend.account.interface import Reading
from rolemend.setup.model import Right
from rolemend.setup.parts import MARK, Parts, State
from rolemend.text import Text, text


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project for the logs of one region."""

    account: str
    name: str
    region: str
    kind: str = "project"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        return parts.logs.project(self.name, self.region)

    def wanted(self, now: State | None) -> State:
        return {"description": now["description"] if now else self._description()}

    def _description(self) -> str:
        return f"{MARK}: the trail, and the logs of triggers and functions"

    def foreign(self, now: State) -> Text | None:
        if now["description"].startswith(MARK):
            return None
        return text(
            "It exists, and rolemend setup did not make it; name another one with ROLEMEND_TRAIL_PROJECT."
        )

    def make(self, parts: Parts) -> None:
        parts.logs.make_project(self.name, self.region, self._description())

    def change(self, parts: Parts, now: State) -> None:
        raise AssertionError("nothing of a project changes")

    def remove(self, parts: Parts) -> None:
        parts.logs.remove_project(self.name, self.region)

    def rights(self, verb: str) -> list[Right]:
        named = {"apply": ["log:CreateProject"], "destroy": ["log:DeleteProject"]}.get(verb, [])
        resource = f"acs:log:{self.region}:{self.account}:project/{self.name}"
        return [(action, resource) for action in ("log:GetProject", *named)]


class Logstore(msgspec.Struct, frozen=True, kw_only=True):
    """A logstore in one of our projects, searchable; it goes with the project."""

    account: str
    project: str
    region: str
    logstore: str
    days: int = 30
    kind: str = "logstore"
    part: bool = True

    @property
    def name(self) -> str:
        return f"{self.project}/{self.logstore}"

    def read(self, parts: Parts) -> Reading[State]:
        return parts.logs.logstore(self.project, self.region, self.logstore)

    def wanted(self, now: State | None) -> State:
        """Days that the user made longer stay."""
        return {"days": max(self.days, now["days"] if now else 0), "indexed": True}

    def foreign(self, now: State) -> Text | None:
        return None

    def make(self, parts: Parts) -> None:
        parts.logs.make_logstore(self.project, self.region, self.logstore, self.days)
        parts.logs.make_index(self.project, self.region, self.logstore)

    def change(self, parts: Parts, now: State) -> None:
        if now["days"] < self.days:
            parts.logs.set_days(self.project, self.region, self.logstore, self.days)
        if not now["indexed"]:
            parts.logs.make_index(self.project, self.region, self.logstore)

    def remove(self, parts: Parts) -> None:
        """It goes with its project."""

    def rights(self, verb: str) -> list[Right]:
        if verb == "destroy":
            return []
        project = f"acs:log:{self.region}:{self.account}:project/{self.project}"
        logstore = f"{project}/logstore/{self.logstore}"
        read = [("log:GetLogStore", logstore), ("log:GetIndex", logstore)]
        if verb == "plan":
            return read
        made = [("log:UpdateLogStore", logstore), ("log:CreateIndex", logstore)]
        return [*read, ("log:CreateLogStore", f"{project}/logstore/*"), *made]


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """A trail of every event, reads and failures included, and switched on: one made through the API is off.

    https://www.alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-createtrail
    """

    account: str
    region: str
    name: str
    project: str
    kind: str = "trail"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        return parts.trails.trail(self.name)

    def wanted(self, now: State | None) -> State:
        return {"events": "All", "regions": "All", "project": self.project, "logging": True}

    def foreign(self, now: State) -> Text | None:
        """A trail has no description: ours is the one into our project."""
        if now["project"] == self.project:
            return None
        return text("It exists and delivers to {project}: it is not ours.", project=now["project"] or "OSS")

    def make(self, parts: Parts) -> None:
        parts.trails.make_trail(self.name, self.project)
        parts.trails.start(self.name)

    def change(self, parts: Parts, now: State) -> None:
        if (now["events"], now["regions"]) != ("All", "All"):
            parts.trails.change_trail(self.name, self.project)
        if not now["logging"]:
            parts.trails.start(self.name)

    def remove(self, parts: Parts) -> None:
        parts.trails.remove_trail(self.name)

    def rights(self, verb: str) -> list[Right]:
        named = {"apply": ["CreateTrail", "UpdateTrail", "StartLogging"], "destroy": ["DeleteTrail"]}.get(
            verb, []
        )
        needed = [(f"actiontrail:{name}", "*") for name in ("DescribeTrails", *named)]
        return [*needed, ("ram:CreateServiceLinkedRole", "*")] if verb == "apply" else needed
