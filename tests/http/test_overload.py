"""Overload: refusals at the door, pipelined requests, and clients that do not read."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.http.server import connection
from app.adapters.http.server.door import DOOR
from app.adapters.http.server.framing import UNKNOWN, KnownHead, is_whole_get, missing_bytes
from app.adapters.http.server.unread_output import UnreadOutput
from app.domain.sessions.refresh_room import RefreshRoom

from .conftest import Start
from .service import Service, Tokens

_ME: Final = b"GET /auth/me HTTP/1.1\r\nHost: x\r\n\r\n"
_POST: Final = b"POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def _refresh(token: str) -> bytes:
    body = b'{"refresh_token": "%b"}' % token.encode()
    return _POST + b"Content-Length: %d\r\n\r\n" % len(body) + body


class _Closed:
    """A room that is full: no doubtful token is read any more either."""

    def __init__(self, room: RefreshRoom) -> None:
        self._room = room
        self._places = ExitStack()

    def __enter__(self) -> None:
        while not self._room.queue.is_full():
            self._places.enter_context(self._room.queue.place())
        self._room._doubtful = 0.0

    def __exit__(self, *_: object) -> None:
        self._places.close()


@pytest.fixture
async def client(service: Service) -> AsyncIterator["Client"]:
    """Return a client with one connection."""
    client = Client(*await asyncio.open_connection(service.host, service.port))
    with closing(client.writer):
        yield client


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a request, and return the status, the headers and the body of the response."""
        self.writer.write(request)
        return await self.read()

    async def read(self) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the headers and the body of the next response."""
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(re.findall(r"(?m)^([^:\r\n]+): ([^\r\n]*)\r$", head))
            return int(head.split()[1]), headers, await self.reader.readexactly(int(headers["Content-Length"]))


async def test_the_door_answers_as_the_handler_does(service: Service, client: Client, tokens: Tokens) -> None:
    """A refusal before parsing and one after it have the same status, headers and text, except what is always new."""
    with _Closed(service.container.refresh_room()):
        at_the_door = await client.ask(_refresh(tokens.refresh))
        body = b'{"refresh_token": "%b"}' % tokens.refresh.encode()
        chunked = _POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        later = await client.ask(chunked)
    assert (at_the_door[0], at_the_door[1].keys()) == (503, later[1].keys())
    new = {"X-Request-Id", "Date", "Retry-After"}
    assert {k: v for k, v in at_the_door[1].items() if k not in new} == {
        k: v for k, v in later[1].items() if k not in new
    }
    ids = [each[1]["X-Request-Id"].encode() for each in (at_the_door, later)]
    assert at_the_door[2].replace(ids[0], ids[1]) == later[2]
    assert ids[0] != ids[1]


async def test_a_refusal_at_the_door_reaches_no_handler(
    service: Service, client: Client, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not even parsed, is counted with its path, and leaves the connection and the token as they were."""
    handled, counted = [], Counter[tuple[str, str]]()

    def refused(*, route: str, reason: str, number: int) -> None:
        counted[route, reason] += number

    monkeypatch.setattr(service.container.telemetry(), "requests_refused", refused)
    monkeypatch.setattr(connection.Connection, "is_pipelined", lambda _: handled.append(1))
    with _Closed(service.container.refresh_room()):
        statuses = [(await client.ask(_refresh(tokens.refresh)))[0] for _ in range(5)]
    assert (statuses, handled) == ([503] * 5, [])
    counted.update(service.app[DOOR].take_refused())  # a background task takes them every second
    assert counted == {("/auth/refresh", "door"): 5}
    assert (await client.ask(_refresh(tokens.refresh)))[0] == 200


async def test_a_replay_comes_in(service: Service, client: Client, tokens: Tokens) -> None:
    """A token that was just replaced passes a door that is closed to others, and gets its successor."""
    successor = await service.rotate(tokens)
    with _Closed(service.container.refresh_room()):
        status, _, body = await client.ask(_refresh(tokens.refresh))
        refused, _, _ = await client.ask(_refresh(successor.refresh))
    assert (status, refused) == (200, 503)
    assert successor.refresh.encode() in body


async def test_retry_after_varies(service: Service, client: Client, tokens: Tokens) -> None:
    """Clients that were refused do not all come back in the same second."""
    with _Closed(service.container.refresh_room()):
        answers = [await client.ask(_refresh(tokens.refresh)) for _ in range(8)]
    assert [each[1]["Retry-After"] for each in answers] == ["1", "2", "3", "4"] * 2


