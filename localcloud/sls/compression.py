"""Compressed bodies: an lz4 block without its size in front (that is a header), or zlib's deflate."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import lz4.block

from localcloud.errors import CloudError

if TYPE_CHECKING:
    from localcloud.call import Call

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request body, compressed or not: https://help.aliyun.com/zh/sls/developer-reference/error-codes"""


def read_body(call: Call) -> bytes:
    """The uncompressed body of a call, by its `x-log-compresstype` and `x-log-bodyrawsize`."""
    raw_size = _raw_size(call)
    kind = call.headers.get("x-log-compresstype", "").lower()
    if len(call.body) > MAX_BODY or raw_size > MAX_BODY:
        size = max(len(call.body), raw_size)
        raise CloudError("PostBodyTooLarge", f"Body size {size} must little than {MAX_BODY}.", 413)
    if kind == "":
        return call.body
    if kind not in ("lz4", "deflate", "gzip"):
        raise CloudError("ParameterInvalid", f"Http extend x-log-compresstype : {kind} pair is invalid.", 400)
    try:
        body = decompress_lz4(call.body, raw_size) if kind == "lz4" else _inflate(call.body, raw_size)
    except (zlib.error, lz4.block.LZ4BlockError, ValueError) as error:
        raise CloudError("PostBodyUncompressError", "Failed to decompress logs.", 400) from error
    if len(body) != raw_size:
        raise CloudError("PostBodyUncompressError", "Failed to decompress logs.", 400)
    return body


def _raw_size(call: Call) -> int:
    text = call.headers.get("x-log-bodyrawsize")
    if text is None:
        raise CloudError("MissingParameter", "Missing http extend header key : x-log-bodyrawsize.", 400)
    if not (text.isascii() and text.isdigit()):
        raise CloudError("ParameterInvalid", f"Http extend x-log-bodyrawsize : {text} pair is invalid.", 400)
    return int(text)


def _inflate(data: bytes, raw_size: int) -> bytes:
    """zlib or gzip framing, never more than was announced."""
    return zlib.decompressobj(wbits=47).decompress(data, raw_size + 1)


def decompress_lz4(data: bytes, raw_size: int) -> bytes:
    return bytes(lz4.block.decompress(data, uncompressed_size=raw_size)) if raw_size else b""


def compress_lz4(data: bytes) -> bytes:
    return bytes(lz4.block.compress(data, store_size=False))


def packed(call: Call, body: bytes) -> tuple[bytes, dict[str, str]]:
    """A body in the form the caller accepts, with the headers that say so."""
    headers = {"x-log-bodyrawsize": str(len(body))}
    if "lz4" in call.headers.get("accept-encoding", "") and body:
        headers["x-log-compresstype"] = "lz4"
        return compress_lz4(body), headers
    return body, headers
