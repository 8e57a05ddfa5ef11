"""What is measured as the settings say."""

import sys

import pytest

from app.domain.errors import ConfigurationError
from app.service.telemetry import chosen_telemetry, observers


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have none of the optional packages, and nothing that was imported with them."""
    for name in ("app.adapters.telemetry.prometheus", "app.adapters.http.server.tracing"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("prometheus_client", "opentelemetry.context"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("nothing_installed")
def test_metrics_that_are_not_installed() -> None:
    """Whoever sets the port is told what to install; who does not needs nothing."""
    with pytest.raises(ConfigurationError, match=r"KEYTURN_METRICS_PORT: .* pip install keyturn\[metrics\]"):
        chosen_telemetry(9464)
    assert chosen_telemetry(None).text() == b""


@pytest.mark.usefixtures("nothing_installed")
def test_traces_that_are_not_installed() -> None:
    """Whoever asks for traces is told what to install; who does not needs nothing."""
    with pytest.raises(ConfigurationError, match=r"KEYTURN_TRACES: .* pip install keyturn\[traces\]"):
        observers(chosen_telemetry(None), traces=True)
    assert observers(chosen_telemetry(None), traces=False) == ()
