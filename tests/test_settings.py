"""Settings from environment variables."""

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import pytest

from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.scope import Scope
from app.service.settings import Settings

from .settings import SECRET, fault, settings

VALID: Final = [
    ("HOST", "::", "::"),
    ("HOST", "[::1]", "::1"),
    ("HOST", "*", "*"),
    ("HOST", "unix:/run/keyturn/keyturn.sock", "unix:/run/keyturn/keyturn.sock"),
    ("SOCKET_MODE", "666", 0o666),
    ("SOCKET_MODE", "0600", 0o600),
    ("PORT", "0", 0),
    ("PORT", "65535", 65_535),
    ("ISSUER", "https://id.example/tenant", "https://id.example/tenant"),
    ("AUDIENCE", "https://orders.example", ("https://orders.example",)),
    ("AUDIENCE", "keyturn, https://orders.example ,stock", ("keyturn", "https://orders.example", "stock")),
    ("AUDIENCE", "the orders é", ("the orders é",)),
    ("ACCESS_TOKEN_TTL", "900", 900),
    ("ACCESS_TOKEN_TTL", "24h", 86_400),
    ("REFRESH_TOKEN_TTL", "30d", 2_592_000),
    ("REFRESH_IDLE_TTL", "12h", 43_200),
    ("REPLAY_WINDOW", "0", 0),
    ("REPLAY_WINDOW", "1m", 60),
    ("SESSIONS_PER_USER", "7", 7),
    ("DEFAULT_SCOPE", "orders:read account", Scope.parse("account orders:read")),
    ("CLOCK_LEEWAY", "5s", 5),
    ("DATABASE_URL", "memory://", "memory://"),
    ("DATABASE_URL", "sqlite:///keyturn.db", "sqlite:///keyturn.db"),
    ("SESSION_URL", "redis+cluster://a:1,b:2", "redis+cluster://a:1,b:2"),
    ("STORE_TIMEOUT", "5s", 5),
    ("REFRESH_TIMEOUT", "3s", 3),
    ("STORE_CONNECTIONS", "20", 20),
    ("STORE_PREPARED_STATEMENTS", "0", False),
    ("SIGNING_KEY", SECRET, SECRET),
    ("SIGNING_KEY_FILE", "key.pem", Path("key.pem")),
    ("KEYS_DIR", "keys", Path("keys")),
    ("KEY_PASSPHRASE", SECRET, SECRET),
    ("KEY_SIZE", "4096", 4_096),
    ("KEY_ROTATION_PERIOD", "0", 0),
    ("JWKS_MAX_AGE", "1h", 3_600),
    ("PASSWORD_HASH_MEMORY", "8192", 8_192),
    ("PASSWORD_MIN_LENGTH", "15", 15),
    ("AUDIT_RETENTION", "30d", 2_592_000),
    ("PASSWORD_HASH_ITERATIONS", "3", 3),
    ("PASSWORD_HASH_THREADS", "1", 1),
    ("PASSWORD_HASH_QUEUE", "0", 0),
    ("LOGIN_ACCOUNT_BUDGET", "50/2d", RateLimit(50, 172_800)),
    ("LOGIN_DEVICE_BUDGET", "1/1", RateLimit(1, 1)),
    ("LOGIN_ADDRESS_BUDGET", "5/90s", RateLimit(5, 90)),
    ("LOGIN_NETWORK_BUDGET", "1000000/366d", RateLimit(1_000_000, 366 * 86_400)),
    ("LOGIN_BUDGET", "9/3h", RateLimit(9, 10_800)),
    ("REFRESH_BUDGET", "60/1m", RateLimit(60, 60)),
    ("TOKEN_BUDGET", "60/1s", RateLimit(60, 1)),
    ("INTROSPECTION_BUDGET", "100/1s", RateLimit(100, 1)),
    ("DEVICE_TTL", "30d", 2_592_000),
    ("TRUSTED_PROXIES", "10.0.0.0/8, fd00::1", (ip_network("10.0.0.0/8"), ip_network("fd00::1"))),
    ("TRUSTED_PROXIES", "unix:", ("unix:",)),
    ("TRUSTED_PROXIES", "unix:,10.0.0.1", ("unix:", ip_network("10.0.0.1"))),
    ("BODY_TIMEOUT", "1s", 1),
    ("CORS_ORIGINS", "https://app.example", ("https://app.example",)),
    ("CORS_ORIGINS", "https://a.example, http://localhost:3000", ("https://a.example", "http://localhost:3000")),
    (
        "CORS_ORIGINS",
        "http://[::1]:3000,https://xn--bcher-kva.example",
        ("http://[::1]:3000", "https://xn--bcher-kva.example"),
    ),
    ("CONNECTIONS_PER_ADDRESS", "100", 100),
    ("DOCS", "0", False),
    ("CONSOLE", "0", False),
    ("DRAIN_DELAY", "5s", 5),
    ("SHUTDOWN_TIMEOUT", "10m", 600),
    ("LOG_LEVEL", "DEBUG", "debug"),
    ("LOG_FORMAT", "json", "json"),
    ("LOG_FORMAT", "TEXT", "text"),
    ("ACCESS_LOG", "0", False),
    ("METRICS_PORT", "9464", 9_464),
    ("METRICS_HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104  # a value
    ("METRICS_HOST", "[::]", "::"),
    ("TRACES", "1", True),
    ("ALLOW_HTTP_ISSUER", "1", True),
]

DEFAULTS: Final[dict[str, object]] = {
    "host": "127.0.0.1",
    "socket_mode": 0o660,
    "port": 8080,
    "issuer": None,
    "issuer_url": "http://127.0.0.1:8080",
    "audience": ("keyturn",),
    "access_token_ttl": 900,
    "refresh_token_ttl": 604_800,
    "refresh_idle_ttl": None,
    "replay_window": 120,
    "sessions_per_user": 100,
    "default_scope": Scope.parse("account"),
    "clock_leeway": 30,
    "database_url": "memory://",
    "session_url": None,
    "session_replicas": 0,
    "store_timeout": 2,
    "refresh_timeout": 1,
    "store_connections": 10,
    "cors_origins": None,
    "connections_per_address": None,
    "docs": True,
    "console": True,
    "workers": 1,
    "signing_key": None,
    "keys_dir": None,
    "key_size": 2_048,
    "key_encryption_key": None,
    "key_rotation_period": None,
    "jwks_max_age": 600,
    "bootstrap_username": None,
    "bootstrap_password": None,
    "metrics_port": None,
    "metrics_host": "127.0.0.1",
    "traces": False,
    "allow_http_issuer": False,
}

INVALID: Final = [
    ("LOGIN_BUDGET", "10"),
    ("LOGIN_BUDGET", "0/1m"),
    ("LOGIN_BUDGET", "5/0s"),
    ("LOGIN_BUDGET", "5/367d"),
    ("REFRESH_BUDGET", "1000001/1d"),
    ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("CONNECTIONS_PER_ADDRESS", "0"),
    ("TRUSTED_PROXIES", "localhost"),
    ("TRUSTED_PROXIES", "::ffff:10.0.0.0/104"),
    ("TRUSTED_PROXIES", "10.0.0.0/8 fd00::1"),
    ("TRUSTED_PROXIES", "unix:/run/keyturn.sock"),
    ("TRUSTED_PROXIES", "10.0.0.1,"),
    *(("HOST", text) for text in ("unix:", "unix:keyturn.sock", "unix:/run/", "unix:/run/a\nb", f"unix:/{'x' * 107}")),
    *(("HOST", text) for text in ("unix:@keyturn", "[127.0.0.1]", "[id.example]")),
    *(("SOCKET_MODE", text) for text in ("66", "6660", "888", "060", "rw-rw----", "0o660", "1660")),
    ("METRICS_HOST", "unix:/run/keyturn/metrics.sock"),
    *((name, "") for name in sorted({name for name, _, _ in VALID} - {"DEFAULT_SCOPE"})),
    *(("ACCESS_TOKEN_TTL", text) for text in ("0", "-1", "+1", "1.5h", "1w", "1M", "15 m", "25h", " 900", "900\n")),
    *(("ACCESS_TOKEN_TTL", text) for text in ("9" * 10 + "d", "9" * 5_000, "１５m", "1_5", "none")),  # noqa: RUF001  # a digit
    *((f"REFRESH_{name}_TTL", "1") for name in ("TOKEN", "IDLE")),  # such a session would be over at sign-in
    *(("REPLAY_WINDOW", text) for text in ("601", "-1", "11m")),
    *(("SESSIONS_PER_USER", text) for text in ("0", "10001", "many")),
    *(("AUDIENCE", text) for text in (",", "keyturn,", "a,,b", "a, a", "a\nb", "https://a.example/#b", "a#b,c")),
    ("AUDIENCE", ",".join(map(str, range(21)))),
    *(("PORT", text) for text in ("65536", "-1", "http", "8_0", "８０", "0x50", "8" * 5_000)),  # noqa: RUF001  # a digit
    *(("ISSUER", text) for text in ("id.example", "ftp://id.example", "https://", "https://[::1", "https://id:port")),
    *(("ISSUER", text) for text in ("https://id/?a=b", "https://id/#a", "https://id/?", "https://id/#")),
    *(("ISSUER", text) for text in ("https://id .example", "https://id.example\n", " https://id.example")),
    *(("HOST", text) for text in ("a\nb", "\x00")),
    *(("DEFAULT_SCOPE", text) for text in ("a  b", 'a"b', "é")),
    *(("DATABASE_URL", text) for text in ("keyturn.db", "memory:")),
    *(("KEY_SIZE", text) for text in ("1024", "２０４８", "2049")),  # noqa: RUF001  # a digit
    *(("AUDIT_RETENTION", text) for text in ("59m", "11000d")),
    *(("PASSWORD_MIN_LENGTH", text) for text in ("0", "129", "eight")),
    *(("PASSWORD_HASH_MEMORY", text) for text in ("8191", "19MiB")),
    *(
        ("CORS_ORIGINS", text)
        for text in ("*", "null", "https://*.example", "https://a.example,*", "https://a.example,")
    ),
    *(
        ("CORS_ORIGINS", text)
        for text in ("app.example", "https://a.example/", "https://A.example", "HTTPS://a.example")
    ),
    *(("CORS_ORIGINS", text) for text in ("https://a.example:443", "http://a.example:80", "https://a.example:0")),
    *(("CORS_ORIGINS", text) for text in ("https://a.example:65536", "https://u@a.example", "https://bücher.example")),
    *(
        ("CORS_ORIGINS", text)
        for text in ("https://a.example https://b.example", "https://a.example\n", "ftp://a.example")
    ),
    *(("LOG_LEVEL", text) for text in ("trace", "20")),
    ("LOG_FORMAT", "xml"),
    *(("ACCESS_LOG", text) for text in ("true", "2")),
]


@pytest.mark.parametrize(("name", "expected"), DEFAULTS.items())
def test_defaults(name: str, expected: object) -> None:
    """An empty environment gives the documented defaults."""
    assert getattr(settings(), name) == expected


@pytest.mark.parametrize(("name", "text", "expected"), VALID)
def test_valid_values(name: str, text: str, expected: object) -> None:
    """Each setting is read from its variable, in each of its forms."""
    assert getattr(settings(**{name: text}), name.lower()) == expected


def test_every_setting_is_tried() -> None:
    """``VALID`` has every setting, except those that need other settings."""
    needy = {"key_encryption_key", "bootstrap_username", "bootstrap_password", "session_replicas", "workers"}
    tried = {name.lower() for name, _, _ in VALID} | needy
    assert tried == {each.name for each in fields(Settings)}


@pytest.mark.parametrize(("name", "text"), INVALID)
def test_invalid_values(name: str, text: str) -> None:
    """An invalid value is refused in one line that names the variable and says what the value must be."""
    message = fault(**{name: text})
    assert message.startswith(f"KEYTURN_{name}: ")
    assert "must" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "name", ["PORTT", "port", "", "REDIS_URL", "HOST_FILE", "KEYS_DIR_FILE", "SIGNING_KEY_FILE_FILE"]
)
def test_unknown_names(name: str) -> None:
    """An unknown name with the prefix is refused, and so is a ``_FILE`` variable of a setting that is no secret."""
    message = fault(**{name: SECRET})
    assert message.startswith(f"KEYTURN_{name}: there is no setting of this name")
    assert "serve --help" in message
    assert SECRET not in message


