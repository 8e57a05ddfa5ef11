"""The rows of GET requests: of the service, and of another application with a guard. None of them signs."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from app.adapters.keys.directory import create_key_file

from . import servers
from .laboratory import Laboratory
from .load import Server
from .operations import MANY_KEYS
from .rounds import Reading, Row

_JWKS: Final = "/.well-known/jwks.json"
_UNGUARDED: Final = "the same without a guard"
_PLAIN: Final = "plain aiohttp GET"

_LIVEZ_AIM: Final = 0.65
_ME_AIM: Final = 0.55
_GUARD_AIM: Final = 0.10


@contextmanager
def edge_rows(lab: Laboratory, service: Server, routes: tuple[Server, Server, Server]) -> Iterator[Sequence[Row]]:
    """Start the peer and a service with many keys. Yield the rows. ``routes`` are the applications of routes.py."""
    unguarded, guarded, remotely_guarded = routes
    with (
        servers.peer("plain") as peer,
        _many_keys() as keys,
        servers.service({"KEYTURN_KEYS_DIR": keys, "KEYTURN_KEY_ROTATION_PERIOD": "0"}) as with_many_keys,
        servers.service({"KEYTURN_ACCESS_LOG": "0"}) as without_access_log,
    ):
        access_tokens = lab.signed_in.access_tokens(service)
        plain = lab.gets(_PLAIN, peer, "/hello", access_tokens)
        others = lab.signed_in.access_tokens(without_access_log)
        yield [
            Row(
                name="GET /livez",
                probe=lab.gets("livez", service, "/livez", access_tokens),
                limit=plain,
                limit_name=_PLAIN,
                reading=Reading.SHARE,
                aim=_LIVEZ_AIM,
            ),
            Row(
                name="GET /auth/me",
                probe=lab.gets("me", service, "/auth/me", access_tokens),
                limit=plain,
                limit_name=_PLAIN,
                reading=Reading.SHARE,
                aim=_ME_AIM,
            ),
            Row(
                name="GET /auth/me, KEYTURN_ACCESS_LOG=0",
                probe=lab.gets("me, no access log", without_access_log, "/auth/me", others),
                limit=plain,
                limit_name=_PLAIN,
                reading=Reading.SHARE,
            ),
            Row(
                name="GET of a guarded route",
                probe=lab.gets("guarded", guarded, "/hello", access_tokens),
                limit=lab.gets("unguarded", unguarded, "/hello", access_tokens),
                limit_name=_UNGUARDED,
                reading=Reading.EXTRA,
                aim=_GUARD_AIM,
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
                name=f"GET the JWK Set of {MANY_KEYS} keys",
                probe=lab.gets("many keys", with_many_keys, _JWKS, access_tokens),
                limit=lab.gets("one key", service, _JWKS, access_tokens),
                limit_name="GET the JWK Set of one key",
                reading=Reading.TIMES,
                aim=1.05,
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
