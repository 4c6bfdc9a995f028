"""XML as OSS reads and writes it: small builders over strings, as a listing has thousands of elements."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from localcloud.oss.errors import OssError

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def text(name: str, value: object) -> str:
    """One element with escaped text; booleans as `true` and `false`."""
    plain = ("false", "true")[value] if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(plain)}</{name}>"


def node(name: str, *children: str) -> str:
    """One element around elements that are XML already."""
    return f"<{name}>{''.join(children)}</{name}>"


def document(root: str) -> bytes:
    return (_HEAD + root).encode("utf-8", "replace")


def parse(body: bytes) -> ElementTree.Element:
    """The root element of a request body; MalformedXML otherwise. Declarations of entities are refused."""
    if not body or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise malformed()
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise malformed() from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def child(element: ElementTree.Element, path: str, default: str = "") -> str:
    """The text under a path of element names, stripped."""
    return (element.findtext(path) or default).strip()


def flag(element: ElementTree.Element, path: str, default: bool = False) -> bool:
    """A boolean element; some clients write `True`. MalformedXML for anything else."""
    value = child(element, path).lower()
    if value not in ("", "true", "false"):
        raise malformed()
    return default if value == "" else value == "true"


def malformed() -> OssError:
    message = "The XML you provided was not well-formed or did not validate against our published schema."
    return OssError("MalformedXML", message, 400, ec="0031-00000001")


def iso_time(at: float) -> str:
    """As in listings: `2026-01-31T23:59:59.000Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http_time(at: float) -> str:
    return formatdate(at, usegmt=True)


def url_encoded(value: str) -> str:
    """A key as `encoding-type=url` wants it."""
    return quote(value, safe="", errors="surrogateescape")
