"""etcd as a store of keys and values, over the JSON gateway that each etcd server has."""

from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import aiohttp
from keyturn.adapters.keyvalue.client import Entry, KeyValueClient
from keyturn.domain.errors import StoreUnavailable

_FAULTS = {"mvcc: database space exceeded": "disk_full", "auth": "no_permission"}
"""What etcd says when it refuses, and the word of Keyturn for it."""


class EtcdClient(KeyValueClient):
    """Sends each operation as one transaction of etcd, which is linearizable: it goes through the leader."""

    failures = (aiohttp.ClientError, OSError, KeyError, ValueError)  # the last two: an answer that is not of etcd
    most_changes = 128  # etcd refuses more by default (--max-txn-ops)

    def __init__(self, url: str, *, connections: int) -> None:
        self._url = url
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        connector = aiohttp.TCPConnector(limit=self._connections)
        self._session = aiohttp.ClientSession(self._url, connector=connector, timeout=aiohttp.ClientTimeout(None))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, keys: Sequence[bytes]) -> Sequence[Entry]:
        answer = await self._post("txn", {"success": [{"request_range": {"key": _text(key)}} for key in keys]})
        return [each for response in answer["responses"] for each in _entries(response["response_range"])]

    async def range(self, start: bytes, end: bytes, *, limit: int) -> Sequence[Entry]:
        return _entries(await self._post("range", {"key": _text(start), "range_end": _text(end), "limit": limit}))

    async def commit(
        self, expected: Mapping[bytes, int], puts: Mapping[bytes, bytes], deletes: Collection[bytes]
    ) -> bool:
        changes: list[dict[str, Any]] = [{"request_delete_range": {"key": _text(key)}} for key in deletes]
        changes += [{"request_put": {"key": _text(key), "value": _text(value)}} for key, value in puts.items()]
        compare = [
            {"target": "MOD", "result": "EQUAL", "key": _text(key), "mod_revision": revision}
            for key, revision in expected.items()
        ]
        return "succeeded" in await self._post("txn", {"compare": compare, "success": changes})

    async def _post(self, operation: str, request: Mapping[str, object]) -> Any:
        """Return the answer. A request is sent once: nobody knows whether one without an answer was done."""
        if self._session is None:
            raise StoreUnavailable(text="the client of etcd is closed")
        async with self._session.post(f"/v3/kv/{operation}", json=request) as response:
            answer = await response.json(content_type=None)
            if response.status != 200:
                raise _refusal(str(answer.get("message", response.status)))
            return answer


def _refusal(says: str) -> StoreUnavailable:
    fault = next((fault for part, fault in _FAULTS.items() if part in says), "refused")
    return StoreUnavailable(text=f"etcd: {says}. See etcdctl endpoint status and etcdctl alarm list.", fault=fault)


def _text(octets: bytes) -> str:
    return b64encode(octets).decode()


def _entries(found: Mapping[str, Any]) -> list[Entry]:
    """Return the entries of an answer, which leaves out what is empty."""
    return [
        Entry(b64decode(each["key"]), b64decode(each.get("value", "")), int(each["mod_revision"]))
        for each in found.get("kvs", ())
    ]
