"""The rows of the matrix in which Keyturn is confined as in a container: another user, a root that is read-only."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from ctypes.util import find_library
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.tls_relay import relaying_tls
from tests.servers.valkey import DURABLE, running_valkey
from tests.system.processes import NO_SETTINGS, Service

from . import examples, filtered
from .acts import Deployment
from .clients import Front
from .containerfile import Image
from .rows import ENCRYPTION_KEY, Place

_DATA: Final = "/var/lib/keyturn"
_TEMPORARY: Final = "/tmp"  # noqa: S108  # a folder of its own in each row
_HEALTH: Final = "HEALTHCHECK"
HAS_FILTERS: Final = bool(shutil.which("systemd-analyze") and find_library("seccomp"))
"""Whether the filter of system calls can be applied without systemd."""


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """Runs Keyturn from the image. ``volumes`` are the only folders that it can write, by their paths inside."""

    image: Image
    volumes: Mapping[str, Path]
    user: str

    def command(self, *command: str) -> list[str]:
        """Return a command that runs ``command`` confined, with the variables of its caller."""
        return self.image.layer.confined(
            "env", "--unset=TMPDIR", *command, user=self.user, folder=self.image.folder, volumes=self.volumes
        )

    def volume(self, inside: str, outside: Path, mode: int = 0o700) -> "Confinement":
        """Return the same with one more volume, which belongs to the user."""
        outside.mkdir()
        outside.chmod(mode)
        uid, _, gid = self.user.partition(":")
        os.chown(outside, int(uid), int(gid))
        return replace(self, volumes={**self.volumes, inside: outside})

    def secret(self, file: Path, text: str) -> None:
        """Write a file that only the user can read."""
        file.write_text(text)
        file.chmod(0o400)
        uid, _, gid = self.user.partition(":")
        os.chown(file, int(uid), int(gid))


Row = Callable[[Place, Image, Postgres], AbstractContextManager[Deployment]]


@contextmanager
def read_only_container(place: Place, image: Image, _: Postgres) -> Iterator[Deployment]:
    """The image with a read-only root, a volume for SQLite, and no temporary folder. Its health check succeeds."""
    confinement = Confinement(image=image, volumes={}, user=image.user).volume(_DATA, place.folder / "data")
    port = free_port()
    settings = place.settings(DATABASE_URL=f"sqlite:///{_DATA}/keyturn.db", **_listening(port))
    yield _checked(_deployment(place, confinement, settings), image, port)


@contextmanager
def compose_file(place: Place, image: Image, postgres: Postgres) -> Iterator[Deployment]:
    """The compose file's settings: PostgreSQL, Valkey with a password, two workers, a temporary folder."""
    confinement = Confinement(image=image, volumes={}, user=image.user).volume(_TEMPORARY, place.folder / "tmp", 0o1777)
    port, password = free_port(), examples.COMPOSE_VALUES["VALKEY_PASSWORD"]
    with running_valkey(place.folder / "valkey", *DURABLE) as valkey:
        valkey.execute("CONFIG", "SET", "requirepass", password)
        given = examples.of_compose(ISSUER=f"http://127.0.0.1:{port}")
        given["KEYTURN_DATABASE_URL"] = _at(
            given["KEYTURN_DATABASE_URL"], "postgres/keyturn", _new(postgres, "compose")
        )
        given["KEYTURN_SESSION_URL"] = _at(given["KEYTURN_SESSION_URL"], "valkey:6379", f"127.0.0.1:{valkey.port}")
        del given["KEYTURN_BOOTSTRAP_USERNAME"], given["KEYTURN_BOOTSTRAP_PASSWORD"]
        settings = place.settings(**_without_prefix(given), PORT=str(port))
        yield _deployment(place, confinement, settings)


@contextmanager
def systemd_unit(place: Place, image: Image, _: Postgres) -> Iterator[Deployment]:
    """The settings of the systemd unit and its file: SQLite, a credential, two workers, another user, and the unit's
    filter of system calls.
    """
    confinement = Confinement(image=image, volumes={}, user="61184:61184")  # as systemd numbers users that it makes
    confinement = confinement.volume(_DATA, place.folder / "state").volume(_TEMPORARY, place.folder / "tmp", 0o1777)
    credentials = "/run/credentials/keyturn.service"
    confinement = confinement.volume(credentials, place.folder / "credentials")
    confinement.secret(place.folder / "credentials" / "key-encryption-key", f"{ENCRYPTION_KEY}\n")
    given = examples.of_systemd(state="/var/lib", credentials=credentials)
    port = free_port()
    settings = place.settings(**_without_prefix(given) | _listening(port))
    del settings["KEY_ENCRYPTION_KEY"]
    yield _deployment(place, confinement, settings, before=_filter(image))


