"""The variables that Kubernetes makes for Services, beside the settings."""

from contextlib import suppress
from dataclasses import Field, fields
from typing import Any, Final

import pytest

from app.service.settings import Settings
from app.service.settings.service_links import is_service_link, service_links

from .settings import fault, settings


def made(
    service: str, address: str = "10.96.0.7", ports: tuple[tuple[str, int, str], ...] = (("", 8_080, "tcp"),)
) -> dict[str, str]:
    """Return the variables that the kubelet makes of a Service, without the prefix. Ports have names and protocols."""
    host = f"[{address}]" if ":" in address else address
    first = ports[0]
    variables = {
        f"{service}SERVICE_HOST": address,
        f"{service}SERVICE_PORT": str(first[1]),
        f"{service}PORT": f"{first[2]}://{host}:{first[1]}",
    }
    for name, number, protocol in ports:
        of_port = f"{service}PORT_{number}_{protocol.upper()}"
        if name:
            variables[f"{service}SERVICE_PORT_{name}"] = str(number)
        variables |= {
            of_port: f"{protocol}://{host}:{number}",
            f"{of_port}_PROTO": protocol,
            f"{of_port}_PORT": str(number),
            f"{of_port}_ADDR": address,
        }
    return variables


SERVICES: Final = {
    "keyturn": made(""),
    "keyturn, IPv6": made("", "fd00:10:96::7"),
    "keyturn, several ports": made("", ports=(("HTTP", 80, "tcp"), ("HTTP_3", 443, "udp"), ("X", 65_535, "sctp"))),
    "keyturn-metrics": made("METRICS_", ports=(("PROMETHEUS", 9_464, "tcp"),)),
    "keyturn-2-db": made("2_DB_"),
}


@pytest.mark.parametrize("service", SERVICES)
def test_variables_of_a_service_are_no_settings(service: str) -> None:
    """A Service called ``keyturn``, or whose name begins so, changes no setting and stops no start."""
    variables = SERVICES[service]
    assert settings(**variables) == settings()
    named = sorted(f"KEYTURN_{name}" for name in variables)
    assert (
        service_links({f"KEYTURN_{name}": value for name, value in variables.items()} | {"KEYTURN_HOST": "::"}) == named
    )


def test_settings_beside_them_count() -> None:
    """What the pod itself sets is read, also a port: Kubernetes does not replace a variable of the pod."""
    read = settings(**{**made(""), **made("METRICS_"), "PORT": "9000", "METRICS_PORT": "9464"})
    assert (read.port, read.metrics_port) == (9_000, 9_464)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "tcp://10.96.0.7"),
        ("PORT", "tcp://keyturn:8080"),
        ("PORT", "http://10.96.0.7:8080"),
        ("PORT", "tcp://10.96.0.7:8080/"),
        ("PORT", "tcp://10.96.0.7:65536"),
        ("PORT", "tcp://fd00::7:8080"),
        ("PORT", "tcp://[10.96.0.7.1]:8080"),
        ("PORT", "TCP://10.96.0.7:8080"),
        ("PORT", " tcp://10.96.0.7:8080"),
        ("PORT", "tcp://10.96.0.7:8080\n"),
        ("HOST_PORT", "8080"),
        ("SERVICE_HOST", "keyturn.example"),
        ("SERVICE_HOST", "10.96.0.7:8080"),
        ("SERVICE_HOST", "[fd00::7]"),
        ("SERVICE_HOST", ""),
        ("SERVICE_PORT", "http"),
        ("SERVICE_PORT", "65536"),
        ("SERVICE_PORT_http", "8080"),
        ("SERVICE_PORTS", "8080"),
        ("PORT_8080_TCP", "tcp://10.96.0.7:8081"),
        ("PORT_8080_TCP", "udp://10.96.0.7:8080"),
        ("PORT_8080_TCP_PORT", "8081"),
        ("PORT_8080_TCP_PROTO", "udp"),
        ("PORT_8080_TCP_ADDR", "keyturn"),
        ("PORT_8080_HTTP_ADDR", "10.96.0.7"),
        ("SERVICE", "10.96.0.7"),
    ],
)
def test_other_shapes_are_errors(name: str, value: str) -> None:
    """A name or a value of another shape stops the start, as any unknown name and any wrong value does."""
    assert f"KEYTURN_{name}: " in fault(**{name: value})


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda each: each.name)
def test_no_setting_accepts_what_is_ignored(setting: Field[Any]) -> None:
    """Nothing that a setting accepts is ever ignored, whatever the name of the setting looks like."""
    metadata = setting.metadata
    for value in {each for service in SERVICES.values() for each in service.values()}:
        if is_service_link(metadata["name"], value):
            accepted = None
            with suppress(ValueError):
                accepted = metadata["parse"](value)
            assert accepted is None
