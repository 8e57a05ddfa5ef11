"""``keyturn serve``: run the service."""

import argparse
import asyncio
import logging
import secrets
import textwrap
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Final

from ..adapters.http.server.listening import bind
from ..adapters.http.server.serving import serve, stop_signal
from ..adapters.telemetry.logs import configure_logging
from ..service.application import prepare_stores
from ..service.instance import bind_metrics, create_runner
from ..service.settings import Settings
from ..service.settings.secret_files import exposed_secret_files
from ..service.settings.service_links import service_links
from ..service.workers import run_workers

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_LOG: Final = logging.getLogger("keyturn")

_DEMO_USERNAME = "demo"


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "serve",
        help="run the service",
        description="Runs the service until SIGTERM or SIGINT. With several workers, SIGHUP reads the settings again"
        " and replaces the workers.",
        epilog=_settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Run the service with the settings of the environment."""
    settings = Settings.from_environment(environment)
    configure_logging(settings.log_level)
    _log_about(environment)
    demo = settings.is_local and settings.database_url == "memory://" and settings.bootstrap_username is None
    if demo:
        settings = replace(settings, bootstrap_username=_DEMO_USERNAME, bootstrap_password=secrets.token_urlsafe(12))

    def announce(url: str) -> None:
        with suppress(OSError):
            print(f"Keyturn listens at {url}", flush=True)
            if demo:
                print(_demo_text(url, settings.bootstrap_password or ""), flush=True)

    if settings.workers == 1:
        asyncio.run(_serve(settings, announce))
    else:
        run_workers(settings, lambda: Settings.from_environment(environment), announce)


def _log_about(environment: Mapping[str, str]) -> None:
    """Log which files of secrets are exposed, and which variables are ignored because they are no settings."""
    for warning in exposed_secret_files(environment):
        _LOG.warning(warning)
    ignored = service_links(environment)
    if ignored:
        _LOG.info(
            "variables that Kubernetes made for Services are ignored; with enableServiceLinks: false in the pod there"
            " are none",
            extra={"fields": {"variables": ignored}},
        )


async def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    stopped = stop_signal()
    with ExitStack() as closing:
        sockets = [closing.enter_context(each) for each in await bind(settings.host, settings.port)]
        metrics = [closing.enter_context(each) for each in await bind_metrics(settings)]
        await prepare_stores(settings)
        url = str(sockets[0])
        runner = create_runner(settings, metrics=metrics)
        await serve(runner, sockets, stopped=stopped, announce=lambda: announce(url))


def _demo_text(url: str, password: str) -> str:
    body = f'{{"username": "{_DEMO_USERNAME}", "password": "{password}"}}'
    return textwrap.dedent(f"""
        There is no user yet. You can try the service with a user that exists until this process ends. Sign in:

          curl -s {url}/auth/login -H 'Content-Type: application/json' -d '{body}'
        """)


def _settings_help() -> str:
    """Return a line for each environment variable."""
    lines = ["The settings are environment variables; NAME_FILE names a file that holds a secret:", ""]
    for each in fields(Settings):
        about = each.metadata
        default = f" (default {about['default']})" if about["default"] else ""
        lines.append(f"  {about['name']:<34} {about['help']}{default}")
    return "\n".join(lines)