async def test_tokens_for_clients_are_refused_in_their_format(service: Service, client: Client) -> None:
    """The token endpoint refuses in the format of RFC 6749 §5.2. Client credentials have a queue of their own."""
    body = b"grant_type=client_credentials&client_id=a&client_secret=b"
    head = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with _Closed(service.container.refresh_room()):
        assert (await client.ask(request))[0] == 401
    queue = service.container.client_credentials_queue()
    with ExitStack() as places:
        while not queue.is_full():
            places.enter_context(queue.place())
        status, headers, answer = await client.ask(request)
    assert (status, headers["Cache-Control"]) == (503, "no-store")
    assert b'"error":"temporarily_unavailable"' in answer


@pytest.mark.parametrize("cut", [1, 20, 60, 150, -1])
async def test_a_request_in_parts_is_understood(service: Service, client: Client, tokens: Tokens, cut: int) -> None:
    """Wherever a request is cut, the parts before and after are one request, and the next response is the right one."""
    request = _refresh(tokens.refresh)
    with _Closed(service.container.refresh_room()):
        for _ in range(3):
            client.writer.write(request[:cut])
            await asyncio.sleep(0.02)
            assert (await client.ask(request[cut:]))[0] == 503
            assert (await client.ask(_ME))[0] == 401
            assert (await client.ask(request))[0] == 503


async def test_a_head_that_was_refused_is_known(
    service: Service, client: Client, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that tries again with the same head is refused without its head being read once more."""
    read: list[bytes] = []

    def missing(chunk: bytes) -> int:
        read.append(chunk)
        return missing_bytes(chunk)

    monkeypatch.setattr(connection, "missing_bytes", missing)
    with _Closed(service.container.refresh_room()):
        statuses = [(await client.ask(_refresh(tokens.refresh)))[0] for _ in range(3)]
    assert (statuses, len(read)) == ([503] * 3, 1)


async def test_a_known_head_says_nothing_of_other_requests(service: Service, client: Client, tokens: Tokens) -> None:
    """A part of a request, or a request and more, is no repetition of one that was refused, though its head is."""
    request = _refresh(tokens.refresh)
    with _Closed(service.container.refresh_room()):
        assert (await client.ask(request))[0] == 503
        client.writer.write(request[:-1])
        await asyncio.sleep(0.02)
        assert (await client.ask(request[-1:]))[0] == 503
        assert (await client.ask(request + _ME))[0] == 503
        assert (await client.read())[0] == 401
        assert (await client.ask(_ME))[0] == 401


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_only_a_whole_request_repeats_a_head(one: bytes, other: bytes) -> None:
    """What is taken for a repetition is one whole request, whatever the body holds."""
    head = _POST + b"Content-Length: %d\r\n\r\n" % len(one)
    known = KnownHead()
    known.remember(head + one)
    assert known.is_repeated_by(head + one)
    assert known.is_repeated_by(head + other) == (missing_bytes(head + other) == 0)


def test_no_long_head_is_kept() -> None:
    """A connection keeps at most a kibibyte of the request that was refused, and at first nothing."""
    known = KnownHead()
    request = _POST + b"X: %b\r\n\r\n" % (b"x" * 1_024)
    known.remember(request)
    assert not known.is_repeated_by(request)


async def test_the_body_of_a_get_request_is_not_answered(service: Service, client: Client, tokens: Tokens) -> None:
    """The head of a GET request is not read at the door. Its body gets no answer, though it looks like a refresh."""
    inner = _refresh(tokens.refresh)
    head = b"GET /auth/me HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner)
    with _Closed(service.container.refresh_room()):
        assert (await client.ask(head))[0] == 401
        client.writer.write(inner)
        await asyncio.sleep(0.02)
        assert (await client.ask(_ME))[0] == 401
        assert (await client.ask(head + inner))[0] == 401
        assert (await client.ask(_ME))[0] == 401


@pytest.mark.parametrize(
    ("chunk", "is_whole"),
    [(_ME, True), (_ME[:-1], False), (_ME + _ME, False), (_ME + b"x", False), (_POST + b"\r\n", False)],
)
def test_whole_get_requests(chunk: bytes, is_whole: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Only a chunk that is exactly one head of a GET request is one."""
    assert is_whole_get(chunk) is is_whole


async def test_a_request_inside_another_is_not_answered(service: Service, client: Client, tokens: Tokens) -> None:
    """A chunk that looks like a refresh, and is a part of a head or of a body, gets no answer of its own."""
    inner = _refresh(tokens.refresh)
    with _Closed(service.container.refresh_room()):
        client.writer.write(b"GET /auth/me HTTP/1.1\r\nHost: x\r\nX-Part: ")
        await asyncio.sleep(0.02)
        assert (await client.ask(inner))[0] in (400, 401)  # the rest of the head, and its body
        client.writer.close()
        other = Client(*await asyncio.open_connection(service.host, service.port))
        with closing(other.writer):
            other.writer.write(b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner))
            await asyncio.sleep(0.02)
            assert (await other.ask(inner))[0] == 415
            assert (await other.ask(_ME))[0] == 401


