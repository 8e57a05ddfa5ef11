"""Settings that are valid one by one, but do not work together."""

import pytest

from .settings import SECRET, fault, settings


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"BOOTSTRAP_USERNAME": "alice"}, ["BOOTSTRAP_USERNAME", "BOOTSTRAP_PASSWORD"]),
        ({"BOOTSTRAP_PASSWORD": SECRET}, ["BOOTSTRAP_USERNAME", "BOOTSTRAP_PASSWORD"]),
        ({"SIGNING_KEY": SECRET, "KEYS_DIR": "keys"}, ["SIGNING_KEY", "KEYS_DIR"]),
        ({"SIGNING_KEY": SECRET, "SIGNING_KEY_FILE": "key.pem"}, ["SIGNING_KEY", "SIGNING_KEY_FILE"]),
        ({"SIGNING_KEY_FILE": "key.pem", "KEYS_DIR": "keys"}, ["SIGNING_KEY_FILE", "KEYS_DIR"]),
    ],
)
def test_contradictions(variables: dict[str, str], named: list[str]) -> None:
    """Settings that contradict each other are refused; the error names them and shows no secret."""
    message = fault(**variables)
    assert all(f"KEYTURN_{name}" in message for name in named)
    assert "give " in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "form"), [("AUDIENCE", "{}"), ("ISSUER", "https://id.example/{}"), ("AUDIENCE", "é{}")]
)
def test_issuer_and_audience_leave_room_for_every_scope(name: str, form: str) -> None:
    """A token that no header takes is refused at start. The error says how many bytes too many there are."""
    message = fault(**{name: form.format("x" * 6_000)})
    assert message.startswith("KEYTURN_ISSUER and KEYTURN_AUDIENCE: they make the longest access token ")
    surplus = int(message.split(" bytes too long", 1)[0].rpartition(" ")[2].replace(",", ""))
    assert settings(**{name: form.format("x" * (6_000 - surplus))})


def test_bootstrap_user_has_room_for_the_scope_of_an_administrator() -> None:
    """The default scope and ``keyturn:admin`` together are a scope that verifiers read."""
    user = {"BOOTSTRAP_USERNAME": "alice", "BOOTSTRAP_PASSWORD": "correct horse battery staple"}
    longest = 1_024 - len(" keyturn:admin")
    assert fault(DEFAULT_SCOPE="x" * (longest + 1), **user).startswith("KEYTURN_DEFAULT_SCOPE: with keyturn:admin")
    assert settings(DEFAULT_SCOPE="x" * longest, **user)
    assert settings(DEFAULT_SCOPE="x" * 1_024)
    assert fault(DEFAULT_SCOPE="x" * 1_025).endswith("with at most 1,024 characters together.")


@pytest.mark.parametrize(
    ("variables", "window"),
    [
        ({}, 120),
        ({"ACCESS_TOKEN_TTL": "61s"}, 30),
        ({"ACCESS_TOKEN_TTL": "4h", "REPLAY_WINDOW": "10m"}, 600),
        ({"REPLAY_WINDOW": "450s"}, 450),
        ({"REPLAY_WINDOW": "0"}, 0),
    ],
)
def test_the_default_replay_window_is_at_most_half_the_lifetime(variables: dict[str, str], window: int) -> None:
    """The default is two minutes, or less if access tokens are short. A given window is used as it is."""
    assert settings(**variables).session_policy.replay_window == window


@pytest.mark.parametrize(
    ("variables", "name", "correction"),
    [
        ({"REPLAY_WINDOW": "451"}, "REPLAY_WINDOW", "Give at most 450 s."),
        ({"REPLAY_WINDOW": "31", "ACCESS_TOKEN_TTL": "60"}, "REPLAY_WINDOW", "Give at most 30 s."),
        ({"REFRESH_IDLE_TTL": "239"}, "REFRESH_IDLE_TTL", "Give at least 240 s"),
        ({"REFRESH_IDLE_TTL": "59", "REPLAY_WINDOW": "30"}, "REFRESH_IDLE_TTL", "Give at least 60 s"),
    ],
)
def test_a_replay_window_that_is_too_long(variables: dict[str, str], name: str, correction: str) -> None:
    """The window must fit into half the lifetime of an access token, and twice into the idle limit."""
    message = fault(**variables)
    assert message.startswith(f"KEYTURN_{name}: ")
    assert correction in message


def test_metrics_need_their_own_port() -> None:
    """The port of the service is refused for metrics; ``0`` may be given for both."""
    assert fault(PORT="9000", METRICS_PORT="9000").startswith("KEYTURN_METRICS_PORT: 9000 is KEYTURN_PORT too")
    assert "\n" not in fault(PORT="9000", METRICS_PORT="9000")
    assert settings(PORT="0", METRICS_PORT="0").metrics_port == 0


@pytest.mark.parametrize(
    ("variables", "correction"),
    [
        ({"DATABASE_URL": "sqlite:///keyturn.db"}, "KEYTURN_KEYS_DIR"),
        ({"KEYS_DIR": "keys"}, "KEYTURN_DATABASE_URL"),
        ({"KEYS_DIR": "keys", "SESSION_URL": "redis://localhost"}, "KEYTURN_DATABASE_URL"),
        ({"KEYS_DIR": "keys", "DATABASE_URL": "sqlite:///keyturn.db", "SESSION_URL": "memory://"}, "DATABASE_URL"),
    ],
)
def test_several_workers_need_a_shared_store_and_key(variables: dict[str, str], correction: str) -> None:
    """Several workers are refused if each would have its own store or key; one worker is not."""
    message = fault(WORKERS="2", **variables)
    assert message.startswith("KEYTURN_WORKERS: ")
    assert correction in message
    assert settings(WORKERS="1", **variables).workers == 1


def test_several_workers_with_a_shared_store() -> None:
    """Several workers are accepted with a shared store and a shared key."""
    assert settings(WORKERS="4", DATABASE_URL="sqlite:///keyturn.db", KEYS_DIR="keys").workers == 4


def test_replicas_need_a_session_url() -> None:
    """The number of replicas is accepted only with a separate session store."""
    assert "KEYTURN_SESSION_URL" in fault(SESSION_REPLICAS="1")
    assert settings(SESSION_REPLICAS="1", SESSION_URL="redis://localhost").session_replicas == 1
