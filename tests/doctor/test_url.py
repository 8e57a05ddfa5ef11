"""What the doctor says about the URL that clients use."""

import asyncio
import datetime as dt
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.servers.ports import free_port
from tests.system.processes import Service, run, running

from .examined import examined, faults, texts
from .front import Front, running_front


async def proxy_findings(front: Front, **settings: str) -> list[tuple[str, str]]:
    """Return what the doctor says of a proxy before a service that does not run."""
    async with running_front(front) as url:
        found = await examined({"PORT": str(front.port), "ISSUER": url, **settings}, url=url)
    assert [text for level, text in texts(found, "metadata") if level == "skipped"]
    return texts(found, "proxy")


@pytest.mark.parametrize(
    ("front", "trusted", "level", "part"),
    [
        (Front(port=0), "127.0.0.1", "ok", "The proxy 127.0.0.1 is trusted, and tells the addresses of clients."),
        (Front(port=0), None, "fault", "Set KEYTURN_TRUSTED_PROXIES=127.0.0.1"),
        (Front(port=0, forwarded_for="drop"), "127.0.0.1", "fault", "is trusted and sends no X-Forwarded-For"),
        (Front(port=0, forwarded_for="drop"), None, "fault", "127.0.0.1 sends no X-Forwarded-For"),
        (Front(port=0, forwarded_for="pass"), "127.0.0.1", "fault", "passes on the X-Forwarded-For of clients"),
        (Front(port=0, forwarded_for="pass"), None, "ok", "no proxy adds to X-Forwarded-For"),
        (Front(port=0, strip="/id"), "127.0.0.1", "ok", "The proxy strips /id from the path."),
        (Front(port=0, added=(("X-Forwarded-Proto", "https"),)), "127.0.0.1", "warning", "X-Forwarded-Proto: 'https'"),
    ],
)
async def test_what_a_proxy_passes_on(front: Front, trusted: str | None, level: str, part: str) -> None:
    """A request to the URL shows at the address of the service which path and which addresses come there."""
    settings = {} if trusted is None else {"TRUSTED_PROXIES": trusted}
    found = await proxy_findings(replace(front, port=free_port()), **settings)
    assert [each for each in found if each[0] == level and part in each[1]], found
    assert {each for each, _ in found} <= {"ok", level}


async def test_a_path_that_is_not_stripped() -> None:
    """A proxy that passes the issuer's path on is a fault."""
    port = free_port()
    async with running_front(Front(port=port)) as url:
        found = await examined({"PORT": str(port), "ISSUER": f"{url}/id"}, url=f"{url}/id")
    assert [text for text in faults(found) if "Let the proxy strip /id." in text]


async def test_a_proxy_that_finds_no_service() -> None:
    """A URL that leads elsewhere, and one that leads nowhere, are faults."""
    async with running_front(Front(port=free_port())) as url:
        found = await examined({"PORT": str(free_port()), "ISSUER": url}, url=url)
    assert [text for text in faults(found) if "answers 502, and the request came to no service" in text]
    found = await examined({"PORT": "0", "ISSUER": url}, url=url)
    assert [text for text in faults(found) if "cannot be fetched" in text]


async def test_strangers_get_no_answer_meanwhile() -> None:
    """Other requests that come while the doctor listens get a 503: a guard keeps the keys that it has."""
    port = free_port()
    async with running_front(Front(port=port, added=(("X-Keyturn-Doctor", "another"),))) as url:
        found = await examined({"PORT": str(port), "ISSUER": url}, url=url)
    assert [text for text in faults(found) if "answers 503" in text]


@pytest.fixture(scope="module")
def front_port() -> int:
    """Return the port of the proxy before the running service."""
    return free_port()


@pytest.fixture(scope="module")
def metrics_port() -> int:
    """Return the port of the metrics of the running service."""
    return free_port()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, front_port: int, metrics_port: int) -> Iterator[Service]:
    """Return a running service behind a proxy."""
    settings = {"ISSUER": f"http://127.0.0.1:{front_port}", "METRICS_PORT": str(metrics_port)}
    with running(tmp_path_factory.mktemp("service"), settings) as service:
        yield service


