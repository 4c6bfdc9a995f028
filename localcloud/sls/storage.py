"""Shards and what is written to them."""

from __future__ import annotations

from localcloud.errors import CloudError
from localcloud.sls.state import FOREVER, Group, Logstore, Shard

_DAY = 24 * 60 * 60
_KEY_SPACE = 1 << 128
_LAST_KEY = "f" * 32


def make_shards(count: int, now: float) -> list[Shard]:
    """`count` shards that divide the key space evenly; positions start at the clock's nanoseconds."""
    bounds = [f"{_KEY_SPACE * i // count:032x}" for i in range(count)] + [_LAST_KEY]
    return [
        Shard(id=i, first=int(now * 1e9), created=int(now), begin_key=bounds[i], end_key=bounds[i + 1])
        for i in range(count)
    ]


def find_shard(logstore: Logstore, number: str, now: float) -> Shard:
    """A shard by the number in the path, without its expired groups; `ShardNotExist` if there is none."""
    shard = next((shard for shard in logstore.shards if str(shard.id) == number), None)
    if shard is None:
        raise CloudError("ShardNotExist", f"Shard {number} does not exist.", 400)
    expire(logstore, shard, now)
    return shard


def expire(logstore: Logstore, shard: Shard, now: float) -> None:
    """Forget the groups that are older than the logstore keeps them."""
    if logstore.ttl >= FOREVER or not shard.groups:
        return
    oldest = now - logstore.ttl * _DAY
    if shard.groups[0].received >= oldest:
        return
    kept = next((i for i, group in enumerate(shard.groups) if group.received >= oldest), len(shard.groups))
    del shard.groups[:kept]
    shard.first += kept


def write_group(logstore: Logstore, data: bytes, now: float, key: str | None = None) -> None:
    """Put an encoded group into the shard of a hash key, or into the next one in turn."""
    if key is None:
        shard = logstore.shards[logstore.next_shard % len(logstore.shards)]
        logstore.next_shard = (logstore.next_shard + 1) % len(logstore.shards)
    else:
        shard = _shard_of_key(logstore, key)
    expire(logstore, shard, now)
    received = max(int(now), shard.groups[-1].received if shard.groups else 0)
    shard.groups.append(Group(received, data))


def _shard_of_key(logstore: Logstore, key: str) -> Shard:
    wanted = key.lower().rjust(32, "0")
    if len(key) > 32 or not wanted.isascii() or not all(c in "0123456789abcdef" for c in wanted):
        raise CloudError(
            "ParameterInvalid", f"Invalid hash key {key}: it must be a 128-bit hexadecimal number.", 400
        )
    return next((shard for shard in logstore.shards if wanted < shard.end_key), logstore.shards[-1])
