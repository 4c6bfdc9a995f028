"""Which endpoint is the right one, where OSS says that a request went to the wrong one.

`HostId` is the host that was asked (https://help.aliyun.com/document_detail/32005.htm), `<Endpoint>` the one that OSS
sends the client to. In recorded answers the two differ and `<Endpoint>` is right; the example of the documentation
(https://help.aliyun.com/zh/oss/user-guide/0003-00001403) has it the other way round. So what was asked is looked for in
the rest of the text as well, and where nothing tells the two apart no endpoint is named.
"""

from __future__ import annotations

from rolemend.explain.names import Host, oss_host
from rolemend.explain.sighting import Sighting


def right_endpoint(error: Sighting) -> Host | None:
    """The endpoint to use, or None if the text does not tell."""
    named, asked = oss_host(error.endpoint), oss_host(error.host)
    if named is None:
        return None
    if asked is None:
        return named
    if named.region == asked.region:
        return None
    others = [
        host
        for host in map(oss_host, error.others)
        if host and host.endpoint not in (named.endpoint, asked.endpoint)
    ]
    if any(host.region == named.region for host in others):
        return asked
    return named
