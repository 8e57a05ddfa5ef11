"""The client address of a request: only trusted proxies can change it."""

import gc
import tracemalloc
from ipaddress import IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.http.requests.client_address import ClientAddresses, client_address
from app.domain.network import network_of

from .conftest import Start

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PROXY, CLIENT = "10.0.0.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        (CLIENT, ["1.2.3.4"], CLIENT),
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"1.2.3.4, {CLIENT}"], CLIENT),
        (PROXY, ["1.2.3.4", CLIENT], CLIENT),
        (PROXY, [f"1.2.3.4, {CLIENT}, 10.9.9.9"], CLIENT),
        (PROXY, ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8::1]:443"], "2001:db8::1"),
        (PROXY, ["[2001:db8::1]"], "2001:db8::1"),
        (PROXY, ["2001:DB8:0::1"], "2001:db8::1"),
        (PROXY, ["2001:db8::1%eth0"], "2001:db8::1"),
        (PROXY, [f"::ffff:{CLIENT}"], CLIENT),
        (f"::ffff:{PROXY}", [CLIENT], CLIENT),
        ("fd00::1%2", [CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}, unknown"], PROXY),
        (PROXY, [f"{CLIENT}, unknown, 10.5.5.5"], "10.5.5.5"),
        (PROXY, [f"{CLIENT},"], PROXY),
        (PROXY, ["010.0.0.1"], PROXY),
        (PROXY, ["1.2.3"], PROXY),
        (PROXY, ["[2001:db8::1"], PROXY),
        (PROXY, [f'"{CLIENT}"'], PROXY),
        (PROXY, [f"for={CLIENT}"], PROXY),
        (PROXY, [f"{CLIENT}:http"], PROXY),
        (PROXY, [f"{CLIENT}:0"], CLIENT),
        (PROXY, [f"{CLIENT}:65535"], CLIENT),
        (PROXY, [f"{CLIENT}:65536"], PROXY),
        (PROXY, [f"{CLIENT}:0443"], PROXY),
        (PROXY, [f"{CLIENT}:{'9' * 40}"], PROXY),
        (PROXY, ["[2001:db8::1]443"], PROXY),
        (PROXY, ["[2001:db8::1]:"], PROXY),
        (PROXY, ["[2001:db8::1]:65536"], PROXY),
        (PROXY, ["\u0661.2.3.4"], PROXY),
        (PROXY, ["1" * 5_000], PROXY),
        (None, [CLIENT], ""),
        ("", [CLIENT], "unix:"),
        (PROXY, ["unix:"], PROXY),
        (PROXY, [f"{CLIENT}, unix:"], PROXY),
        ("@socket", [CLIENT], "@socket"),
    ],
)
def test_first_untrusted_hop(peer: str | None, lines: list[str], expected: str) -> None:
    """The client is the first untrusted hop from the right. An entry that is no address ends the search at the last
    trusted hop.
    """
    assert client_address(peer, lines, TRUSTED) == expected


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        ("", [], "unix:"),
        ("", [CLIENT], CLIENT),
        ("", [f"1.2.3.4, {CLIENT}"], CLIENT),
        ("", [f"{CLIENT}, {PROXY}"], CLIENT),
        ("", [f"{CLIENT}, unix:"], "unix:"),
        (CLIENT, ["1.2.3.4"], CLIENT),
        (None, [CLIENT], ""),
    ],
)
def test_trusted_proxy_at_a_unix_socket(peer: str | None, lines: list[str], expected: str) -> None:
    """With ``unix:`` among the trusted proxies, what connects to the socket says who its client is."""
    assert client_address(peer, lines, (*TRUSTED, "unix:")) == expected


hostile = st.lists(
    st.text(st.sampled_from('0123456789abcdef.:,[]% \t;="x'), max_size=60)
    | st.ip_addresses().map(str)
    | st.sampled_from([PROXY, CLIENT, "10.3.3.3, 10.4.4.4", "::ffff:10.0.0.1", "unknown", ""]),
    max_size=6,
)


@pytest.mark.proof("login")
@given(st.ip_addresses().filter(lambda peer: not any(peer in each for each in TRUSTED)), hostile)
def test_untrusted_peer_cannot_choose_its_address(peer: object, lines: list[str]) -> None:
    """Whatever an untrusted peer sends, the result is in its own network."""
    assert network_of(client_address(str(peer), lines, TRUSTED)) == network_of(str(peer))


