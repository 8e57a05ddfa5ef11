"""Optional packages for metrics and traces: the settings choose them, and they may be missing."""

import sys

import pytest

from app.adapters.http.server.request_metrics import TELEMETRY
from app.adapters.telemetry.null import NullTelemetry
from app.domain.errors import ConfigurationError
from app.service.application import create_application
from app.service.settings import Settings


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the optional packages, and the modules that import them."""
    for name in ("app.adapters.telemetry.prometheus", "app.adapters.http.server.tracing"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("prometheus_client", "opentelemetry.context"):
        monkeypatch.setitem(sys.modules, name, None)


def test_metrics_that_are_not_installed() -> None:
    """The error for a metrics port says what to install."""
    with pytest.raises(ConfigurationError, match=r"KEYTURN_METRICS_PORT: .* pip install keyturn\[metrics\]"):
        create_application(Settings(metrics_port=9_464))


def test_traces_that_are_not_installed() -> None:
    """The error for traces says what to install."""
    with pytest.raises(ConfigurationError, match=r"KEYTURN_TRACES: .* pip install keyturn\[traces\]"):
        create_application(Settings(traces=True))


def test_neither_is_needed_by_default() -> None:
    """Without a metrics port and traces, the service needs no optional package and measures nothing."""
    app = create_application(Settings())
    assert isinstance(app[TELEMETRY], NullTelemetry)
    assert len(app.middlewares) == 2
