"""A flood of logins, as a program: ``python -m tests.system.flood PORT LOGINS FIRST RATE``.

It opens so many connections, each from an address of its own in 127.0.0.0/8, and holds all of them. Before that, and
after it, it prints a line and waits for one. Then it sends a login on each, at ``RATE`` a second, and prints what came
back, as JSON. It stands for other machines, and takes no time of this one that somebody else wants.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

REFUSALS = (429, 503)

_AT_ONCE = 100
_NICENESS = 19
_PATIENCE_SECONDS = 60.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Flood:
    """What became of it; ``slowest_refusal`` is seconds."""

    statuses: Counter[str] = field(default_factory=Counter)
    slowest_refusal: float = 0.0
    without_time: int = 0


def wait_for_a_line() -> None:
    """Say that this program is ready for the next step, and let nothing happen until it is told to go on."""
    sys.stdout.write("\n")
    sys.stdout.flush()
    sys.stdin.readline()


def source(number: int) -> str:
    """Return an address of this machine."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def login(number: int) -> bytes:
    """Return a request that guesses a password of a name that nobody else tries."""
    body = json.dumps({"username": f"name-{number}", "password": "wrong wrong"}).encode()
    head = "POST /auth/login HTTP/1.1\r\nHost: keyturn\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def flood(port: int, logins: int, first: int, rate: float) -> Flood:
    """Connect, and send."""
    result = Flood()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def connect(number: int) -> Connection:
        async with gate:
            return await asyncio.open_connection("127.0.0.1", port, local_addr=(source(first + number), 0))

    async def one(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(number / rate)
        try:
            await _exchange(reader, writer, first + number, result)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            result.statuses[type(error).__name__] += 1
        finally:
            writer.close()

    wait_for_a_line()
    connections = await asyncio.gather(*map(connect, range(logins)))
    wait_for_a_line()
    await asyncio.gather(*(one(number, *streams) for number, streams in enumerate(connections)))
    return result


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, result: Flood) -> None:
    began = time.monotonic()
    writer.write(login(number))
    async with asyncio.timeout(_PATIENCE_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split()[1])
    result.statuses[str(status)] += 1
    if status in REFUSALS:
        result.slowest_refusal = max(result.slowest_refusal, time.monotonic() - began)
        result.without_time += b"\r\nretry-after: " not in head.lower()


if __name__ == "__main__":
    os.nice(_NICENESS)
    done = asyncio.run(flood(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.write(json.dumps(done.__dict__))