@pytest.mark.proof("login")
@given(st.ip_addresses().filter(lambda each: not any(each in trusted for trusted in TRUSTED)), hostile, st.booleans())
def test_trusted_proxy_decides_the_address(client: object, lines: list[str], own_line: bool) -> None:  # noqa: FBT001
    """Whatever a client sends ahead, the proxy's own entry decides, appended to the last line or in one of its own."""
    sent = [*lines, str(client)] if own_line or not lines else [*lines[:-1], f"{lines[-1]}, {client}"]
    assert network_of(client_address(PROXY, sent, TRUSTED)) == network_of(str(client))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_headers_do_not_change_the_rate_limit(start: Start, header: str) -> None:
    """Without trusted proxies, all guesses count for the address of the connection."""
    service = await start()
    statuses = []
    for number in range(12):
        value = f"for=192.0.2.{number}" if header == "Forwarded" else f"192.0.2.{number}"
        body = {"username": "alice", "password": "wrong"}
        statuses.append((await service.ask("POST", "/auth/login", json=body, headers={header: value})).status)
    assert statuses == [401] * 10 + [429] * 2


async def test_clients_of_trusted_proxy_have_separate_rate_limits(start: Start) -> None:
    """The last entry of ``X-Forwarded-For`` is the client. Earlier entries and ``Forwarded`` are ignored. An IPv4
    address inside an address of a tunnel is the client, too.
    """
    service = await start(trusted_proxies=(ip_network("127.0.0.1"),))
    body = {"username": "alice", "password": "wrong"}

    async def guess(number: int, client: str) -> int:
        headers = {"X-Forwarded-For": f"192.0.2.{number}, {client}", "Forwarded": f"for=192.0.2.{number}"}
        return (await service.ask("POST", "/auth/login", json=body, headers=headers)).status

    assert [await guess(number, "203.0.113.1") for number in range(12)] == [401] * 10 + [429] * 2
    assert await guess(0, "203.0.113.2") == 401
    assert [await guess(number, f"2001:db8::{number}") for number in range(12)] == [401] * 10 + [429] * 2
    for tunnelled in ("::ffff:203.0.113.1", "2002:cb00:7101::1", "2001::34ff:8efe", "64:ff9b::203.0.113.1"):
        assert await guess(0, tunnelled) == 429
    assert [await guess(0, f"2002:c000:0207:{number}::1") for number in range(12)] == [401] * 10 + [429] * 2


@pytest.mark.parametrize("earlier_entries", ["", "192.0.2.1, " * 40], ids=["short header", "long header"])
async def test_sessions_show_client_address(start: Start, earlier_entries: str) -> None:
    """The list of sessions shows the address of the client."""
    service = await start(trusted_proxies=(ip_network("127.0.0.1"),))
    headers = {"X-Forwarded-For": earlier_entries + CLIENT}
    answer = await service.ask(
        "POST", "/auth/login", json={"username": "alice", "password": "correct horse"}, headers=headers
    )
    sessions = await service.ask("GET", "/auth/sessions", token=answer.json()["access_token"])
    assert [each["address"] for each in sessions.json()["sessions"]] == [str(ip_address(CLIENT))]


def test_a_header_is_compared_with_the_networks_once() -> None:
    """The second request with the same header costs no comparison of addresses and networks."""
    compared: list[object] = []

    class Watched(IPv4Network):
        def __contains__(self, address: object) -> bool:
            compared.append(address)
            return super().__contains__(address)

        def __hash__(self) -> int:
            raise AssertionError("the networks are part of no key")

    addresses = ClientAddresses([Watched("10.0.0.0/8")])
    assert addresses.find(PROXY, (CLIENT,)) == CLIENT
    assert compared
    compared.clear()
    assert addresses.find(PROXY, (CLIENT,)) == CLIENT
    assert not compared


@pytest.mark.parametrize("lines", [1, 4, 126], ids=str)
def test_what_clients_send_does_not_fill_the_memory(lines: int) -> None:
    """After 5,000 headers of 256 characters, on one line or on many, the cache has taken less than 6 MB. Each
    answer is right.
    """
    addresses = ClientAddresses(TRUSTED)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(5_000):
        header = f"{number:06d}".ljust(244 // lines * lines, "\N{GRINNING FACE}")
        length = len(header) // lines
        sent = (*(header[at : at + length] for at in range(0, len(header) - length, length)), CLIENT)
        assert addresses.find(PROXY, sent) == CLIENT
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 6_000_000
