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

from .foreign import claims, hello
from .stand_in_issuer import FEED, JWKS, SID, Following, StandInIssuer, token


@pytest.fixture
def registry() -> CollectorRegistry:
    """Return the application's registry."""
    return CollectorRegistry()


@pytest.fixture
async def guarded(issuer: StandInIssuer, registry: CollectorRegistry) -> AsyncIterator[Following]:
    """Return an application whose guard is measured."""

    @closed_when_stale
    async def closed(_: web.Request) -> web.Response:
        return web.Response()

    @requires("orders:delete")
    async def scoped(_: web.Request) -> web.Response:
        return web.Response()

    routes: list[web.AbstractRouteDef] = [web.get("/", hello), web.get("/closed", closed), web.get("/scoped", scoped)]
    async with Following(issuer, routes, telemetry=guard_metrics(registry)) as guarded:
        yield guarded


def scrape(registry: CollectorRegistry) -> Metrics:
    """Return what the application would answer to Prometheus."""
    return Metrics.parse(generate_latest(registry).decode())


def moment(registry: CollectorRegistry, name: str) -> float:
    """Return a timestamp that there must be."""
    value = scrape(registry).value(name)
    assert value is not None
    return value


async def unavailable(_: web.Request) -> web.Response:
    """Answer as an issuer whose store is away."""
    raise web.HTTPServiceUnavailable


async def test_what_is_known_at_the_start(guarded: Following, registry: CollectorRegistry) -> None:
    """One fetch of each document was good, and the feed is not stale."""
    metrics = scrape(registry)
    for document in ("keys", "feed"):
        assert metrics.value("guard_fetches_total", document=document, outcome="good") == 1
    assert metrics.total("guard_fetches_total") == 2
    assert (metrics.value("guard_trusted_keys"), metrics.value("guard_revoked_sessions")) == (1, 0)
    assert metrics.value("guard_feed_stale") == 0


async def test_ages_are_told_as_moments(issuer: StandInIssuer, guarded: Following, registry: CollectorRegistry) -> None:
    """Keys and revocations have the time at which they were new, which failures do not move: their age grows."""
    keys_at = moment(registry, "guard_keys_timestamp_seconds")
    revocations_at = moment(registry, "guard_revocations_timestamp_seconds")
    assert max(keys_at, revocations_at) <= time.time()
    issuer.instead.update({JWKS: unavailable, FEED: unavailable})
    issuer.clock.advance(20)
    before = time.time()
    await guarded.fetch()
    await guarded.poll()
    assert before <= moment(registry, "guard_keys_timestamp_seconds") + 20 <= time.time()
    assert before <= moment(registry, "guard_revocations_timestamp_seconds") + 20 <= time.time()


@pytest.mark.parametrize("document", ["keys", "feed"])
async def test_a_failed_fetch_is_counted(
    issuer: StandInIssuer, guarded: Following, registry: CollectorRegistry, document: str
) -> None:
    """By its document, and not as a good one."""
    issuer.instead.update({JWKS: unavailable, FEED: unavailable})
    await (guarded.fetch() if document == "keys" else guarded.poll())
    metrics = scrape(registry)
    assert metrics.value("guard_fetches_total", document=document, outcome="failed") == 1
    assert metrics.value("guard_fetches_total", document=document, outcome="good") == 1
    assert metrics.total("guard_fetches_total", outcome="failed") == 1


async def test_staleness_is_shown(issuer: StandInIssuer, guarded: Following, registry: CollectorRegistry) -> None:
    """With the polls that find it."""
    issuer.instead[FEED] = unavailable
    for seconds, stale in ((30, 0), (1, 1)):
        issuer.clock.advance(seconds)
        await guarded.poll()
        assert scrape(registry).value("guard_feed_stale") == stale
    del issuer.instead[FEED]
    await guarded.poll()
    assert scrape(registry).value("guard_feed_stale") == 0


async def test_sessions_known_to_be_revoked(
    issuer: StandInIssuer, guarded: Following, registry: CollectorRegistry
) -> None:
    """Those that the feeds told of, until no token of theirs can be alive."""
    issuer.feed = {"revoked": {SID: int(issuer.clock.now())}}
    issuer.clock.advance(2)
    await guarded.poll()
    assert scrape(registry).value("guard_revoked_sessions") == 1
    issuer.feed = {}
    issuer.clock.advance(1_020)
    await guarded.poll()
    assert scrape(registry).value("guard_revoked_sessions") == 0


async def test_refusals_are_counted_by_reason(
    issuer: StandInIssuer, guarded: Following, registry: CollectorRegistry
) -> None:
    """Those before a handler and those in it; a request that is let through is none."""
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


async def test_a_guard_that_never_had_an_answer(issuer: StandInIssuer, registry: CollectorRegistry) -> None:
    """It is stale from the start, knows nothing since 1970, and counts the tokens that it could not judge."""
    telemetry = guard_metrics(registry)
    assert scrape(registry).value("guard_feed_stale") == 1
    await issuer.stop()
    async with Following(issuer, [web.get("/", hello)], telemetry=telemetry) as guarded:
        assert await guarded.status(token(issuer)) == 503
    metrics = scrape(registry)
    assert metrics.value("guard_access_refusals_total", reason="keys_unknown") == 1
    assert metrics.value("guard_keys_timestamp_seconds") == 0
    assert metrics.value("guard_revocations_timestamp_seconds") == 0
    assert metrics.value("guard_feed_stale") == 1


def test_the_registry_is_prometheus_clients_own_unless_given() -> None:
    """So an application that exposes that one already has nothing more to do; two guards need two."""
    registered = set(REGISTRY._collector_to_names)
    try:
        guard_metrics()
        assert scrape(REGISTRY).value("guard_feed_stale") == 1
        with pytest.raises(ValueError, match="Duplicated"):
            guard_metrics()
    finally:
        for each in set(REGISTRY._collector_to_names) - registered:
            REGISTRY.unregister(each)


def test_without_prometheus_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the guard itself can be imported."""
    monkeypatch.delitem(sys.modules, "app.adapters.telemetry.prometheus_guard", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigurationError, match=r"pip install keyturn\[metrics\]"):
        guard_metrics()
