"""``POST /auth/login``."""

from unicodedata import normalize

import bcrypt
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


async def test_login_returns_a_token_response(service: Service) -> None:
    """The response has the members of RFC 6749 §5.1 and no others, and no cache may keep it."""
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


async def test_access_token_has_no_personal_data(service: Service, tokens: Tokens) -> None:
    """Header and claims are those of RFC 9068. The subject is a random id, not the username."""
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
async def test_requested_scope_is_granted(service: Service, requested: str | None, granted: str) -> None:
    """Without a scope the user's whole scope is granted. The access token has the same scope as the response."""
    answer = await service.login(scope=requested)
    assert answer.json()["scope"] == granted
    assert segment(answer.json()["access_token"], 1)["scope"] == granted


@pytest.mark.parametrize("requested", ["account keyturn:admin", "other", "account  orders:read", 'a"b', "\u00e9"])
async def test_scope_beyond_the_users_is_refused(service: Service, requested: str) -> None:
    """A scope that the user does not have, or a malformed one, opens no session."""
    answer = await service.login(scope=requested)
    assert answer.problem == (400, "invalid-scope")
    assert service.audit.events == []


async def refused_login(service: Service, username: str, password: str) -> tuple[int, bytes, dict[str, str]]:
    """Return a refused login: status, body, and headers without the id and the date."""
    answer = await service.login(username, password)
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in ("x-request-id", "date")}
    assert answer.problem == (401, "invalid-credentials")
    return answer.status, answer.body, headers


async def test_refused_logins_look_the_same(service: Service) -> None:
    """An unknown user, a wrong password and a disabled user get the same bytes. Only the audit trail has the reason."""
    user = await service.create_user("disabled")
    service.change_user(user, disabled=True)
    unknown = await refused_login(service, "nobody", PASSWORD)
    wrong = await refused_login(service, "alice", "wrong")
    disabled = await refused_login(service, "disabled", PASSWORD)
    assert unknown == wrong == disabled
    assert unknown[2]["WWW-Authenticate"] == "Bearer"
    reasons = [event.reason for event in service.audit.events if isinstance(event, LoginFailed)]
    assert reasons == ["unknown_user", "wrong_password", "disabled_user"]


@pytest.mark.parametrize("username", ["Alice", "alice ", "alic\u0435", "alice\u0000"])
async def test_usernames_must_match_exactly(service: Service, username: str) -> None:
    """A name that differs in case, spaces or look-alike characters is another name."""
    assert (await service.login(username)).problem == (401, "invalid-credentials")


async def test_long_passwords_are_not_truncated(service: Service) -> None:
    """A password of 128 characters works. Its first 127 characters do not."""
    password = "\u00fc" * 128
    await service.create_user("bob", password)
    assert (await service.login("bob", password)).status == 200
    assert (await service.login("bob", password[:-1])).problem == (401, "invalid-credentials")


@pytest.mark.parametrize("sent", ["cafe\u0301", "\u0958\u0932\u092e", "10 k\u2126"])
async def test_imported_password_that_is_not_composed(service: Service, sent: str) -> None:
    """The password works as the old system hashed it, and after the first login in the form NFC, too."""
    hashed = bcrypt.hashpw(sent.encode(), bcrypt.gensalt(4)).decode()
    user = await service.container.accounts().import_user("bob", hashed, scope=Scope.parse("account"))
    assert (await service.login("bob", f"{sent}!")).problem == (401, "invalid-credentials")
    assert (await service.login("bob", sent)).status == 200
    renewed = await service.users.find(user.subject)
    assert renewed is not None
    assert renewed.password_hash.startswith("$argon2id$")
    assert (await service.login("bob", normalize("NFC", sent))).status == 200
    assert (await service.login("bob", sent)).status == 200


async def test_unknown_members_are_ignored(service: Service) -> None:
    """A client may send members that the service does not know (RFC 6749 §3.2)."""
    assert (await service.login(device_id=5, nested={"a": [1]})).status == 200


async def test_access_token_does_not_outlive_its_session(start: Start) -> None:
    """If sessions are shorter than access tokens, the access token expires with its session."""
    service = await start(refresh_token_ttl=100)
    response = (await service.login()).json()
    assert (response["expires_in"], response["refresh_token_expires_in"]) == (100, 100)
    assert segment(response["access_token"], 1)["exp"] == NOW + 100


async def test_idle_limit_shortens_refresh_token_expires_in(start: Start) -> None:
    """``refresh_token_expires_in`` is the time until the earlier of the two expiries."""
    service = await start(refresh_idle_ttl=3_600)
    assert (await service.login()).json()["refresh_token_expires_in"] == 3_600


async def test_bootstrap_user_can_sign_in(start: Start) -> None:
    """The user of the settings exists, with the default scope and the administrator's scope."""
    service = await start(
        hashing=True,
        bootstrap_username="root",
        bootstrap_password="let me in",  # noqa: S106  # a test's
        default_scope=Scope.parse("account reports"),
    )
    answer = await service.login("root", "let me in")
    assert answer.json()["scope"] == "account keyturn:admin reports"


async def test_each_login_opens_a_session(service: Service) -> None:
    """Two logins of one user open two sessions of one subject. Both are audited."""
    one, two = await service.sign_in(), await service.sign_in()
    first, second = segment(one.access, 1), segment(two.access, 1)
    assert first["sub"] == second["sub"]
    assert first["sid"] != second["sid"]
    assert one.refresh != two.refresh
    assert service.audit.kinds() == [LoginSucceeded, LoginSucceeded]
