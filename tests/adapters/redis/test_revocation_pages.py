"""Revocations are listed page by page."""

from collections.abc import Sequence

from app.adapters.redis import redis_keys
from app.contracts.sessions import LATER, NOW, revocations
from app.domain.identifiers import SessionId
from tests.servers.valkey import Valkey

from .conftest import OpenStore


def add(valkey: Valkey, shard: int, numbers: Sequence[int], *, at: float = LATER) -> set[SessionId]:
    """Add revocations to a shard."""
    ids = {SessionId(bytes([shard]) + number.to_bytes(15, "big")) for number in numbers}
    key = redis_keys.revocations(shard)
    for each in ids:
        valkey.execute("ZADD", key, repr(at), each)  # type: ignore[arg-type]  # bytes are sent as they are
    return ids


async def test_pages_have_every_revocation_of_a_second(valkey: Valkey, open_store: OpenStore) -> None:
    """2,300 sessions of one shard that were revoked at one moment are all listed, and those of other shards. The pages
    have at most 1,000 of one shard. Earlier ones are left out.
    """
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    added = add(valkey, 7, range(2_300)) | add(valkey, 3, range(5)) | add(valkey, 60, range(20), at=LATER + 1)
    add(valkey, 7, range(3_000, 3_010), at=NOW - 1)
    listed = await revocations(store.sessions, NOW)
    assert sorted(each.session_id for each in listed) == sorted(added)
    sizes, after = [], ""
    while (page := await store.sessions.list_revocations(NOW, after=after)).next is not None:
        sizes.append(len(page.revoked))
        after = page.next
    assert max(sizes) == 1_000
