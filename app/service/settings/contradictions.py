"""Contradictions: settings that are valid one by one, but do not work together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ...domain.clients.client import MAX_CLIENT_ID_LENGTH
from ...domain.identifiers import ClientId
from ...domain.network import UNIX, is_loopback
from ...domain.scope import ADMIN, Scope
from ...domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ...domain.tokens.longest_token import LongestToken
from .declared import DEFAULT_REPLAY_WINDOW, PREFIX
from .derived import DerivedSettings


def contradictions(settings: DerivedSettings) -> Iterator[str]:
    """Yield a sentence for each contradiction. It names the settings and says what to change."""
    yield from _key_sources(settings)
    yield from _key_times(settings)
    yield from _replay_window(settings)
    yield from _pairs(settings)
    yield from _several_workers(settings)
    yield from _insecure_issuer(settings)
    yield from _long_tokens(settings)


def _key_sources(settings: DerivedSettings) -> Iterator[str]:
    sources = [settings.signing_key, settings.signing_key_file, settings.keys_dir, settings.key_encryption_key]
    if sum(source is not None for source in sources) > 1:
        yield (
            f"{PREFIX}SIGNING_KEY, {PREFIX}SIGNING_KEY_FILE, {PREFIX}KEYS_DIR and {PREFIX}KEY_ENCRYPTION_KEY: give"
            " one of them only."
        )
    if settings.key_source == "shared" and "memory://" in (settings.session_url or settings.database_url):
        yield (
            f"{PREFIX}KEY_ENCRYPTION_KEY: memory:// keeps no keys; set {PREFIX}DATABASE_URL to a store that does,"
            " such as sqlite:///keyturn.db."
        )


def _key_times(settings: DerivedSettings) -> Iterator[str]:
    if settings.key_rotation_period and not settings.can_make_keys:
        yield (
            f"{PREFIX}KEY_ROTATION_PERIOD: a key that comes from the environment, or is made at each start, cannot"
            f" be replaced here; set {PREFIX}KEYS_DIR, or {PREFIX}KEY_ENCRYPTION_KEY and a store."
        )
    policy = settings.key_policy
    if policy.period is not None and policy.period < policy.lead():
        yield (
            f"{PREFIX}KEY_ROTATION_PERIOD: a key is published for {policy.lead()} s before it signs"
            f" ({PREFIX}JWKS_MAX_AGE, {PREFIX}CLOCK_LEEWAY and 5 s); keys cannot rotate faster."
        )


def _replay_window(settings: DerivedSettings) -> Iterator[str]:
    longest = settings.access_token_ttl // 2
    if settings.replay_window > longest and settings.replay_window != DEFAULT_REPLAY_WINDOW:
        yield (
            f"{PREFIX}REPLAY_WINDOW: {settings.replay_window} s is more than half of {PREFIX}ACCESS_TOKEN_TTL; a client"
            f" that refreshes more often than the window gets no reuse detection. Give at most {longest} s."
        )
    idle, window = settings.refresh_idle_ttl, settings.session_policy.replay_window
    if idle is not None and idle < 2 * window:
        yield (
            f"{PREFIX}REFRESH_IDLE_TTL: {idle} s is less than twice the replay window of {window} s; a session could"
            f" end while its replaced token still works. Give at least {2 * window} s, or lower {PREFIX}REPLAY_WINDOW."
        )


def _pairs(settings: DerivedSettings) -> Iterator[str]:
    if (settings.bootstrap_username is None) != (settings.bootstrap_password is None):
        yield f"{PREFIX}BOOTSTRAP_USERNAME and {PREFIX}BOOTSTRAP_PASSWORD: give both or neither."
    if (
        settings.metrics_port is not None
        and settings.metrics_port == settings.port != 0
        and not settings.host.startswith(UNIX)
    ):
        yield (
            f"{PREFIX}METRICS_PORT: {settings.port} is {PREFIX}PORT too; metrics must not be public. Give them"
            " a port of their own."
        )
    if settings.session_replicas and settings.session_url is None:
        yield f"{PREFIX}SESSION_REPLICAS: only a {PREFIX}SESSION_URL such as redis://… can have replicas."


def _several_workers(settings: DerivedSettings) -> Iterator[str]:
    if settings.workers == 1:
        return
    if settings.key_source == "generated":
        yield (
            f"{PREFIX}WORKERS: each of several workers would make a signing key of its own; set {PREFIX}KEYS_DIR,"
            f" {PREFIX}SIGNING_KEY_FILE or {PREFIX}SIGNING_KEY."
        )
    if "memory://" in (settings.database_url, settings.session_url):
        yield (
            f"{PREFIX}WORKERS: each of several workers would have a memory of its own; set {PREFIX}DATABASE_URL to"
            " a store that they can share, such as sqlite:///keyturn.db."
        )


def _insecure_issuer(settings: DerivedSettings) -> Iterator[str]:
    parts = urlsplit(settings.issuer_url)
    if not (settings.allow_http_issuer or parts.scheme == "https" or is_loopback(parts.hostname or "")):
        yield (
            f"{PREFIX}ISSUER: {settings.issuer_url} is not https; tokens sent to it can be read on the way. Use"
            f" https, or set {PREFIX}ALLOW_HTTP_ISSUER=1 where the network itself is trusted."
        )


def _long_tokens(settings: DerivedSettings) -> Iterator[str]:
    """Judge the token with the longest client id and scope. So the scope of a user never makes a token too long."""
    from ...adapters.jose.token_codec import JoseTokenCodec  # noqa: PLC0415  # the help of serve does not need it

    longest = LongestToken(codec=JoseTokenCodec(), policy=settings.access_token_policy)
    surplus = longest.surplus(
        client_id=ClientId("x" * MAX_CLIENT_ID_LENGTH), scope=Scope(frozenset({"x" * MAX_SCOPE_LENGTH}))
    )
    if surplus:
        yield (
            f"{PREFIX}ISSUER and {PREFIX}AUDIENCE: they make the longest access token {surplus:,} bytes too long for a"
            " header; shorten them by as much."
        )
    bootstrap_scope = Scope(settings.default_scope.tokens | {ADMIN})
    if settings.bootstrap_username is not None and len(bootstrap_scope.text) > MAX_SCOPE_LENGTH:
        yield (
            f"{PREFIX}DEFAULT_SCOPE: with {ADMIN}, which the user of {PREFIX}BOOTSTRAP_USERNAME gets too, it has more"
            f" than {MAX_SCOPE_LENGTH:,} characters; shorten it."
        )
