"""Tags of buckets and objects.

Limits: https://www.alibabacloud.com/help/en/oss/user-guide/object-tagging-8
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from localcloud.oss.errors import OssError
from localcloud.oss.xml import node, parse, text

MOST_OBJECT_TAGS = 10
MOST_BUCKET_TAGS = 20
LONGEST_KEY = 128
LONGEST_VALUE = 256


def read_tag_header(value: str) -> dict[str, str]:
    """The header `x-oss-tagging`: `a=1&b=2`, URL-encoded."""
    return _checked(parse_qsl(value, keep_blank_values=True), MOST_OBJECT_TAGS)


def read_tag_body(body: bytes, most: int) -> dict[str, str]:
    """A `Tagging` document with at most `most` tags."""
    tags = parse(body).findall("TagSet/Tag")
    return _checked([(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in tags], most)


def tag_document(tags: dict[str, str]) -> str:
    return node(
        "Tagging", node("TagSet", *(node("Tag", text("Key", k), text("Value", v)) for k, v in tags.items()))
    )


def _checked(pairs: list[tuple[str, str]], most: int) -> dict[str, str]:
    wrong = any(not key or len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE for key, value in pairs)
    if wrong or len(pairs) > most or len(dict(pairs)) != len(pairs):
        raise OssError("InvalidTag", "The tag provided was not a valid tag.", 400)
    return dict(pairs)
