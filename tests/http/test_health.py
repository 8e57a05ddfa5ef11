"""``GET /livez`` and ``GET /readyz``."""

import pytest

from app.adapters.http.server.readiness import READINESS

from .service import Service


@pytest.mark.parametrize(("path", "status"), [("/livez", "up"), ("/readyz", "ready")])
async def test_running_service_is_live_and_ready(service: Service, path: str, status: str) -> None:
    """Both endpoints are public, answer GET and HEAD, and are not cached."""
    answer = await service.ask("GET", path)
    assert (answer.status, answer.json()) == (200, {"status": status})
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await service.ask("HEAD", path)).status == 200


@pytest.mark.parametrize(
    ("started", "draining", "status"), [(False, False, "starting"), (True, True, "draining"), (False, True, "draining")]
)
async def test_starting_or_draining_service_is_not_ready(
    service: Service, *, started: bool, draining: bool, status: str
) -> None:
    """A service that starts or drains is live but not ready."""
    service.app[READINESS].started = started
    service.app[READINESS].draining = draining
    answer = await service.ask("GET", "/readyz")
    assert (answer.status, answer.json()) == (503, {"status": status})
    assert (await service.ask("GET", "/livez")).status == 200


async def test_service_without_store_is_not_ready(service: Service) -> None:
    """While its store does not serve, a service is live but not ready, and says why."""
    service.app[READINESS].set_fault("without store", "disk_full")
    answer = await service.ask("GET", "/readyz")
    assert (answer.status, answer.json()) == (503, {"status": "without store", "reason": "disk_full"})
    assert (await service.ask("GET", "/livez")).status == 200
    service.app[READINESS].set_fault("without store", None)
    assert (await service.ask("GET", "/readyz")).status == 200


async def test_draining_service_closes_connections(service: Service) -> None:
    """While draining, every response closes its connection."""
    service.app[READINESS].draining = True
    answer = await service.login()
    assert answer.status == 200
    assert answer.headers["Connection"] == "close"
