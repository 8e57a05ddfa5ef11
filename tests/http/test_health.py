"""``GET /livez`` and ``GET /readyz``."""

import pytest

from app.adapters.http.server.readiness import READINESS

from .service import Service


@pytest.mark.parametrize(("path", "status"), [("/livez", "up"), ("/readyz", "ready")])
async def test_a_running_service_says_so(service: Service, path: str, status: str) -> None:
    """Anyone may ask, with GET or HEAD, and no cache may keep the answer."""
    answer = await service.ask("GET", path)
    assert (answer.status, answer.json()) == (200, {"status": status})
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await service.ask("HEAD", path)).status == 200


@pytest.mark.parametrize(
    ("started", "draining", "status"), [(False, False, "starting"), (True, True, "draining"), (False, True, "draining")]
)
async def test_readiness_ends_before_life(service: Service, *, started: bool, draining: bool, status: str) -> None:
    """While it starts or drains the service is alive and not ready."""
    service.app[READINESS].started = started
    service.app[READINESS].draining = draining
    answer = await service.ask("GET", "/readyz")
    assert (answer.status, answer.json()) == (503, {"status": status})
    assert (await service.ask("GET", "/livez")).status == 200


async def test_without_its_store_a_service_is_alive_and_not_ready(service: Service) -> None:
    """What keeps up with the stores says whether they answer; it is ready again as soon as they do."""
    service.app[READINESS].stores_answer = False
    answer = await service.ask("GET", "/readyz")
    assert (answer.status, answer.json()) == (503, {"status": "without store"})
    assert (await service.ask("GET", "/livez")).status == 200
    service.app[READINESS].stores_answer = True
    assert (await service.ask("GET", "/readyz")).status == 200


async def test_a_draining_service_answers_and_closes(service: Service) -> None:
    """What is asked on an open connection is answered, and the answer ends the connection."""
    service.app[READINESS].draining = True
    answer = await service.login()
    assert answer.status == 200
    assert answer.headers["Connection"] == "close"
