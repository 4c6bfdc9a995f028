"""Consumer groups: who reads which shard, and how far.

API: https://help.aliyun.com/zh/sls/developer-reference/api-createconsumergroup and its neighbours.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from localcloud.call import Reply
from localcloud.errors import CloudError
from localcloud.sls.request import SlsRequest, done, json_reply
from localcloud.sls.state import Checkpoint, Consumer, ConsumerGroup, Logstore

_NAME = re.compile(r"[A-Za-z0-9_-]{2,128}")
MAX_GROUPS = 30
"""Consumer groups of a logstore: https://help.aliyun.com/zh/sls/product-overview/basic-resources"""


def create_consumer_group(request: SlsRequest) -> Reply:
    logstore, body = request.logstore, request.json_object()
    name, timeout = body.get("consumerGroup"), body.get("timeout")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not _is_count(timeout):
        raise CloudError("JsonInfoInvalid", "consumerGroup or timeout is of error format", 400)
    if name in logstore.groups:
        raise CloudError("ConsumerGroupAlreadyExist", "consumer group already exist", 400)
    if len(logstore.groups) >= MAX_GROUPS:
        raise CloudError(
            "ConsumerGroupQuotaExceed", f"consumer group count exceeds the quota of {MAX_GROUPS}", 400
        )
    logstore.groups[name] = ConsumerGroup(
        name=name, timeout=int(timeout or 0), order=bool(body.get("order", False))
    )
    return done()


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def list_consumer_groups(request: SlsRequest) -> Reply:
    groups = request.logstore.groups.values()
    return json_reply(
        [{"name": group.name, "timeout": group.timeout, "order": group.order} for group in groups]
    )


def update_consumer_group(request: SlsRequest) -> Reply:
    group, body = request.consumer_group, request.json_object()
    timeout = body.get("timeout", group.timeout)
    if not _is_count(timeout):
        raise CloudError("JsonInfoInvalid", "consumerGroup or timeout is of error format", 400)
    group.timeout, group.order = timeout, bool(body.get("order", group.order))
    return done()


def delete_consumer_group(request: SlsRequest) -> Reply:
    del request.logstore.groups[request.consumer_group.name]
    return done()


def heart_beat(request: SlsRequest) -> Reply:
    """The consumer tells the shards it holds and is told those it shall hold from now on.

    A shard changes hands only when its old consumer has let go of it or was silent for the group's timeout.
    """
    logstore, group, name = request.logstore, request.consumer_group, request.required("consumer")
    held = request.json_body()
    if isinstance(held, dict):
        held = held.get("shards", [])
    if not isinstance(held, list) or not all(isinstance(shard, int) for shard in held):
        raise CloudError("PostBodyInvalid", "The request body is not a list of shards.", 400)
    _drop_silent(group, request.now)
    if name not in group.consumers and held:
        text = "non-exist consumer with non-empty body of heartbeat message"
        raise CloudError("NotExistConsumerWithBody", text, 400)
    consumer = group.consumers[name] = Consumer(seen=request.now, held=held)
    group.owners = _balance(logstore, group)
    busy = {shard for other, each in group.consumers.items() if other != name for shard in each.held}
    given = [shard for shard, owner in group.owners.items() if owner == name and shard not in busy]
    # It may begin with them at once, so nobody else gets them before its next heartbeat.
    consumer.held = sorted({*held, *given})
    return json_reply(given)


def _drop_silent(group: ConsumerGroup, now: float) -> None:
    alive = {
        name: consumer for name, consumer in group.consumers.items() if now - consumer.seen <= group.timeout
    }
    group.consumers = alive
    group.owners = {shard: owner for shard, owner in group.owners.items() if owner in alive}


def _balance(logstore: Logstore, group: ConsumerGroup) -> dict[int, str]:
    """Spread the shards evenly and move few: each consumer keeps what it has, up to its share."""
    least, more = divmod(len(logstore.shards), len(group.consumers))
    load = dict.fromkeys(group.consumers, 0)
    owners: dict[int, str] = {}
    for shard in logstore.shards:
        owner = group.owners.get(shard.id)
        room = least + (1 if more else 0)
        if owner is not None and load[owner] < room:
            owners[shard.id] = owner
            load[owner] += 1
            more -= load[owner] > least
    for shard in logstore.shards:
        if shard.id not in owners:
            owner = min(load, key=lambda name: load[name])
            owners[shard.id] = owner
            load[owner] += 1
    return dict(sorted(owners.items()))


def update_checkpoint(request: SlsRequest) -> Reply:
    """A consumer may set the checkpoint of a shard it owns; anyone may with `forceSuccess`."""
    logstore, group, body = request.logstore, request.consumer_group, request.json_object()
    shard, cursor = body.get("shard"), body.get("checkpoint")
    if not isinstance(cursor, str) or not _is_base64(cursor):
        raise CloudError("InvalidShardCheckPoint", "shard checkpoint not encoded by base64", 400)
    if not isinstance(shard, int) or shard not in {each.id for each in logstore.shards}:
        raise CloudError("ShardNotExist", "shard not exist", 404)
    consumer = request.call.argument("consumer")
    if request.call.argument("forceSuccess", "false").lower() != "true":
        _drop_silent(group, request.now)
        if consumer not in group.consumers:
            raise CloudError("ConsumerNotExist", "consumer not exist in the consumer group", 404)
        if group.owners.get(shard) != consumer:
            raise CloudError("ConsumerNotMatch", "consumer does not own the shard", 400)
    group.checkpoints[shard] = Checkpoint(cursor=cursor, updated=int(request.now * 1e6), consumer=consumer)
    return done()


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True)) or not text
    except (binascii.Error, ValueError):
        return False


def get_checkpoints(request: SlsRequest) -> Reply:
    """The checkpoints of all shards, "" where none was set yet, or of one; none if it does not exist.

    The SDK's consumer library waits until its shard is in the list.
    """
    only, group = request.call.argument("shard"), request.consumer_group
    shards = [shard.id for shard in request.logstore.shards if only in ("", str(shard.id))]
    return json_reply([_described_point(group, shard) for shard in shards])


def _described_point(group: ConsumerGroup, shard: int) -> dict[str, Any]:
    point = group.checkpoints.get(shard) or Checkpoint(cursor="", updated=0)
    consumer = group.owners.get(shard, point.consumer)
    return {"shard": shard, "checkpoint": point.cursor, "updateTime": point.updated, "consumer": consumer}
