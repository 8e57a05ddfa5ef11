"""The real nginx and the real Caddy, with the examples of ``deploy``. Only addresses, ports and certificates change."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.servers.server import Server
from tests.servers.valkey import until

from .certificates import Certificate
from .paths import changed

NGINX: Final = shutil.which("nginx") or "/usr/sbin/nginx"
HAS_NGINX: Final = Path(NGINX).exists()
HAS_CADDY: Final = shutil.which("caddy") is not None

_UPSTREAM: Final = "127.0.0.1:8080"
_NGINX_MAIN: Final = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/keyturn.conf;
}}
"""
_CADDY_OPTIONS: Final = """\
{{
	admin off
	local_certs
	skip_install_trust
	auto_https disable_redirects
	https_port {port}
	default_bind 127.0.0.1 ::1
"""


@contextmanager
def running_nginx(
    folder: Path,
    example: str,
    *,
    port: int,
    upstream: str,
    certificate: Certificate,
    changes: tuple[tuple[str, str], ...] = (),
) -> Iterator[Path]:
    """Run nginx with an example on a port of this machine. Yield the certificate that clients must trust."""
    folder.mkdir(parents=True)
    ipv6 = ("listen [::]:443", f"listen [::1]:{port}" if has_ipv6() else f"listen 127.0.0.2:{port}")
    local = changed(
        f"nginx/{example}",
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ipv6,
        ("id.example;", "localhost;"),
        ("/etc/ssl/id.example/fullchain.pem", str(certificate.chain)),
        ("/etc/ssl/id.example/privkey.pem", str(certificate.key)),
        (f"server {_UPSTREAM}", f"server {upstream}"),
        *changes,
    )
    (folder / "keyturn.conf").write_text(local)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(_NGINX_MAIN.format(folder=folder, user=user))
    with _running(Server([NGINX, "-p", folder, "-c", main, "-e", folder / "errors"], port=port, folder=folder)):
        yield certificate.authority


@contextmanager
def running_caddy(folder: Path, example: str, *, port: int, upstream: str) -> Iterator[Path]:
    """Run Caddy with an example on a port of this machine. Yield the certificate that clients must trust: Caddy makes
    one by itself, as it does with a public authority.
    """
    folder.mkdir(parents=True)
    local = changed(
        f"caddy/{example}",
        ("\n{\n", f"\n{_CADDY_OPTIONS.format(port=port)}"),
        ("\nid.example {", "\nlocalhost {"),
        (f"reverse_proxy {_UPSTREAM}", f"reverse_proxy {upstream}"),
    )
    (folder / "Caddyfile").write_text(local)
    homes = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    command: list[str | Path] = ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    certificate = folder / "caddy" / "certificates" / "local" / "localhost" / "localhost.crt"
    with _running(Server(command, port=port, folder=folder, env={**os.environ, **homes})):
        until(lambda: authority.exists() and certificate.exists())
        yield authority


def has_ipv6() -> bool:
    """Return whether this machine has the loopback address of IPv6."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@contextmanager
def _running(server: Server) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.end()
