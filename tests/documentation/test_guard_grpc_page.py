"""The page on the guard for gRPC: its programs run."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
import grpc.aio
import pytest

import app.guard.grpc
from app.testing import TestIssuer

from .console import ROOT

PAGE: Final = (ROOT / "docs/guard-grpc.md").read_text()
_SERVER, _CLIENT, _STREAM = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
_OTHERS: Final = {"add_OrdersServicer_to_server"}


def test_a_guard_takes_five_lines() -> None:
    """The first program has at most five lines about the guard."""
    assert len(re.findall(r"(?m)^.*(?:keyturn|guard|requires|principal).*$", _SERVER)) <= 5


async def test_the_programs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of the page gets its orders from the server of the page, a stranger does not, and the stream ends
    with its session.
    """
    issuer = TestIssuer(audience="orders")

    def make(*, issuer: str, audience: str, public: list[str]) -> Any:
        assert (issuer, audience) == ("http://127.0.0.1:8080", "orders")
        return testing.grpc_guard(public=public)

    testing = issuer
    monkeypatch.setattr(app.guard.grpc, "remote_guard", make)
    names: dict[str, Any] = {"asyncio": asyncio, "AsyncIterator": AsyncIterator}
    names["while_valid"] = app.guard.grpc.while_valid
    exec((_SERVER + _CLIENT + _STREAM).replace("keyturn.", "app."), names)  # noqa: S102  # programs of the page
    server = names["create_server"]()
    ticks: dict[str, Any] = {"Ticks": grpc.unary_stream_rpc_method_handler(names["ticks"])}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("orders.More", ticks),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        token = issuer.token("alice", scope="orders:read")
        assert await names["orders_of_alice"](channel, token) == b"orders of alice"
        for refused, code in ((issuer.token(), "PERMISSION_DENIED"), (issuer.expired_token(), "UNAUTHENTICATED")):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await names["orders_of_alice"](channel, refused)
            assert error.value.code() == grpc.StatusCode[code]
        stream: Any = channel.unary_stream("/orders.More/Ticks")
        call = stream(b"", metadata=tuple(("authorization", f"Bearer {each}") for each in [token]), timeout=60)
        assert await call.read() == b"tick"
        issuer.revoke(token)
        assert await call.code() == grpc.StatusCode.UNAUTHENTICATED
    await server.stop(None)


def test_named_functions_exist() -> None:
    """Each function that the page names exists, and the statuses are those of gRPC."""
    named = set(re.findall(r"`(?:await |guard\.)*(\w+)\(", PAGE)) - _OTHERS
    known = {*dir(app.guard.grpc), *dir(app.guard.grpc.GrpcGuard)}
    assert named <= known, named - known
    for status in re.findall(r"(?m)^\| `([A-Z_]+)`", PAGE):
        assert status in grpc.StatusCode.__members__
