"""The embedded Alibaba Cloud: an HTTP forward proxy on loopback that answers the real SDKs.

Start it with `rolemend local up`, or inside a test with `localcloud.server.LocalCloud`. What is here, what is
simplified and what is missing stands in `docs/local-cloud.md`.
"""