FRAMES: Final = {
    "a whole request": (_ME, 0),
    "a request with a body": (_POST + b"Content-Length: 3\r\n\r\nabc", 0),
    "a part of a body": (_POST + b"Content-Length: 3\r\n\r\na", 2),
    "a part of a head": (_ME[:-2], UNKNOWN),
    "two requests": (_ME + _ME, UNKNOWN),
    "more than its body": (_POST + b"Content-Length: 3\r\n\r\nabcd", UNKNOWN),
    "chunked": (_POST + b"Transfer-Encoding: chunked\r\n\r\n", UNKNOWN),
    "two lengths": (_POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", UNKNOWN),
    "another spelling": (_POST + b"CONTENT-LENGTH:  3 \r\n\r\nabc", 0),
    "a space before the colon": (_POST + b"Content-Length : 3\r\n\r\nabc", UNKNOWN),
    "a sign": (_POST + b"Content-Length: +3\r\n\r\nabc", UNKNOWN),
    "a folded line": (_POST + b"X: 1\r\n Content-Length: 3\r\n\r\n", UNKNOWN),
    "a large number": (_POST + b"Content-Length: 99999999999\r\n\r\n", UNKNOWN),
    "an upgrade": (_POST + b"Upgrade: h2c\r\n\r\n", UNKNOWN),
    "the last request": (_POST + b"Connection: close\r\n\r\n", UNKNOWN),
    "a lone line feed": (_POST + b"X: 1\nContent-Length: 3\r\n\r\nabc", UNKNOWN),
    "a lone line feed at the end": (_POST + b"X: 1\nContent-Length: 3\r\n\r\n", UNKNOWN),
    "nothing": (b"", UNKNOWN),
}


@pytest.mark.parametrize(("chunk", "missing"), FRAMES.values(), ids=FRAMES)
def test_where_a_request_ends(chunk: bytes, missing: int) -> None:
    """What is not surely one whole request is left to the HTTP parser."""
    assert missing_bytes(chunk) == missing


async def test_pipelined_requests_are_served_in_turns(service: Service, client: Client) -> None:
    """Requests that come together all get their responses, in their order, and a request of another client that comes
    later does not wait for them.
    """
    many = [await asyncio.open_connection(service.host, service.port) for _ in range(40)]
    others = [Client(*each) for each in many]
    document = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    served = [0]

    async def read(other: Client) -> None:
        for _ in range(20):
            assert (await other.read())[0] == 200
            served[0] += 1

    for other in others:
        other.writer.write(document * 20)
    reading = [asyncio.create_task(read(other)) for other in others]
    assert (await client.ask(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
    assert served[0] < 400
    await asyncio.gather(*reading)
    for other in others:
        other.writer.close()


async def test_a_client_that_does_not_read_is_cut(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is begun for a client that has not read what it got, and its connection ends."""
    monkeypatch.setattr(connection, "UnreadOutput", lambda: UnreadOutput(seconds=0.5))
    service = await start()
    _, writer = await asyncio.open_connection(service.host, service.port, limit=1)
    with closing(writer):
        async with asyncio.timeout(20):
            with pytest.raises(ConnectionError):
                await _send_without_end(writer)


async def _send_without_end(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        await writer.drain()
        await asyncio.sleep(0.01)


async def test_the_output_that_nobody_reads_is_bounded() -> None:
    """Beyond the bound those are cut first that have not read for the longest time."""
    unread = UnreadOutput(seconds=100, max_bytes=25)
    transports: list[Any] = [_Transport() for _ in range(4)]
    for each in transports[:3]:
        unread.add(each)
    assert [each.aborted for each in transports] == [True, False, False, False]
    unread.remove(transports[1])
    unread.add(transports[3])
    assert [each.aborted for each in transports] == [True, False, False, False]
    unread.cut_after(0)
    assert [each.aborted for each in transports] == [True, False, True, True]


class _Transport:
    aborted = False

    def get_write_buffer_size(self) -> int:
        return 10

    def abort(self) -> None:
        self.aborted = True
