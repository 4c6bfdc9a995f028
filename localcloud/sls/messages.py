"""The protobuf messages of SLS, in a descriptor pool of their own: the SDK's may live in the same process.

Format: https://help.aliyun.com/zh/sls/developer-reference/api-reference-appendix-data-encoding . Texts are
declared as bytes, because clients may write anything and the service must say `InvalidEncoding` itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from localcloud.errors import CloudError

_FIELD = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "localcloud.sls"
_MESSAGES: dict[str, tuple[tuple[str, int, str, str], ...]] = {
    "Content": (("Key", 1, "required", "bytes"), ("Value", 2, "required", "bytes")),
    "Log": (
        ("Time", 1, "required", "uint32"),
        ("Contents", 2, "repeated", "Content"),
        ("Time_ns", 4, "optional", "fixed32"),
    ),
    "LogTag": (("Key", 1, "required", "bytes"), ("Value", 2, "required", "bytes")),
    "LogGroup": (
        ("Logs", 1, "repeated", "Log"),
        ("Reserved", 2, "optional", "bytes"),
        ("Topic", 3, "optional", "bytes"),
        ("Source", 4, "optional", "bytes"),
        ("MachineUUID", 5, "optional", "bytes"),
        ("LogTags", 6, "repeated", "LogTag"),
    ),
}
_SCALARS = {"bytes": _FIELD.TYPE_BYTES, "uint32": _FIELD.TYPE_UINT32, "fixed32": _FIELD.TYPE_FIXED32}
_LABELS = {
    "required": _FIELD.LABEL_REQUIRED,
    "optional": _FIELD.LABEL_OPTIONAL,
    "repeated": _FIELD.LABEL_REPEATED,
}


def _build_pool() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="localcloud/sls.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, label, kind in fields:
            field = message.field.add(name=field_name, number=number, label=_LABELS[label])
            if kind in _SCALARS:
                field.type = _SCALARS[kind]
            else:
                field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    pool: Any = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


_POOL: Any = _build_pool()
LogGroup: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.LogGroup"))
"""The message class of a log group; the pool is built at run time, so it has no static type."""

MAX_LOGS = 4096
MAX_GROUP = 5 * 1024 * 1024
MAX_VALUE = 1024 * 1024


def parse_group(data: bytes) -> Any:
    """A `LogGroup` from stored bytes, which were checked when they came."""
    group = LogGroup()
    group.ParseFromString(data)
    return group


def check_group(data: bytes) -> None:
    """Refuse a group that the service would not take; PutLogs' own error codes.

    Source: https://help.aliyun.com/zh/sls/developer-reference/api-putlogs
    """
    if len(data) > MAX_GROUP:
        raise _too_large()
    try:
        group = parse_group(data)
    except DecodeError as error:
        raise CloudError("PostBodyInvalid", "Protobuffer content cannot be parsed.", 400) from error
    if not group.IsInitialized() or not group.Logs:
        raise CloudError("PostBodyInvalid", "Protobuffer content cannot be parsed.", 400)
    if len(group.Logs) > MAX_LOGS:
        raise _too_large()
    _check_logs(group)


def _check_logs(group: Any) -> None:
    try:
        for text in (
            group.Topic,
            group.Source,
            *(part for tag in group.LogTags for part in (tag.Key, tag.Value)),
        ):
            text.decode()
        for log in group.Logs:
            if log.Time == 0:
                raise CloudError("InvalidTimestamp", "Invalid timestamps are in logs.", 400)
            for content in log.Contents:
                key, value = content.Key, content.Value
                if not key:
                    raise CloudError("InvalidKey", "Invalid keys are in logs.", 400)
                if len(value) > MAX_VALUE:
                    raise _too_large()
                key.decode()
                value.decode()
    except UnicodeDecodeError as error:
        raise CloudError("InvalidEncoding", "Non-UTF8 characters are in logs.", 400) from error


def _too_large() -> CloudError:
    text = f"Logs must be less than or equal to {MAX_GROUP >> 20} MB and {MAX_LOGS} entries, a value to 1 MB."
    return CloudError("PostBodyTooLarge", text, 400)


def encode_group(logs: Iterable[list[tuple[str, str]]], time: int, topic: str, source: str) -> bytes:
    """The encoded group of logs that all have the same time."""
    group = LogGroup(Topic=topic.encode(), Source=source.encode())
    for contents in logs:
        log = group.Logs.add(Time=time)
        for key, value in contents:
            log.Contents.add(Key=key.encode(), Value=value.encode("utf-8", "replace"))
    return bytes(group.SerializeToString())


def encode_tags(tags: dict[str, str]) -> bytes:
    """Tags to put behind an encoded group: concatenated protobuf messages are merged when they are read."""
    group = LogGroup()
    for key, value in tags.items():
        group.LogTags.add(Key=key.encode(), Value=value.encode())
    return bytes(group.SerializePartialToString())


def frame_groups(groups: Iterable[bytes]) -> bytes:
    """A `LogGroupList` of encoded groups, without decoding any: field 1, a length and the bytes, for each."""
    parts: list[bytes] = []
    for data in groups:
        parts += (b"\x0a", _varint(len(data)), data)
    return b"".join(parts)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


Row = dict[str, str]
"""One log as queries see it: its fields, and `__time__`, `__topic__`, `__source__`, `__tag__:<key>`."""


def group_fields(group: Any) -> Row:
    """The fields that all logs of a group share."""
    row = {"__topic__": group.Topic.decode(), "__source__": group.Source.decode()}
    for tag in group.LogTags:
        row[f"__tag__:{tag.Key.decode()}"] = tag.Value.decode()
    return row


def log_fields(log: Any, shared: Row, wanted: frozenset[bytes] | None = None) -> Row:
    """All fields of one log, or only the `wanted` ones of its own."""
    row = {**shared, "__time__": str(log.Time)}
    for content in log.Contents:
        key = content.Key
        if wanted is None or key in wanted:
            row[key.decode()] = content.Value.decode()
    return row
