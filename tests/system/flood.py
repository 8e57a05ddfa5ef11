"""A client that sends many logins: ``python -m tests.system.flood PORT LOGINS FIRST RATE``.

It opens ``LOGINS`` connections, each from its own address in 127.0.0.0/8. Then it sends one login on each, ``RATE`` a
second, and prints the results as JSON. Before each of the two steps it prints an empty line and waits for a line on its
input. It runs at the lowest priority, because it stands for other machines.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

_REFUSALS = (429, 503)

_AT_ONCE = 100
_NICENESS = 19
_TIMEOUT_SECONDS = 60.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Flood:
    """The results. ``slowest_refusal`` is in seconds; ``without_retry_after`` counts refusals without this header."""

    statuses: Counter[str] = field(default_factory=Counter)
    slowest_refusal: float = 0.0
    without_retry_after: int = 0


def wait_for_input() -> None:
    """Print a line, which says that this program is ready, and wait for a line that starts the next step."""
    sys.stdout.write("\n")
    sys.stdout.flush()
    sys.stdin.readline()


def source_address(number: int) -> str:
    """Return an address of this machine. Each number gives another one."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def login(number: int) -> bytes:
    """Return a login request with a wrong password and a username of its own."""
    body = json.dumps({"username": f"name-{number}", "password": "wrong wrong"}).encode()
    head = "POST /auth/login HTTP/1.1\r\nHost: keyturn\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def flood(port: int, logins: int, first: int, rate: float) -> Flood:
    """Open the connections, then send the logins. Wait for input before each step."""
    result = Flood()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def connect(number: int) -> Connection:
        async with gate:
            return await asyncio.open_connection("127.0.0.1", port, local_addr=(source_address(first + number), 0))

    async def send_one(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(number / rate)
        try:
            await _exchange(reader, writer, first + number, result)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            result.statuses[type(error).__name__] += 1
        finally:
            writer.close()

    wait_for_input()
    connections = await asyncio.gather(*map(connect, range(logins)))
    wait_for_input()
    await asyncio.gather(*(send_one(number, *streams) for number, streams in enumerate(connections)))
    return result


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, result: Flood) -> None:
    began = time.monotonic()
    writer.write(login(number))
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split()[1])
    result.statuses[str(status)] += 1
    if status in _REFUSALS:
        result.slowest_refusal = max(result.slowest_refusal, time.monotonic() - began)
        result.without_retry_after += b"\r\nretry-after: " not in head.lower()


if __name__ == "__main__":
    os.nice(_NICENESS)
    done = asyncio.run(flood(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.write(json.dumps(done.__dict__))
