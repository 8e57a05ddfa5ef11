"""The rows of the matrix: the environments in which Keyturn runs, with real parts."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.servers.pgbouncer import running_pgbouncer
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.system.load import PASSWORD
from tests.system.processes import running

from .acts import ADDRESS_LIMIT, Deployment
from .certificates import Certificate
from .clients import Front
from .proxies import running_caddy, running_nginx

SERVICE_LINKS: Final = {"SERVICE_HOST": "10.96.0.7", "PORT": "tcp://10.96.0.7:8080"}
"""Variables of Kubernetes, which are no settings."""

USERNAME: Final = "alice"
ENCRYPTION_KEY: Final = "A" * 43
PROXY: Final = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the rows share. Each has a ``folder`` of its own. ``account_limit`` is that of failed sign-ins."""

    folder: Path
    certificate: Certificate
    account_limit: int

    def settings(self, **others: str) -> dict[str, str]:
        """Return settings with a user, keys in the store and the limits of sign-ins, and without a store."""
        limits = {
            "LOGIN_ACCOUNT_BUDGET": f"{self.account_limit}/80h",
            "LOGIN_ADDRESS_BUDGET": f"{ADDRESS_LIMIT}/10m",
            "STORE_TIMEOUT": "20s",
        }
        user = {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}
        return {**limits, **user, "KEY_ENCRYPTION_KEY": ENCRYPTION_KEY, **others}

    def sqlite(self) -> dict[str, str]:
        """Return the setting of a SQLite file."""
        return {"DATABASE_URL": f"sqlite:///{self.folder}/keyturn.db"}

    def deployment(self, front: Front, settings: Mapping[str, str], **how: Any) -> Deployment:
        """Return a deployment that starts with ``settings``. ``how`` are further arguments of ``running``."""
        return Deployment(
            front=front,
            start=partial(running, self.folder, settings, **how),
            username=USERNAME,
            account_limit=self.account_limit,
            strangers=[f"127.200.0.{number}" for number in range(1, self.account_limit // ADDRESS_LIMIT + 1)],
        )


Row = Callable[[Place], AbstractContextManager[Deployment]]


@contextmanager
def behind_nginx(place: Place, *, example: str = "keyturn.conf", path: str = "") -> Iterator[Deployment]:
    """Behind nginx with TLS."""
    port, own = free_port(), free_port()
    settings = place.settings(**place.sqlite(), **_behind_proxy(f"https://localhost:{port}{path}", own))
    nginx = running_nginx(
        place.folder / "nginx", example, port=port, upstream=f"127.0.0.1:{own}", certificate=place.certificate
    )
    with nginx as authority:
        yield place.deployment(Front(settings["ISSUER"], authority), settings)


@contextmanager
def at_a_unix_socket(place: Place) -> Iterator[Deployment]:
    """Two workers at a Unix socket, behind nginx with TLS."""
    port, file = free_port(), place.folder / "k.sock"
    settings = place.settings(
        **place.sqlite(),
        HOST=f"unix:{file}",
        WORKERS="2",
        ISSUER=f"https://localhost:{port}",
        TRUSTED_PROXIES="unix:",
        **SERVICE_LINKS,
    )
    nginx = running_nginx(
        place.folder / "nginx", "keyturn.conf", port=port, upstream=f"unix:{file}", certificate=place.certificate
    )
    with nginx as authority:
        yield place.deployment(Front(settings["ISSUER"], authority), settings)


@contextmanager
def behind_caddy(place: Place, *, example: str = "Caddyfile", path: str = "") -> Iterator[Deployment]:
    """Behind Caddy with TLS."""
    port, own = free_port(), free_port()
    settings = place.settings(**place.sqlite(), **_behind_proxy(f"https://localhost:{port}{path}", own))
    with running_caddy(place.folder / "caddy", example, port=port, upstream=f"127.0.0.1:{own}") as authority:
        yield place.deployment(Front(settings["ISSUER"], authority), settings)


@contextmanager
def pages_of_another_origin(place: Place) -> Iterator[Deployment]:
    """The clients are pages of another origin, which keep no cookies."""
    page, own = "https://app.example", free_port()
    settings = place.settings(**place.sqlite(), **_listening(own), CORS_ORIGINS=page)
    yield place.deployment(Front(settings["ISSUER"], page=page), settings)


@contextmanager
def both_families(place: Place) -> Iterator[Deployment]:
    """The service listens at ``::``. Its user comes by IPv6, and strangers by IPv4."""
    port = free_port()
    settings = place.settings(**place.sqlite(), HOST="::", PORT=str(port), ISSUER=f"http://localhost:{port}")
    yield place.deployment(Front(settings["ISSUER"], address="::1"), settings)


@contextmanager
def another_locale(place: Place) -> Iterator[Deployment]:
    """The locale has ASCII only. The secrets come from files that an editor began with a byte order mark."""
    own = free_port()
    secrets = place.settings(**place.sqlite(), **_listening(own))
    for name in ("BOOTSTRAP_PASSWORD", "KEY_ENCRYPTION_KEY", "DATABASE_URL"):
        file = place.folder / name.lower()
        file.write_text(f"{secrets.pop(name)}\r\n", "utf-8-sig")
        file.chmod(0o600)
        secrets[f"{name}_FILE"] = str(file)
    variables = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    yield place.deployment(Front(secrets["ISSUER"]), secrets, variables=variables)


@contextmanager
def behind_pgbouncer(place: Place, postgres: Postgres) -> Iterator[Deployment]:
    """Two workers reach PostgreSQL through PgBouncer, which gives each transaction another connection."""
    postgres.execute("CREATE DATABASE pooled")
    with running_pgbouncer(postgres.port) as pooler:
        store = {"DATABASE_URL": pooler.url("pooled"), "WORKERS": "2"}
        settings = place.settings(**store, **_listening(free_port()))
        yield place.deployment(Front(settings["ISSUER"]), settings)


def _listening(port: int) -> dict[str, str]:
    return {"PORT": str(port), "ISSUER": f"http://127.0.0.1:{port}"}


def _behind_proxy(issuer: str, own_port: int) -> dict[str, str]:
    return {"ISSUER": issuer, "PORT": str(own_port), "TRUSTED_PROXIES": PROXY}


PLAIN: Final[Mapping[str, Row]] = {
    "pages of another origin": pages_of_another_origin,
    "another locale": another_locale,
}
IPV6: Final[Mapping[str, Row]] = {"IPv6 and IPv4": both_families}
NGINX: Final[Mapping[str, Row]] = {
    "nginx": behind_nginx,
    "nginx at a Unix socket": at_a_unix_socket,
    "nginx below a path": partial(behind_nginx, example="keyturn-below-a-path.conf", path="/id"),
}
CADDY: Final[Mapping[str, Row]] = {
    "Caddy": behind_caddy,
    "Caddy below a path": partial(behind_caddy, example="Caddyfile-below-a-path", path="/id"),
}
