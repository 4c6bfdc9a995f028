"""ACL and tags of objects.

Sources: https://www.alibabacloud.com/help/en/oss/developer-reference/putobjectacl ,
https://www.alibabacloud.com/help/en/oss/developer-reference/putobjecttagging .
"""

from __future__ import annotations

from localcloud.call import Reply
from localcloud.oss.access import refuse_public_acl
from localcloud.oss.errors import invalid_argument
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.objects import find_version
from localcloud.oss.state import Version
from localcloud.oss.stored import OBJECT_ACLS, check_acl
from localcloud.oss.tags import MOST_OBJECT_TAGS, read_tag_body, tag_document
from localcloud.oss.xml import node, text


def _version(x: Exchange) -> Version:
    return find_version(x, x.bucket, x.key, x.call.argument("versionId"))


def _headers(x: Exchange, version: Version) -> dict[str, str]:
    return {"x-oss-version-id": version.id} if x.bucket.versioning else {}


def put_object_acl(x: Exchange) -> Reply:
    acl = x.header("x-oss-object-acl")
    if not acl:
        raise invalid_argument(
            "x-oss-object-acl", acl, "no such object access control exists", "0017-00000105"
        )
    check_acl("x-oss-object-acl", acl, OBJECT_ACLS)
    refuse_public_acl(x, x.bucket, acl, "object")
    version = _version(x)
    version.acl = acl
    return Reply(200, _headers(x, version))


def get_object_acl(x: Exchange) -> Reply:
    version = _version(x)
    owner = node("Owner", text("ID", x.bucket.owner), text("DisplayName", x.bucket.owner))
    grant = node("AccessControlList", text("Grant", version.acl))
    return xml_reply(node("AccessControlPolicy", owner, grant), _headers(x, version))


def put_object_tagging(x: Exchange) -> Reply:
    x.check_body()
    tags = read_tag_body(x.call.body, MOST_OBJECT_TAGS)
    version = _version(x)
    version.tags = tags
    return Reply(200, _headers(x, version))


def get_object_tagging(x: Exchange) -> Reply:
    version = _version(x)
    return xml_reply(tag_document(version.tags), _headers(x, version))


def delete_object_tagging(x: Exchange) -> Reply:
    version = _version(x)
    version.tags = {}
    return Reply(204, _headers(x, version))
