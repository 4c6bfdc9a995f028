"""Text that stays text in each target. Whatever a name from a log holds, it opens no markup, link or mention. Pure.

The sentences of a message are inert already (`notify.message.inert`); this is the second wall, and the only one for
documents and their difference, which are written letter by letter elsewhere.
"""

from __future__ import annotations

import re

from rolemend.notify.message import inert, plain

_MARKDOWN = re.compile(r"([\\`*_\[\]#])|^([+-])", re.MULTILINE)
_ENTITIES = re.compile(r"[<>&|~=]")
_WIDE = str.maketrans(
    {
        "<": "\uff1c",
        ">": "\uff1e",
        "[": "\uff3b",
        "]": "\uff3d",
        "(": "\uff08",
        ")": "\uff09",
        "*": "\uff0a",
        "_": "\uff3f",
        "`": "\uff40",
        "#": "\uff03",
        "@": "\uff20",
        "~": "\uff5e",
        "|": "\uff5c",
    }
)


def dingtalk(value: str) -> str:
    """Markdown of DingTalk: a backslash takes a mark its meaning, an entity what older dialects know no backslash for.

    Blanks that begin a line stay as no-break spaces, as four of them would be code; a break is two blanks before it.
    A number that begins a line would be a list.
    """
    shown = _ENTITIES.sub(lambda mark: f"&#{ord(mark[0])};", _MARKDOWN.sub(r"\\\g<0>", inert(plain(value))))
    lines = [re.sub(r"^ +", lambda blanks: "\u00a0" * len(blanks[0]), line) for line in shown.split("\n")]
    return "  \n".join(re.sub(r"^(\d+)(?=\\?[.)])", "\\1\u200b", line) for line in lines)


def wecom(value: str) -> str:
    """Markdown of WeCom, which knows no way to take a mark its meaning: marks become their full-width twins.

    https://developer.work.weixin.qq.com/document/path/91770
    """
    return plain(value).translate(_WIDE)


def html(value: str) -> str:
    """HTML, in elements and in quoted attributes."""
    from html import escape

    return escape(plain(value), quote=True)


def fence(value: str) -> str:
    """A code fence that the text cannot close: longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", value)), default=0)
    return "`" * max(3, longest + 1)
