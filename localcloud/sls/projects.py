"""Projects. API: https://help.aliyun.com/zh/sls/developer-reference/api-createproject and its neighbours."""

from __future__ import annotations

import re
import time
from typing import Any

from localcloud.call import Reply
from localcloud.errors import CloudError
from localcloud.sls.request import SlsRequest, done, json_reply
from localcloud.sls.state import Project, SlsState

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_DESCRIPTION = re.compile(r"""[^<>'"\\]{0,512}""")
_RESERVED = ("logtail",)
_SETTINGS = ("resourceGroupId", "dataRedundancyType")


def add_project(
    state: SlsState, name: str, owner: str, region: str, now: float, description: str = ""
) -> Project:
    """A new project; its name must be free in all accounts and regions."""
    if not _NAME.fullmatch(name):
        raise CloudError("ParameterInvalid", f"Invalid project name: '{name}'", 400)
    if name in state.projects or name in _RESERVED:
        raise CloudError("ProjectAlreadyExist", f"Project {name} already exist", 400)
    created = int(now)
    project = Project(
        name=name,
        owner=owner,
        region=region,
        created=created,
        modified=created,
        description=_described(description),
    )
    state.projects[name] = project
    return project


def _described(text: Any) -> str:
    if text is None:
        return ""
    if not isinstance(text, str) or not _DESCRIPTION.fullmatch(text):
        raise CloudError("ParameterInvalid", f"Invalid project description: '{text}'", 400)
    return text


def create_project(request: SlsRequest) -> Reply:
    body = request.json_object()
    name = str(body.get("projectName", ""))
    project = add_project(
        request.cloud.state.sls,
        name,
        request.caller.account,
        request.call.region,
        request.now,
        body.get("description", ""),
    )
    project.settings = {key: body[key] for key in _SETTINGS if body.get(key)}
    return done()


def get_project(request: SlsRequest) -> Reply:
    return json_reply(_described_project(request.project, clock=True))


def list_projects(request: SlsRequest) -> Reply:
    """The caller's projects in this region whose names contain `projectName`."""
    offset, size = request.number("offset", 0, 1 << 31), request.number("size", 100, 500)
    part, about = request.call.argument("projectName"), request.call.argument("description")
    found = [
        project
        for name, project in sorted(request.cloud.state.sls.projects.items())
        if (project.owner, project.region) == (request.caller.account, request.call.region)
        and part in name
        and about in project.description
    ]
    page = [_described_project(project, clock=False) for project in found[offset : offset + size]]
    return json_reply({"count": len(page), "total": len(found), "projects": page})


def update_project(request: SlsRequest) -> Reply:
    project = request.project
    project.description = _described(request.json_object().get("description"))
    project.modified = int(request.now)
    return done()


def delete_project(request: SlsRequest) -> Reply:
    """The project goes with all its logstores."""
    del request.cloud.state.sls.projects[request.project.name]
    return done()


def _described_project(project: Project, *, clock: bool) -> dict[str, Any]:
    """GetProject writes times by the clock, ListProject in epoch seconds, both as text."""

    def stamp(seconds: int) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) if clock else str(seconds)

    return {
        "projectName": project.name,
        "status": "Normal",
        "owner": project.owner,
        "description": project.description,
        "region": project.region,
        "createTime": stamp(project.created),
        "lastModifyTime": stamp(project.modified),
        "resourceGroupId": project.settings.get("resourceGroupId", ""),
        "dataRedundancyType": project.settings.get("dataRedundancyType", "LRS"),
    }