@pytest.mark.parametrize(
    ("changed", "check", "expected"),
    [
        ((), "key set", ("ok", "cached for 600 s")),
        ((("Cache-Control", "max-age=86400"),), "key set", ("warning", "may be cached for 86400 s")),
        ((("Cache-Control", "public"),), "key set", ("warning", "may be cached without a limit")),
        ((("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),), "clients' clock", ("warning", "Let both machines use NTP.")),
    ],
)
async def test_a_running_service(
    service: Service, front_port: int, changed: tuple[tuple[str, str], ...], check: str, expected: tuple[str, str]
) -> None:
    """Behind a proxy, the key set may be cached as the settings say, and the Date header shows the time."""
    async with running_front(Front(port=service.port, changed=changed), at=front_port) as url:
        found = await examined({"PORT": str(service.port), "ISSUER": url}, url=url)
    assert not faults(found), found
    [(level, text)] = texts(found, check)
    assert level == expected[0]
    assert expected[1] in text


async def test_addresses_in_use(service: Service, front_port: int, metrics_port: int) -> None:
    """Addresses in use are no fault where the service itself listens, and are faults where another program does."""
    settings = {
        "PORT": str(service.port),
        "METRICS_PORT": str(metrics_port),
        "ISSUER": f"http://127.0.0.1:{front_port}",
    }
    async with running_front(Front(port=service.port), at=front_port) as url:
        found = await examined(settings, url=url)
    assert not faults(found), found
    assert not faults(await examined(settings))
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [each.getsockname()[1] for each in (one, other)]
        first, second = faults(await examined({**settings, "PORT": str(ports[0]), "METRICS_PORT": str(ports[1])}))
    assert first.startswith(f"Cannot listen on 127.0.0.1 port {ports[0]}: ")
    assert second.startswith(f"Cannot listen on 127.0.0.1 port {ports[1]}: ")


async def test_another_issuer(service: Service, front_port: int) -> None:
    """An issuer that is not the URL of clients is a fault, and so is the metadata of another issuer."""
    async with running_front(Front(port=service.port)) as url:
        found = await examined({"PORT": str(service.port), "ISSUER": f"{url}/other"}, url=url)
    first, second = faults(found)
    assert first.endswith(f"Set KEYTURN_ISSUER={url}.")
    assert f"is the metadata of 'http://127.0.0.1:{front_port}'" in second


async def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that clients accept is named with its end; one of another name, and an unknown one, are faults."""
    port, file = free_port(), certificate(tmp_path / "tls.pem", days=90)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    async with running_front(Front(port=port, strip="/id"), tls=context) as url:
        settings = {"PORT": str(port), "ISSUER": url, "TRUSTED_PROXIES": "127.0.0.1"}
        [(level, text)] = texts(await examined(settings, url=url), "TLS")
        assert (level, "Clients refuse the certificate of localhost" in text) == ("fault", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        [(level, text)] = texts(await examined(settings, url=url), "TLS")
        assert (level, text) == ("ok", "Clients accept the certificate of localhost, which ends in 89 days.")
        other = url.replace("localhost", "127.0.0.1")
        [(level, text)] = texts(await examined(settings, url=other), "TLS")
        assert (level, "IP address mismatch" in text) == ("fault", True)
        variables = {f"KEYTURN_{name}": value for name, value in settings.items()} | {"SSL_CERT_FILE": str(file)}
        command = (sys.executable, "-m", "app", "doctor", "--json", "--url", url)
        printed = await asyncio.to_thread(run, *command, variables=variables)
        assert printed.returncode == 0, printed
        levels = {each["check"]: each["level"] for each in map(json.loads, printed.stdout.splitlines())}
        assert (levels["TLS"], levels["proxy"], levels["issuer"]) == ("ok", "ok", "ok")
    context.load_cert_chain(certificate(file, days=3))
    async with running_front(Front(port=port), tls=context) as url:
        [(level, text)] = texts(await examined({"PORT": str(port), "ISSUER": url}, url=url), "TLS")
        assert (level, text.endswith("Renew it, and let the proxy load it.")) == ("warning", True)


def certificate(file: Path, *, days: int) -> Path:
    """Return a file with a certificate for ``localhost``, its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file
