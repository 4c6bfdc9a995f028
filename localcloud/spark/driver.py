"""What a job run does: it reads its entry point and inputs, and writes its outputs as Spark's committer does.

A job's program is not run. By the convention of the local cloud, `--input oss://…` (and any other `oss://`
argument) is listed and read, and `--output oss://…` is written; `--input` and `--output` may also name tables
(`dlf://catalog/database/table`, `odps://project/table`). The committer's use of object versions:
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/grant-permissions-to-access-oss-or-oss-hdfs
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.errors import Unsupported
from localcloud.spark import lake, maxcompute
from localcloud.spark.failure import JobFailure
from localcloud.spark.parameters import invalid
from localcloud.spark.paths import OssPath, parse_path
from localcloud.spark.tables import LakeTable, Table, parse_table

if TYPE_CHECKING:
    from localcloud.spark.acting import Acting
    from localcloud.spark.storage import Storage

_FILE_OPTIONS = ("--jars", "--py-files", "--files", "--archives")
_OTHER_STORE = re.compile(r"(?:odps|maxcompute|dlf|hdfs|s3a?|jfs)://", re.IGNORECASE)
_OTHER_CONF = re.compile(r"odps|maxcompute|dlf\.", re.IGNORECASE)
_TASK = "_temporary/0/task_0000/part-00000.txt"


@dataclass(frozen=True, slots=True)
class JobPlan:
    """The OSS paths and the tables of a job.

    `files` (entry point, jars) are read, `inputs` are listed and read, `outputs` are written.
    """

    files: list[OssPath] = field(default_factory=list)
    inputs: list[OssPath] = field(default_factory=list)
    outputs: list[OssPath] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def plan_job(request: dict[str, Any], region: str) -> JobPlan:
    """Read a StartJobRun body. Raises InvalidParameter, or Unsupported for what is not simulated."""
    if request.get("codeType") == "SQL":
        raise Unsupported("spark", "StartJobRun with codeType SQL (it needs a catalog)")
    driver = request.get("jobDriver")
    submit = driver.get("sparkSubmit") if isinstance(driver, dict) else None
    if not isinstance(submit, dict) or not isinstance(submit.get("entryPoint"), str):
        raise invalid("jobDriver.sparkSubmit.entryPoint")
    arguments = submit.get("entryPointArguments") or []
    if not isinstance(arguments, list) or not all(isinstance(argument, str) for argument in arguments):
        raise invalid("jobDriver.sparkSubmit.entryPointArguments")
    plan = JobPlan()
    for text in (submit["entryPoint"], *_submitted_files(str(submit.get("sparkSubmitParameters") or ""))):
        if text.startswith("oss://"):
            plan.files.append(_path(text, region))
    for option, text in _options(arguments):
        if text.startswith("oss://"):
            (plan.outputs if option == "--output" else plan.inputs).append(_path(text, region))
        elif (table := parse_table(text, write=option == "--output")) is not None:
            plan.tables.append(table)
        elif option in ("--input", "--output") or _OTHER_STORE.match(text):
            raise Unsupported("spark", f"StartJobRun with the path {text[:100]}")
    return plan


def _path(text: str, region: str) -> OssPath:
    path = parse_path(text, region)
    if path is None:
        raise Unsupported("spark", f"StartJobRun with the path {text[:100]}")
    return path


def _options(arguments: list[str]) -> list[tuple[str, str]]:
    """Arguments as (option, value); a value without an option has the option ""."""
    found, option = [], ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if argument.startswith("--") and equals:
            found.append((name, value))
            option = ""
        elif argument.startswith("--"):
            option = argument
        else:
            found.append((option, argument))
            option = ""
    return found


def _submitted_files(parameters: str) -> list[str]:
    """The files that spark-submit parameters name (`--jars a,b`)."""
    try:
        words = shlex.split(parameters)
    except ValueError as error:
        raise invalid("jobDriver.sparkSubmit.sparkSubmitParameters") from error
    files: list[str] = []
    for option, value in _options(words):
        if option in _FILE_OPTIONS:
            files += value.split(",")
        if option == "--conf" and _OTHER_CONF.search(value.partition("=")[0]):
            raise Unsupported("spark", f"StartJobRun with {value.partition('=')[0]}")
    return files


async def run_plan(storage: Storage, acting: Acting, plan: JobPlan) -> list[str]:
    """Do the job and return its lines of standard output. Raises JobFailure."""
    lines = []
    for path in plan.files:
        content = await storage.read(path)
        lines.append(f"loaded {path} ({len(content)} bytes)")
    size = 0
    for path in plan.inputs:
        size += await _read_input(storage, path)
        lines.append(f"read {path}")
    for path in plan.outputs:
        await _write_output(storage, path, f"{size}\n".encode())
        lines.append(f"wrote {path}")
    return [*lines, *(_use(acting, table) for table in plan.tables)]


def _use(acting: Acting, table: Table) -> str:
    if isinstance(table, LakeTable):
        return lake.use_table(acting, table)
    return maxcompute.use_table(acting, table)


async def _read_input(storage: Storage, path: OssPath) -> int:
    """Read everything below a path; the number of bytes."""
    keys = await storage.list_keys(path)
    if not keys:
        text = f"org.apache.spark.sql.AnalysisException: [PATH_NOT_FOUND] Path does not exist: {path}."
        raise JobFailure("PATH_NOT_FOUND", text)
    size = 0
    for key in keys:
        size += len(await storage.read(OssPath(path.host, path.bucket, key)))
    return size


async def _write_output(storage: Storage, path: OssPath, content: bytes) -> None:
    """Write through `_temporary`, commit, and clear it by version, which is done without versioning too."""
    temporary = path.child("_temporary/")
    await storage.write(path.child(_TASK), content)
    await storage.list_keys(temporary)
    await storage.write(path.child("part-00000.txt"), content)
    for key, version in await storage.list_versions(temporary):
        await storage.delete(OssPath(path.host, path.bucket, key), version)
    await storage.delete(temporary)
    await storage.write(path.child("_SUCCESS"), b"")