def test_other_names_are_ignored() -> None:
    """Variables without the exact prefix have no effect."""
    assert Settings.from_environment({"PORT": "1", "keyturn_port": "2", "XKEYTURN_PORT": "3"}) == settings()


def test_all_errors_are_reported_together() -> None:
    """The error has a line for each fault."""
    lines = fault(PORT="http", TYPO="1", BOOTSTRAP_PASSWORD_FILE="missing", ACCESS_LOG="yes").splitlines()  # noqa: S106  # a path
    assert [line.partition(":")[0] for line in lines] == [
        "KEYTURN_ACCESS_LOG",
        "KEYTURN_BOOTSTRAP_PASSWORD_FILE",
        "KEYTURN_PORT",
        "KEYTURN_TYPO",
    ]


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        ({}, "generated"),
        ({"SIGNING_KEY": SECRET}, "environment"),
        ({"SIGNING_KEY_FILE": "key.pem"}, "file"),
        ({"KEYS_DIR": "keys"}, "directory"),
    ],
)
def test_the_source_of_keys(variables: dict[str, str], source: str) -> None:
    """The setting that is given decides the source of the signing keys."""
    assert settings(**variables).key_source == source


@pytest.mark.parametrize(
    ("variables", "issuer"),
    [
        ({"PORT": "23001"}, "http://127.0.0.1:23001"),
        ({"HOST": "localhost"}, "http://localhost:8080"),
        ({"HOST": "127.0.0.2", "PORT": "81"}, "http://127.0.0.2:81"),
        ({"HOST": "[::1]", "PORT": "23001"}, "http://[::1]:23001"),
        ({"HOST": "*", "PORT": "23001"}, "http://127.0.0.1:23001"),
        ({"HOST": "0.0.0.0", "PORT": "23001"}, "http://127.0.0.1:23001"),  # noqa: S104  # a value
        ({"HOST": "unix:/run/keyturn.sock"}, "http://127.0.0.1:8080"),
        ({"PORT": "23001", "ISSUER": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"PORT": "23001", "ISSUER": "https://id.example/id"}, "https://id.example/id"),
    ],
)
def test_the_issuer_follows_the_address(variables: dict[str, str], issuer: str) -> None:
    """Without ``KEYTURN_ISSUER``, the issuer is the loopback address on which the service listens, with its port."""
    assert settings(**variables).access_token_policy.issuer == issuer


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_http_is_accepted_for_a_loopback_issuer(host: str) -> None:
    """An issuer on this machine needs no https."""
    assert settings(ISSUER=f"http://{host}:8080").issuer == f"http://{host}:8080"


