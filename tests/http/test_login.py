"""``POST /auth/login``."""

import pytest

from app.domain.audit.events import LoginFailed, LoginSucceeded
from app.domain.scope import Scope
from app.testing.builders import AUDIENCE, ISSUER, PASSWORD
from app.testing.system import NOW

from .conftest import Start
from .forgery import segment
from .service import Service, Tokens

MEMBERS = ["access_token", "token_type", "expires_in", "refresh_token", "refresh_token_expires_in", "scope"]


@pytest.fixture
async def service(start: Start) -> Service:
    """Return a running service that hashes passwords."""
    return await start(hashing=True)


async def test_its_answer_is_a_token_response(service: Service) -> None:
    """The members are those of RFC 6749 §5.1 and no others, and nobody may keep the answer."""
    answer = await service.login()
    response = answer.json()
    assert answer.status == 200
    assert list(response) == MEMBERS
    assert response["token_type"] == "Bearer"  # noqa: S105  # a type of token
    assert (response["expires_in"], response["refresh_token_expires_in"]) == (900, 604_800)
    assert response["scope"] == "account orders:read"
    assert response["refresh_token"].startswith("ktr_")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


async def test_the_access_token_says_who_and_nothing_personal(service: Service, tokens: Tokens) -> None:
    """Header and claims are those of RFC 9068; the subject is a random id, not the username."""
    header, claims = segment(tokens.access, 0), segment(tokens.access, 1)
    assert header.keys() == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("RS256", "at+jwt")
    assert claims.pop("iss") == ISSUER
    assert claims.pop("aud") == AUDIENCE
    assert claims.pop("client_id") == "first-party"
    assert claims.pop("scope") == "account orders:read"
    assert [claims.pop("iat"), claims.pop("auth_time"), claims.pop("exp")] == [NOW, NOW, NOW + 900]
    assert [len(str(claims.pop(name))) for name in ("sub", "sid", "jti")] == [22, 22, 22]
    assert claims == {}
    assert "alice" not in str(segment(tokens.access, 1))


@pytest.mark.parametrize(
    ("requested", "granted"),
    [(None, "account orders:read"), ("", "account orders:read"), ("account", "account")],
    ids=["none", "empty", "part"],
)
async def test_scope_is_what_is_asked_of_the_users(service: Service, requested: str | None, granted: str) -> None:
    """Nothing asked is all the user has, and a part can be asked for; the token says the same."""
    answer = await service.login(scope=requested)
    assert answer.json()["scope"] == granted
    assert segment(answer.json()["access_token"], 1)["scope"] == granted


@pytest.mark.parametrize("requested", ["account keyturn:admin", "other", "account  orders:read", 'a"b', "\u00e9"])
async def test_more_scope_than_the_users_is_refused(service: Service, requested: str) -> None:
    """Asking for more, or for no scope at all, opens no session."""
    answer = await service.login(scope=requested)
    assert answer.problem == (400, "invalid-scope")
    assert service.audit.events == []


async def refusal(service: Service, username: str, password: str) -> tuple[int, bytes, dict[str, str]]:
    """Return a refused login without what differs between any two answers."""
    answer = await service.login(username, password)
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in ("x-request-id", "date")}
    assert answer.problem == (401, "invalid-credentials")
    return answer.status, answer.body, headers


async def test_refusals_do_not_say_what_was_wrong(service: Service) -> None:
    """An unknown user, a wrong password and a disabled user get one answer, byte for byte; the audit knows more."""
    user = await service.create_user("disabled")
    service.change_user(user, disabled=True)
    unknown = await refusal(service, "nobody", PASSWORD)
    wrong = await refusal(service, "alice", "wrong")
    disabled = await refusal(service, "disabled", PASSWORD)
    assert unknown == wrong == disabled
    assert unknown[2]["WWW-Authenticate"] == "Bearer"
    reasons = [event.reason for event in service.audit.events if isinstance(event, LoginFailed)]
    assert reasons == ["unknown_user", "wrong_password", "disabled_user"]


@pytest.mark.parametrize("username", ["Alice", "alice ", "alic\u0435", "alice\u0000"])
async def test_usernames_are_compared_character_by_character(service: Service, username: str) -> None:
    """What only looks like a user's name is another name."""
    assert (await service.login(username)).problem == (401, "invalid-credentials")


async def test_long_passwords_are_never_cut(service: Service) -> None:
    """A password of 128 characters works, its first 127 do not."""
    password = "\u00fc" * 128
    await service.create_user("bob", password)
    assert (await service.login("bob", password)).status == 200
    assert (await service.login("bob", password[:-1])).problem == (401, "invalid-credentials")


async def test_members_without_a_meaning_are_ignored(service: Service) -> None:
    """A client may send more than the service knows (RFC 6749 §3.2)."""
    assert (await service.login(device_id=5, nested={"a": [1]})).status == 200


async def test_no_access_token_outlives_its_session(start: Start) -> None:
    """With sessions shorter than access tokens, the token ends with the session."""
    service = await start(refresh_token_ttl=100)
    response = (await service.login()).json()
    assert (response["expires_in"], response["refresh_token_expires_in"]) == (100, 100)
    assert segment(response["access_token"], 1)["exp"] == NOW + 100


async def test_an_idle_limit_shows_in_the_lifetime(start: Start) -> None:
    """``refresh_token_expires_in`` is the time to the earlier of the two deadlines."""
    service = await start(refresh_idle_ttl=3_600)
    assert (await service.login()).json()["refresh_token_expires_in"] == 3_600


async def test_the_bootstrap_user_can_sign_in(start: Start) -> None:
    """The user of the settings is there, with the default scope and the administrator's."""
    service = await start(
        hashing=True,
        bootstrap_username="root",
        bootstrap_password="let me in",  # noqa: S106  # a test's
        default_scope=Scope.parse("account reports"),
    )
    answer = await service.login("root", "let me in")
    assert answer.json()["scope"] == "account keyturn:admin reports"


async def test_logins_are_independent(service: Service) -> None:
    """Two logins of one user are two sessions of one subject, each in the audit trail."""
    one, two = await service.sign_in(), await service.sign_in()
    first, second = segment(one.access, 1), segment(two.access, 1)
    assert first["sub"] == second["sub"]
    assert first["sid"] != second["sid"]
    assert one.refresh != two.refresh
    assert service.audit.kinds() == [LoginSucceeded, LoginSucceeded]
