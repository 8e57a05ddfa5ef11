"""The rows of a store: refreshes with one worker and with two."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from app.adapters.keys.directory import create_key_file

from . import cores, servers
from .laboratory import Laboratory
from .operations import SIGN
from .rounds import Reading, Row
from .stores import STORES
from .suite import SIGNATURE

_AIMS: Final = {"valkey": 0.5}
"""Shares of the rate of signing alone."""

_TWO_WORKERS_AIM: Final = 1.7


@contextmanager
def store_rows(lab: Laboratory, store: str) -> Iterator[Sequence[Row]]:
    """Start the store and the services on it. Yield the rows."""
    with STORES[store]() as settings, servers.key_directory() as keys:
        create_key_file(keys, bits=2048, passphrase=None, activates_at=0.0)
        shared = {**settings, "KEYTURN_KEYS_DIR": str(keys)}
        both = (cores.MEASURED, cores.DRIVING)
        with servers.service(shared) as one, servers.service({**shared, "KEYTURN_WORKERS": "2"}, on=both) as two:
            alone = lab.refreshes(f"refresh on {store}", one)
            together = lab.refreshes(f"refresh on {store}, two workers", two)
            yield [
                Row(
                    name=f"POST /auth/refresh on {store}",
                    probe=alone,
                    limit=lab.operation(SIGN, while_busy_as=f"refresh on {store}"),
                    limit_name=SIGNATURE,
                    reading=Reading.SHARE,
                    aim=_AIMS.get(store),
                ),
                Row(
                    name=f"POST /auth/refresh on {store}, two workers",
                    probe=together,
                    limit=lab.operation(SIGN, while_busy_as=f"refresh on {store}, two workers"),
                    limit_name=SIGNATURE,
                    reading=Reading.SHARE,
                    aim=_AIMS.get(store),
                ),
                Row(
                    name=f"two workers on {store}",
                    probe=together,
                    limit=alone,
                    limit_name="one worker, per second of CPU",
                    reading=Reading.PAIR,
                    aim=_TWO_WORKERS_AIM,
                ),
            ]
