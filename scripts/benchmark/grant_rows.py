"""The rows of requests that issue tokens, against the memory, apart from the refresh."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from . import servers
from .laboratory import Laboratory, sum_of
from .load import Server
from .operations import HASH, SIGN
from .rounds import Probe, Reading, Row
from .store_rows import SIGNATURE

_HASH_AND_SIGNATURE: Final = "raw Argon2id + signature"

_CLIENTS: Final = "POST /oauth/token, client_credentials"
_WITHOUT_ACCESS_LOG: Final = "POST /auth/refresh, KEYTURN_ACCESS_LOG=0"
_SILENT: Final = "POST /auth/refresh, KEYTURN_LOG_LEVEL=warning"
_PLAIN: Final = "POST to a plain aiohttp route that signs"

_CLIENTS_AIM: Final = 0.72
"""A share of the rate of signing alone."""


@contextmanager
def grant_rows(lab: Laboratory, service: Server, plain: Server) -> Iterator[Sequence[Row]]:
    """Start services with other settings. Yield the rows of these, of ``service`` and of the plain aiohttp route."""
    with (
        servers.service({"KEYTURN_ACCESS_LOG": "0"}, sessions=range(lab.sessions)) as without_access_log,
        servers.service({"KEYTURN_LOG_LEVEL": "warning"}, sessions=range(lab.sessions)) as silent,
        servers.service(servers.DEFAULT_HASH) as signing_in,
    ):
        yield [
            _row(lab, _CLIENTS, lab.client_credentials(_CLIENTS, service), aim=_CLIENTS_AIM),
            _row(lab, _WITHOUT_ACCESS_LOG, lab.refreshes(_WITHOUT_ACCESS_LOG, without_access_log)),
            _row(lab, _SILENT, lab.refreshes(_SILENT, silent)),
            _row(lab, _PLAIN, lab.signatures(_PLAIN, plain)),
            Row(
                name="POST /auth/login",
                probe=lab.logins("login", signing_in),
                limit=sum_of(lab.operation(HASH, while_busy_as="login"), lab.operation(SIGN, while_busy_as="login")),
                limit_name=_HASH_AND_SIGNATURE,
                reading=Reading.SHARE,
            ),
            Row(
                name="POST /auth/login without its hash",
                probe=lab.logins_main_thread("login"),
                limit=lab.operation(SIGN, while_busy_as="login"),
                limit_name=SIGNATURE,
                reading=Reading.SHARE,
            ),
        ]


def _row(lab: Laboratory, line: str, probe: Probe, *, aim: float | None = None) -> Row:
    """Return a row that compares the requests of a line with a signature."""
    return Row(
        name=line,
        probe=probe,
        limit=lab.operation(SIGN, while_busy_as=line),
        limit_name=SIGNATURE,
        reading=Reading.SHARE,
        aim=aim,
        by_rate=True,
    )