def test_an_issuer_without_its_scheme() -> None:
    """The error says what is missing, and which URL may be meant."""
    assert "scheme, which is missing (did you mean https://id.example?)" in fault(ISSUER="id.example")


@pytest.mark.parametrize(
    "host", ["id.example", "10.0.0.1", "[::]", "192.0.2.1", "127.0.0.1.example", "localhost.example"]
)
def test_http_is_refused_for_other_issuers(host: str) -> None:
    """For other hosts http is refused; the error names both ways out, and the second one works."""
    message = fault(ISSUER=f"http://{host}")
    assert message.startswith("KEYTURN_ISSUER: ")
    assert "Use https" in message
    assert "KEYTURN_ALLOW_HTTP_ISSUER=1" in message
    assert settings(ISSUER=f"http://{host}", ALLOW_HTTP_ISSUER="1").issuer == f"http://{host}"


@pytest.mark.parametrize("name", ["SIGNING_KEY_FILE", "KEYS_DIR", "PORT", "ISSUER"])
def test_a_misplaced_key_is_not_shown(name: str) -> None:
    """If the text of a key is given for another setting, the error does not show it."""
    message = fault(**{name: f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"})
    assert "must be" in message
    assert SECRET not in message


def test_repr_hides_secrets() -> None:
    """The ``repr`` of the settings shows no secret."""
    url = f"postgresql://keyturn:{SECRET}@localhost/keyturn"
    secrets: dict[str, Any] = {"SIGNING_KEY": SECRET, "KEY_PASSPHRASE": SECRET, "BOOTSTRAP_PASSWORD": SECRET}
    secrets |= {"DATABASE_URL": url, "SESSION_URL": url}
    shown = repr(settings(BOOTSTRAP_USERNAME="alice", **secrets))
    assert "alice" in shown
    assert SECRET not in shown