@contextmanager
def kubernetes_manifest(place: Place, image: Image, postgres: Postgres) -> Iterator[Deployment]:
    """The Deployment's settings, and the variables that Kubernetes adds: PostgreSQL, Valkey with TLS, metrics."""
    security = examples.POD["securityContext"]
    user = f"{security['runAsUser']}:{security['runAsGroup']}"
    confinement = Confinement(image=image, volumes={}, user=user).volume(_TEMPORARY, place.folder / "tmp", 0o1777)
    given = examples.of_kubernetes()
    (mount,) = [each["mountPath"] for each in examples.CONTAINER["volumeMounts"] if each["name"] == "secrets"]
    secrets, port = place.folder / "secrets", free_port()
    confinement = confinement.volume(mount, secrets)
    with ExitStack() as stores:
        valkey = stores.enter_context(running_valkey(place.folder / "valkey", *DURABLE))
        tls = stores.enter_context(relaying_tls(valkey.port, chain=place.certificate.chain, key=place.certificate.key))
        confinement.secret(secrets / "authority.pem", place.certificate.authority.read_text("ascii"))
        database = f"postgresql://keyturn@{_new(postgres, 'kubernetes')}"
        confinement.secret(secrets / "database-url", database)
        confinement.secret(secrets / "session-url", f"rediss://localhost:{tls}?ssl_ca_certs={mount}/authority.pem\n")
        confinement.secret(secrets / "key-encryption-key", ENCRYPTION_KEY)
        ours = {**_listening(port), "METRICS_PORT": "0", "DRAIN_DELAY": "0s"}
        settings = place.settings(**_without_prefix(given) | ours)
        del settings["KEY_ENCRYPTION_KEY"]
        yield _deployment(place, confinement, settings, variables=SERVICE_LINKS)


SERVICE_LINKS: Final = {
    "KEYTURN_SERVICE_HOST": "10.96.0.7",
    "KEYTURN_SERVICE_PORT": "80",
    "KEYTURN_SERVICE_PORT_HTTP": "80",
    "KEYTURN_PORT_80_TCP": "tcp://10.96.0.7:80",
    "KEYTURN_PORT_80_TCP_PROTO": "tcp",
    "KEYTURN_PORT_80_TCP_PORT": "80",
    "KEYTURN_PORT_80_TCP_ADDR": "10.96.0.7",
}
"""What Kubernetes adds for the Service of the manifest, unless ``enableServiceLinks`` is false. ``KEYTURN_PORT`` is not
here, because the row listens on a port of its own: a variable of the container takes the place of one of these.
"""

ROWS: Final[Mapping[str, Row]] = {
    "read-only container": read_only_container,
    "compose": compose_file,
    "systemd": systemd_unit,
    "Kubernetes": kubernetes_manifest,
}


def _filter(image: Image) -> list[str]:
    """Return the beginning of a command that runs under the unit's filter of system calls."""
    if not HAS_FILTERS:
        return []
    image.layer.path("/srv/filtered.py").write_text(Path(filtered.__file__).read_text("utf-8"))
    image.layer.path("/srv/system-calls").write_text(" ".join(sorted(examples.system_calls())))
    return ["python", "/srv/filtered.py", "/srv/system-calls"]


def _deployment(
    place: Place,
    confinement: Confinement,
    settings: Mapping[str, str],
    *,
    variables: Mapping[str, str] = NO_SETTINGS,
    before: Sequence[str] = (),
) -> Deployment:
    """Return a deployment of the image with these settings. ``before`` is the beginning of its command."""
    image = confinement.image
    command = confinement.command(*before, *image.command["ENTRYPOINT"], *image.command["CMD"])
    return place.deployment(
        Front(settings["ISSUER"]), settings, command=command, variables={**image.variables, **variables}
    )


def _checked(deployment: Deployment, image: Image, port: int) -> Deployment:
    """Return a deployment whose health check succeeds after each start."""

    @contextmanager
    def start() -> Iterator[Service]:
        with deployment.start() as service:
            inside = ["nsenter", f"--target={service.pid}", "--mount", "--root"]
            variables = {**image.variables, "KEYTURN_PORT": str(port)}
            asked = subprocess.run(
                [*inside, "env", *image.command[_HEALTH]], env=variables, capture_output=True, text=True, check=False
            )
            assert asked.returncode == 0, asked.stderr
            yield service

    return replace(deployment, start=start)


def _listening(port: int) -> dict[str, str]:
    return {"PORT": str(port), "ISSUER": f"http://127.0.0.1:{port}"}


def _without_prefix(variables: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix("KEYTURN_"): value for name, value in variables.items() if name.startswith("KEYTURN_")}


def _at(url: str, example: str, real: str) -> str:
    assert example in url
    return url.replace(example, real)


def _new(postgres: Postgres, database: str) -> str:
    """Make a database of the user ``keyturn``. Return its address and name."""
    postgres.execute("DO $$BEGIN CREATE ROLE keyturn LOGIN; EXCEPTION WHEN duplicate_object THEN END$$")
    postgres.execute(f"CREATE DATABASE {database} OWNER keyturn")
    return f"127.0.0.1:{postgres.port}/{database}"
