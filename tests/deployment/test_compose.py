"""The compose file: its settings are valid, and each name in it exists."""

import ipaddress
from typing import Any, Final

from app.service.settings import Settings

from .examples import COMPOSE_VALUES, compose_variables, composed, of_compose
from .paths import DEPLOY

COMPOSED: Final = composed(**COMPOSE_VALUES)
SERVICES: Final[dict[str, Any]] = COMPOSED["services"]


def test_settings_are_valid() -> None:
    """Keyturn accepts the settings, with workers and the address on which the image listens."""
    settings = Settings.from_environment({"KEYTURN_HOST": "*", **of_compose()})
    assert settings.workers == 2


def test_every_secret_is_asked_for() -> None:
    """Each variable without a default stops compose while it is empty."""
    variables = compose_variables()
    assert all(variables.values())
    assert {name for name, each in variables.items() if each and each.startswith(":?")} == set(COMPOSE_VALUES)


def test_every_name_exists() -> None:
    """Each network, volume and service that is named exists, and the build uses files that exist."""
    for service in SERVICES.values():
        assert set(service["networks"]) <= COMPOSED["networks"].keys()
        assert set(service.get("depends_on", ())) <= SERVICES.keys()
        assert {each.split(":")[0] for each in service.get("volumes", ())} <= COMPOSED["volumes"].keys()
    build = SERVICES["keyturn"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_stores_are_reached_from_inside_only() -> None:
    """The stores publish no port, and their network has no way out."""
    assert COMPOSED["networks"]["stores"]["internal"]
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["stores"]
        assert "ports" not in SERVICES[name]


def test_the_trusted_proxy_is_the_gateway() -> None:
    """Connections to a published port come from the gateway of the network, and only its address is trusted."""
    (network,) = COMPOSED["networks"]["front"]["ipam"]["config"]
    assert ipaddress.ip_address(network["gateway"]) in ipaddress.ip_network(network["subnet"])
    assert SERVICES["keyturn"]["environment"]["KEYTURN_TRUSTED_PROXIES"] == network["gateway"]
    assert SERVICES["keyturn"]["ports"] == ["127.0.0.1:8080:8080"]


def test_a_stop_has_time() -> None:
    """Compose waits for the drain delay, the shutdown timeout and 10 seconds before it kills."""
    settings = Settings.from_environment(of_compose())
    seconds = int(SERVICES["keyturn"]["stop_grace_period"].removesuffix("s"))
    assert seconds >= settings.drain_delay + settings.shutdown_timeout + 10
