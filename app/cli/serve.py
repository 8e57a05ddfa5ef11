"""``keyturn serve``: run the service."""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from ..adapters.http.server.listening import release
from ..adapters.http.server.runner import Runner
from ..adapters.http.server.serving import serve, stop_at_signals
from ..adapters.stop_signals import ended_by_signals
from ..adapters.telemetry.logs import configure_logging
from ..domain.errors import ConfigurationError
from ..service.first_user import FIRST_USER, has_demo_user, how_to_add
from ..service.instance import bind_metrics, bind_service, create_runner, indistinct_clients, unreachable_issuer
from ..service.open_stores import prepare_stores
from ..service.settings import Settings
from ..service.settings.declared import PREFIX
from ..service.settings.secret_files import exposed_secret_files
from ..service.settings.service_links import service_links
from ..service.workers import run_workers
from .banner import BootstrapUser, Start
from .call import Call

_LOG: Final = logging.getLogger("keyturn")

_DEMO_USERNAME = "demo"


def run(call: Call, host: str | None, port: str | None) -> None:
    """Run the service with the settings of the environment. ``host`` and ``port`` replace those of the environment."""
    given = {name: each for name, each in (("KEYTURN_HOST", host), ("KEYTURN_PORT", port)) if each is not None}
    environment = {**call.environment, **given}
    settings = _settings(environment, given)
    configure_logging(settings.log_level, settings.log_format)
    _log_about(environment, settings)
    demo = has_demo_user(settings)
    if demo:
        settings = replace(settings, bootstrap_username=_DEMO_USERNAME, bootstrap_password=secrets.token_urlsafe(12))

    def announce(addresses: Sequence[str], user_is_missing: bool) -> None:  # noqa: FBT001  # the only flag
        sign_in = (_DEMO_USERNAME, settings.bootstrap_password or "") if demo else None
        no_user = how_to_add(settings) if user_is_missing else ""
        start = Start(
            addresses=addresses,
            issuer=settings.issuer,
            docs=settings.docs,
            console=settings.console,
            demo=sign_in,
            no_user=no_user,
            bootstrap=None if demo else bootstrap_user(settings, environment),
        )
        result = {"url": addresses[0], "addresses": list(addresses)}
        at_terminal = call.output.at_terminal
        if no_user and not at_terminal:
            _LOG.warning(no_user)
        call.show(result, start.banner() if at_terminal else start.listening)
        if sign_in is not None and not at_terminal:
            user = {"username": sign_in[0], "password": sign_in[1]}
            call.show({"demo": user}, start.without_terminal())
        call.output.flush()

    with ended_by_signals():
        if settings.workers == 1:
            asyncio.run(_serve(settings, announce))
        else:
            run_workers(settings, lambda: Settings.from_environment(environment), announce)


def _settings(environment: Mapping[str, str], given: Collection[str]) -> Settings:
    """Return the settings; raises ``ConfigurationError``, which names the options of the variables in ``given``."""
    try:
        return Settings.from_environment(environment)
    except ConfigurationError as error:
        text = str(error)
        for name in given:
            text = re.sub(f"^{name}: ", f"--{name.removeprefix(PREFIX).lower()}: ", text, flags=re.MULTILINE)
        raise ConfigurationError(text) from error


def bootstrap_user(settings: Settings, environment: Mapping[str, str]) -> BootstrapUser | None:
    """Return the user that the start made, if the settings have one, and the variable that has the password."""
    if settings.bootstrap_username is None:
        return None
    return BootstrapUser(settings.bootstrap_username, in_file="KEYTURN_BOOTSTRAP_PASSWORD_FILE" in environment)


def _log_about(environment: Mapping[str, str], settings: Settings) -> None:
    """Log which files of secrets are exposed, which variables are ignored because they are no settings, and whether all
    clients look the same or cannot reach the issuer.
    """
    for warning in (*indistinct_clients(settings), *unreachable_issuer(settings), *exposed_secret_files(environment)):
        _LOG.warning(warning)
    ignored = service_links(environment)
    if ignored:
        _LOG.info(
            "variables that Kubernetes made for Services are ignored; with enableServiceLinks: false in the pod there"
            " are none",
            extra={"fields": {"variables": ignored}},
        )


async def _serve(settings: Settings, announce: Callable[[Sequence[str], bool], None]) -> None:
    stopped = asyncio.Event()

    def begin(addresses: Sequence[str], runner: Runner) -> None:
        stop_at_signals(stopped)
        announce(addresses, runner.app[FIRST_USER].is_missing)

    with ExitStack() as closing:
        settings, sockets = await bind_service(settings)
        closing.callback(release, sockets)
        metrics = await bind_metrics(settings)
        closing.callback(release, metrics)
        await prepare_stores(settings)
        addresses = [str(each) for each in sockets]
        runner = create_runner(settings, metrics=metrics)
        await serve(runner, sockets, stopped=stopped, announce=lambda: begin(addresses, runner))
