"""The rows of the benchmark with their limits and aims."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from app.adapters.keys.directory import create_key_file

from . import cores, memory, servers
from .figures import Figure
from .laboratory import Laboratory, sum_of
from .operations import HASH, MANY_KEYS, MINT, MINT_AMONG_MANY_KEYS, SIGN, VALIDATE_NEW, VALIDATE_SEEN, VERIFY
from .rounds import Reading, Row

_JWKS: Final = "/.well-known/jwks.json"
_KIBIBYTE: Final = 1024.0

SIGNATURE: Final = "raw RSA-2048 signature"
VERIFICATION: Final = "raw verification"
HASH_AND_SIGNATURE: Final = "raw Argon2id + signature"
PLAIN_ROUTE: Final = "aiohttp route without guard"


@contextmanager
def rows(lab: Laboratory, *, few: int, many: int) -> Iterator[Sequence[Row]]:
    """Start the servers and yield the rows. Rotation is measured among ``few`` and among ``many`` sessions."""
    with (
        servers.service(servers.own_issuer()) as service,
        servers.service({"KEYTURN_ACCESS_LOG": "0"}) as without_access_log,
        servers.service({"KEYTURN_LOG_LEVEL": "warning"}) as silent,
        _many_keys() as keys,
        servers.service({"KEYTURN_KEYS_DIR": keys, "KEYTURN_KEY_ROTATION_PERIOD": "0"}) as with_many_keys,
        servers.routes(service, lab.jwk_set(service)) as (plain, guarded, remotely_guarded),
    ):
        access_tokens = lab.tokens(service, "access_token")
        unguarded_route = lab.gets("plain", plain, "/hello", access_tokens)
        yield [
            Row(
                name="POST /auth/refresh",
                probe=lab.refreshes("refresh", service),
                limit=lab.operation(SIGN, while_busy_as="refresh"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
                aim=0.75,
            ),
            Row(
                name="POST /auth/refresh, KEYTURN_ACCESS_LOG=0",
                probe=lab.refreshes("refresh, no access log", without_access_log),
                limit=lab.operation(SIGN, while_busy_as="refresh, no access log"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="POST /auth/refresh, KEYTURN_LOG_LEVEL=warning",
                probe=lab.refreshes("refresh, silent", silent),
                limit=lab.operation(SIGN, while_busy_as="refresh, silent"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="POST /oauth/token, client_credentials",
                probe=lab.client_credentials("client credentials", service),
                limit=lab.operation(SIGN, while_busy_as="client credentials"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="POST to a plain aiohttp route that signs",
                probe=lab.signatures("bare", plain),
                limit=lab.operation(SIGN, while_busy_as="bare"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="POST /auth/login",
                probe=lab.logins("login", service),
                limit=sum_of(lab.operation(HASH, while_busy_as="login"), lab.operation(SIGN, while_busy_as="login")),
                limit_name=HASH_AND_SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="POST /auth/login without its hash",
                probe=lab.logins_main_thread("login"),
                limit=lab.operation(SIGN, while_busy_as="login"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="GET of a guarded route",
                probe=lab.gets("guarded", guarded, "/hello", access_tokens),
                limit=unguarded_route,
                limit_name=PLAIN_ROUTE,
                reading=Reading.EXTRA,
            ),
            Row(
                name="GET of a route behind a remote guard",
                probe=lab.gets("remotely guarded", remotely_guarded, "/hello", access_tokens),
                limit=lab.gets("locally guarded", guarded, "/hello", access_tokens),
                limit_name="the same behind a local guard",
                reading=Reading.TIMES,
                aim=1.05,
            ),
            Row(
                name="GET /auth/me",
                probe=lab.gets("me", service, "/auth/me", access_tokens),
                limit=unguarded_route,
                limit_name=PLAIN_ROUTE,
                reading=Reading.TIMES,
            ),
            Row(
                name="GET /auth/me, KEYTURN_ACCESS_LOG=0",
                probe=lab.gets(
                    "me, no access log", without_access_log, "/auth/me", lab.tokens(without_access_log, "access_token")
                ),
                limit=unguarded_route,
                limit_name=PLAIN_ROUTE,
                reading=Reading.TIMES,
            ),
            Row(
                name="mint an access token",
                probe=lab.operation(MINT),
                limit=lab.operation(SIGN),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name=f"mint an access token among {MANY_KEYS} keys",
                probe=lab.operation(MINT_AMONG_MANY_KEYS),
                limit=lab.operation(MINT),
                limit_name="mint with one key",
                reading=Reading.TIMES,
                aim=1.05,
            ),
            Row(
                name=f"GET the JWK Set of {MANY_KEYS} keys",
                probe=lab.gets("many keys", with_many_keys, _JWKS, access_tokens),
                limit=lab.gets("one key", service, _JWKS, access_tokens),
                limit_name="GET the JWK Set of one key",
                reading=Reading.TIMES,
                aim=1.05,
            ),
            Row(
                name="validate a token not seen before",
                probe=lab.operation(VALIDATE_NEW),
                limit=lab.operation(VERIFY),
                limit_name=VERIFICATION,
                reading=Reading.TIMES,
                aim=3.0,
            ),
            Row(
                name="validate a token seen before",
                probe=lab.operation(VALIDATE_SEEN),
                limit=lab.operation(VERIFY),
                limit_name=VERIFICATION,
                reading=Reading.TIMES,
                cost_aim=5e-6,
            ),
            Row(
                name=f"rotate among {many:,} sessions",
                probe=lab.rotations(many, signed=True),
                limit=lab.rotations(few, signed=True),
                limit_name=f"rotate among {few:,}",
                reading=Reading.TIMES,
                aim=1.05,
            ),
            Row(
                name=f"rotate among {many:,}, without signatures",
                probe=lab.rotations(many, signed=False),
                limit=lab.rotations(few, signed=False),
                limit_name=f"rotate among {few:,}, without signatures",
                reading=Reading.TIMES,
            ),
            Row(
                name=f"{SIGNATURE}, other core idle",
                probe=lab.operation(SIGN),
                limit=lab.operation(SIGN, while_busy_as="refresh"),
                limit_name="the same while the client is busy",
                reading=Reading.TIMES,
            ),
        ]


@contextmanager
def _many_keys() -> Iterator[str]:
    """Yield a directory of ``MANY_KEYS`` keys, all of which are in the JWK Set."""
    newest = time.time() - 60
    with TemporaryDirectory() as folder:
        for each in range(MANY_KEYS):
            create_key_file(Path(folder), bits=2048, passphrase=None, activates_at=newest - each)
        yield folder


def memory_of_sessions(count: int) -> list[Figure]:
    """Return the memory of a session, measured with ``count`` sessions in new processes."""
    figures = []
    for measure, kind in ((memory.resident, "resident"), (memory.allocated, "allocated")):
        with cores.process_on(cores.MEASURED) as fresh:
            measured: Future[tuple[float, float]] = fresh.submit(measure, count)
            for state, size in zip(("signed in", "just rotated"), measured.result(), strict=True):
                figures.append(_memory_figure(f"session {state}, {kind} memory", size))
    return figures


def _memory_figure(name: str, size: float) -> Figure:
    ratio = size / _KIBIBYTE
    return Figure(
        name=name,
        unit="B",
        cost=size,
        limit=_KIBIBYTE,
        limit_name="1 KiB",
        reading=Reading.TIMES.name,
        ratio=ratio,
        low=ratio,
        high=ratio,
        aim=1.0,
    )
