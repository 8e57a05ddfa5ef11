"""Metrics of a remote guard, in a registry of the application."""

import sys
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from app.domain.errors import ConfigurationError
from app.guard import closed_when_stale, guard_metrics, requires
from tests.metrics import Metrics

from .fake_issuer import FEED, JWKS, SID, FakeIssuer, FollowingApp, token
from .guarded_app import claims, hello


@pytest.fixture
def registry() -> CollectorRegistry:
    """Return the registry of the application."""
    return CollectorRegistry()


@pytest.fixture
async def guarded(issuer: FakeIssuer, registry: CollectorRegistry) -> AsyncIterator[FollowingApp]:
    """Return an application whose guard has metrics."""

    @closed_when_stale
    async def closed(_: web.Request) -> web.Response:
        return web.Response()

    @requires("orders:delete")
    async def scoped(_: web.Request) -> web.Response:
        return web.Response()

    routes: list[web.AbstractRouteDef] = [web.get("/", hello), web.get("/closed", closed), web.get("/scoped", scoped)]
    async with FollowingApp(issuer, routes, telemetry=guard_metrics(registry)) as guarded:
        yield guarded


def scrape(registry: CollectorRegistry) -> Metrics:
    """Return the metrics that Prometheus would read."""
    return Metrics.parse(generate_latest(registry).decode())


def timestamp(registry: CollectorRegistry, name: str) -> float:
    """Return the value of a timestamp metric."""
    value = scrape(registry).value(name)
    assert value is not None
    return value


async def unavailable(_: web.Request) -> web.Response:
    """Answer 503, as an issuer without its store does."""
    raise web.HTTPServiceUnavailable


async def test_metrics_after_start(guarded: FollowingApp, registry: CollectorRegistry) -> None:
    """Each document was fetched once with success, and the feed is not stale."""
    metrics = scrape(registry)
    for document in ("keys", "feed"):
        assert metrics.value("guard_fetches_total", document=document, outcome="good") == 1
    assert metrics.total("guard_fetches_total") == 2
    assert (metrics.value("guard_trusted_keys"), metrics.value("guard_revoked_sessions")) == (1, 0)
    assert metrics.value("guard_feed_stale") == 0


async def test_failed_fetches_keep_timestamps(
    issuer: FakeIssuer, guarded: FollowingApp, registry: CollectorRegistry
) -> None:
    """The timestamps of keys and revocations are those of the last success."""
    keys_at = timestamp(registry, "guard_keys_timestamp_seconds")
    revocations_at = timestamp(registry, "guard_revocations_timestamp_seconds")
    assert max(keys_at, revocations_at) <= time.time()
    issuer.overrides.update({JWKS: unavailable, FEED: unavailable})
    issuer.clock.advance(20)
    before = time.time()
    await guarded.fetch()
    await guarded.poll()
    assert before <= timestamp(registry, "guard_keys_timestamp_seconds") + 20 <= time.time()
    assert before <= timestamp(registry, "guard_revocations_timestamp_seconds") + 20 <= time.time()


@pytest.mark.parametrize("document", ["keys", "feed"])
async def test_failed_fetch_is_counted(
    issuer: FakeIssuer, guarded: FollowingApp, registry: CollectorRegistry, document: str
) -> None:
    """A failed fetch counts as failed for its document only."""
    issuer.overrides.update({JWKS: unavailable, FEED: unavailable})
    await (guarded.fetch() if document == "keys" else guarded.poll())
    metrics = scrape(registry)
    assert metrics.value("guard_fetches_total", document=document, outcome="failed") == 1
    assert metrics.value("guard_fetches_total", document=document, outcome="good") == 1
    assert metrics.total("guard_fetches_total", outcome="failed") == 1


async def test_stale_feed_metric(issuer: FakeIssuer, guarded: FollowingApp, registry: CollectorRegistry) -> None:
    """The metric is 1 after the poll that finds the feed stale, and 0 after the next good poll."""
    issuer.overrides[FEED] = unavailable
    for seconds, stale in ((30, 0), (1, 1)):
        issuer.clock.advance(seconds)
        await guarded.poll()
        assert scrape(registry).value("guard_feed_stale") == stale
    del issuer.overrides[FEED]
    await guarded.poll()
    assert scrape(registry).value("guard_feed_stale") == 0


async def test_revoked_sessions_metric(issuer: FakeIssuer, guarded: FollowingApp, registry: CollectorRegistry) -> None:
    """The metric counts revoked sessions until all their tokens have expired."""
    issuer.feed = {"revoked": {SID: int(issuer.clock.now())}}
    issuer.clock.advance(2)
    await guarded.poll()
    assert scrape(registry).value("guard_revoked_sessions") == 1
    issuer.feed = {}
    issuer.clock.advance(1_020)
    await guarded.poll()
    assert scrape(registry).value("guard_revoked_sessions") == 0


async def test_refusals_are_counted_by_reason(
    issuer: FakeIssuer, guarded: FollowingApp, registry: CollectorRegistry
) -> None:
    """Refusals before and inside the handler count by reason. Accepted requests do not count."""
    assert await guarded.status(token(issuer)) == 200
    assert await guarded.status() == 401
    assert await guarded.status("rubbish") == 401
    assert await guarded.status(issuer.signer.token(claims(iss=issuer.url, aud="other"))) == 401
    assert await guarded.status(token(issuer), "/scoped") == 403
    issuer.clock.advance(31)
    assert await guarded.status(token(issuer), "/closed") == 503
    metrics = scrape(registry)
    for reason in ("missing", "malformed", "wrong_audience", "insufficient_scope", "revocations_unknown"):
        assert metrics.value("guard_access_refusals_total", reason=reason) == 1
    assert metrics.total("guard_access_refusals_total") == 5


async def test_metrics_without_issuer(issuer: FakeIssuer, registry: CollectorRegistry) -> None:
    """Without any answer the feed is stale, the timestamps are 0, and refused tokens count as ``keys_unknown``."""
    telemetry = guard_metrics(registry)
    assert scrape(registry).value("guard_feed_stale") == 1
    await issuer.stop()
    async with FollowingApp(issuer, [web.get("/", hello)], telemetry=telemetry) as guarded:
        assert await guarded.status(token(issuer)) == 503
    metrics = scrape(registry)
    assert metrics.value("guard_access_refusals_total", reason="keys_unknown") == 1
    assert metrics.value("guard_keys_timestamp_seconds") == 0
    assert metrics.value("guard_revocations_timestamp_seconds") == 0
    assert metrics.value("guard_feed_stale") == 1


def test_default_registry() -> None:
    """Without ``registry`` the metrics are in the default registry, once only."""
    registered = set(REGISTRY._collector_to_names)
    try:
        guard_metrics()
        assert scrape(REGISTRY).value("guard_feed_stale") == 1
        with pytest.raises(ValueError, match="Duplicated"):
            guard_metrics()
    finally:
        for each in set(REGISTRY._collector_to_names) - registered:
            REGISTRY.unregister(each)


def test_missing_prometheus_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """``guard_metrics`` raises ``ConfigurationError`` with the command to install prometheus-client."""
    monkeypatch.delitem(sys.modules, "app.adapters.telemetry.prometheus_guard", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigurationError, match=r"pip install keyturn\[metrics\]"):
        guard_metrics()
