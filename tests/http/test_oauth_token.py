"""``POST /oauth/token`` (RFC 6749)."""

import pytest

from app.domain.clients.client import AuthenticationMethod, GrantType
from app.domain.identifiers import ClientId
from app.domain.rate_limits.rate_limit import RateLimit

from .conftest import Start
from .forgery import segment
from .oauth import CREDENTIALS, JWKS, JWT_BEARER, TOKEN, ask, assertion, basic, error, register
from .service import Service, Tokens

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REFRESH = {"grant_type": "refresh_token", "client_id": "first-party"}


async def test_client_credentials_grant(service: Service) -> None:
    """The subject is the client; there is no session and no refresh token (RFC 6749 §4.4.3, RFC 9068 §2.2)."""
    answer = await ask(service, TOKEN, await register(service), **CREDENTIALS)
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    members = answer.json()
    token = members.pop("access_token")
    assert members == {"token_type": "Bearer", "expires_in": 900, "scope": "stock:read stock:write"}
    claims = segment(token, 1)
    assert (claims["sub"], claims["client_id"]) == ("orders", "orders")
    assert claims["aud"] == ["stock", "https://mail.example/"]
    assert "sid" not in claims
    assert (await service.me(token)).problem == (401, "invalid-token")


async def test_client_token_is_accepted_without_a_session(service: Service) -> None:
    """A token for this service's audience names the client, and gives no access to an account."""
    secret = await register(service, audiences=("keyturn",))
    token = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    assert (await service.me(token)).json()["sub"] == "orders"
    assert (await service.ask("GET", "/auth/sessions", token=token)).problem == (403, "insufficient-scope")


@pytest.mark.parametrize("parameter", ["resource", "audience"])
async def test_client_can_choose_audiences(service: Service, parameter: str) -> None:
    """A client may request any of its audiences. Others are ``invalid_target`` (RFC 8707 §2)."""
    secret = await register(service)
    one = await ask(service, TOKEN, secret, **CREDENTIALS, **{parameter: "stock"})
    assert segment(one.json()["access_token"], 1)["aud"] == "stock"
    body = f"grant_type=client_credentials&{parameter}=stock&{parameter}=https%3A%2F%2Fmail.example%2F"
    both = await service.ask("POST", TOKEN, data=body, headers={**FORM, **basic("orders", secret)})
    assert segment(both.json()["access_token"], 1)["aud"] == ["stock", "https://mail.example/"]
    foreign = await ask(service, TOKEN, secret, **CREDENTIALS, **{parameter: "bank"})
    assert error(foreign) == (400, "invalid_target")


async def test_scope_can_only_be_narrowed(service: Service) -> None:
    """A client may request less than its scope, not more (RFC 6749 §3.3)."""
    secret = await register(service)
    narrowed = await ask(service, TOKEN, secret, **CREDENTIALS, scope="stock:read")
    assert narrowed.json()["scope"] == "stock:read"
    for scope in ("stock:read bank", "a  b"):
        assert error(await ask(service, TOKEN, secret, **CREDENTIALS, scope=scope)) == (400, "invalid_scope")


async def test_refresh_grant_continues_a_sign_in_session(service: Service, tokens: Tokens) -> None:
    """With the id of the built-in client, rotation, replay and reuse are those of ``/auth/refresh``."""
    first = await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": tokens.refresh})
    again = await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": tokens.refresh})
    assert first.json()["refresh_token"] == again.json()["refresh_token"]
    assert first.json().keys() == (await service.login()).json().keys()
    service.pass_replay_window()
    reused = await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": tokens.refresh})
    assert error(reused) == (400, "invalid_grant")


async def test_failed_request_does_not_use_up_the_token(service: Service, tokens: Tokens) -> None:
    """After any failed request, the same refresh token still works."""
    secret = await register(service)
    for form, code in (
        ({**REFRESH, "scope": "bank"}, "invalid_scope"),
        ({**REFRESH, "client_id": "unknown"}, "invalid_client"),
        ({**REFRESH, "grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "first-party"}, "invalid_request"),
        ({**REFRESH, "client_id": "orders", "client_secret": secret}, "invalid_grant"),
    ):
        answer = await service.ask("POST", TOKEN, data={**form, "refresh_token": tokens.refresh})
        assert error(answer)[1] == code
    service.sessions.down = True
    down = await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": tokens.refresh})
    assert error(down) == (503, "temporarily_unavailable")
    assert int(down.headers["Retry-After"]) >= 1
    service.sessions.down = False
    assert (await service.refresh(tokens.refresh)).status == 200
    assert (await service.stored_session(tokens)).generation == 1


async def test_grant_must_be_allowed_for_the_client(service: Service) -> None:
    """A known grant gets ``unauthorized_client``, an unknown one ``unsupported_grant_type`` (RFC 9700 §2.4)."""
    secret = await register(service, grants=frozenset({GrantType.REFRESH_TOKEN}))
    assert error(await ask(service, TOKEN, secret, **CREDENTIALS)) == (400, "unauthorized_client")
    secret = await register(service, "robot", grants=frozenset({GrantType.CLIENT_CREDENTIALS}))
    refused = await ask(service, TOKEN, secret, "robot", grant_type="refresh_token", refresh_token="x")  # noqa: S106
    assert error(refused) == (400, "unauthorized_client")
    public = await service.ask("POST", TOKEN, data={**CREDENTIALS, "client_id": "first-party"})
    assert error(public) == (400, "unauthorized_client")
    for grant in ("password", "authorization_code", "CLIENT_CREDENTIALS"):
        assert error(await ask(service, TOKEN, secret, "robot", grant_type=grant)) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=refresh_token&grant_type=refresh_token&client_id=first-party&refresh_token=x",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=x&unknown=1&unknown=2",
        b"grant_type=refresh_token&grant%5Ftype=refresh_token&client_id=first-party&refresh_token=x",
        b"grant_type=refresh_token&client_id=first-party",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=%zz",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=%4",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=%00",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=%ff",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=\xff",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=\x00",
        b"grant_type=refresh_token&client_id=first-party&refresh_token=a b",
        b"grant_type=refresh_token&client_id=first-party&refresh_token",
        b"=x&grant_type=refresh_token",
        b'{"grant_type": "refresh_token"}',
        b"",
    ],
)
async def test_malformed_forms_are_refused(service: Service, body: bytes) -> None:
    """Repeated parameters (RFC 6749 §3.2), missing ones and bad encoding are ``invalid_request``."""
    assert error(await service.ask("POST", TOKEN, data=body, headers=FORM)) == (400, "invalid_request")


async def test_wrong_parameters_are_named(service: Service) -> None:
    """The description names the parameter and what it must be."""
    descriptions = []
    for body in (
        "client_id=first-party",
        "grant_type=refresh_token&client_id=first-party",
        "grant_type=client_credentials&client_id=first-party" + "&resource=a" * 21,
    ):
        answer = await service.ask("POST", TOKEN, data=body.encode(), headers=FORM)
        assert error(answer) == (400, "invalid_request")
        descriptions.append(answer.json()["error_description"])
    assert descriptions == [
        "The parameter grant_type is missing.",
        "The parameter refresh_token is missing.",
        "The parameter resource must be at most 20 strings of 1 to 16384 characters.",
    ]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/x-www-form-urlencoded;charset=utf-8", 400),
        ('Application/X-WWW-Form-Urlencoded; charset="UTF-8"', 400),
        ("application/x-www-form-urlencoded;charset=latin-1", 415),
        ("application/json", 415),
        ("multipart/form-data", 415),
        ("", 415),
    ],
)
async def test_content_type_must_be_a_form(service: Service, content_type: str, status: int) -> None:
    """Another type or charset gets 415 in the error format of OAuth."""
    body = b"grant_type=refresh_token&client_id=first-party&refresh_token=x"
    answer = await service.ask("POST", TOKEN, data=body, headers={"Content-Type": content_type})
    assert error(answer) == (status, "invalid_grant" if status == 400 else "invalid_request")


async def test_large_and_slow_bodies_are_refused(start: Start) -> None:
    """A body over 16 KiB gets 413, a slow body 408."""
    service = await start(body_timeout=0.05)
    large = await service.ask("POST", TOKEN, data=b"a=" + b"x" * 16_384, headers=FORM)
    assert error(large) == (413, "invalid_request")
    head = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    slow = await service.send(head + b"Content-Length: 5\r\n\r\na")
    assert error(slow) == (408, "invalid_request")


async def test_all_errors_below_oauth_have_one_format(service: Service, tokens: Tokens) -> None:
    """Unknown paths, other methods and bugs have the body of RFC 6749 §5.2."""
    assert error(await service.ask("POST", "/oauth/unknown")) == (404, "not_found")
    wrong = await service.ask("GET", TOKEN)
    assert error(wrong) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"
    service.sessions.bug = ZeroDivisionError()
    bug = await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": tokens.refresh})
    assert error(bug) == (500, "server_error")


async def test_public_client_cannot_use_tokens_of_others(service: Service) -> None:
    """A registered public client sends its id alone, and another client's token is refused."""
    await register(
        service, "app", method=AuthenticationMethod.NONE, grants=frozenset({GrantType.REFRESH_TOKEN}), audiences=()
    )
    tokens = await service.sign_in()
    form = {**REFRESH, "client_id": "app", "refresh_token": tokens.refresh}
    assert error(await service.ask("POST", TOKEN, data=form)) == (400, "invalid_grant")


async def test_token_requests_have_a_rate_limit_per_client(start: Start) -> None:
    """Beyond the limit a client gets 429 with ``Retry-After``, for each grant. Other clients are not affected."""
    service = await start(token_budget=RateLimit(2, 20))
    secret, others = await register(service), await register(service, "others")
    assert (await ask(service, TOKEN, secret, **CREDENTIALS)).status == 200
    assert error(await ask(service, TOKEN, secret, grant_type="refresh_token", refresh_token="x")) == (  # noqa: S106
        400,
        "invalid_grant",
    )
    refused = await ask(service, TOKEN, secret, **CREDENTIALS)
    assert error(refused) == (429, "too_many_attempts")
    assert (await ask(service, TOKEN, others, "others", **CREDENTIALS)).status == 200
    service.clock.advance(int(refused.headers["Retry-After"]))
    assert (await ask(service, TOKEN, secret, **CREDENTIALS)).status == 200


async def test_nobody_else_uses_up_the_limit_of_a_client(start: Start) -> None:
    """Who names a client without its credential, or with a bad assertion, gets 401 and is not charged to it."""
    service = await start(token_budget=RateLimit(1, 3_600))
    secret = await register(service)
    await register(service, "signer", method=AuthenticationMethod.PRIVATE_KEY_JWT, jwks=JWKS)
    for _ in range(3):
        forged = {"client_assertion": assertion()[:-8] + "AAAAAAAA", "client_assertion_type": JWT_BEARER}
        for form in ({"client_id": "orders"}, {"client_id": "orders", "client_secret": "x"}, forged):
            assert error(await service.ask("POST", TOKEN, data={**CREDENTIALS, **form})) == (401, "invalid_client")
    assert (await ask(service, TOKEN, secret, **CREDENTIALS)).status == 200
    signed = {"client_assertion": assertion(), "client_assertion_type": JWT_BEARER}
    assert (await service.ask("POST", TOKEN, data={**CREDENTIALS, **signed})).status == 200


async def test_public_clients_have_no_limit_that_strangers_could_use_up(start: Start) -> None:
    """Sessions of the first-party client refresh here, however many requests name this client."""
    service = await start(token_budget=RateLimit(1, 3_600))
    for _ in range(3):
        assert error(await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": "x"})) == (400, "invalid_grant")
    tokens = await service.sign_in()
    assert (await service.ask("POST", TOKEN, data={**REFRESH, "refresh_token": tokens.refresh})).status == 200


async def test_client_that_fills_its_share_of_assertions_is_the_only_one_refused(start: Start) -> None:
    """Another client with keys still gets tokens, and so does a client with a secret."""
    service = await start()
    await register(service, "signer", method=AuthenticationMethod.PRIVATE_KEY_JWT, jwks=JWKS)
    await register(service, "other", method=AuthenticationMethod.PRIVATE_KEY_JWT, jwks=JWKS)
    now, used = int(service.clock.now()), service.container.used_assertions()
    for number in range(20_000):
        used.use(ClientId("signer"), str(number), now=now, until=now + 90)
    for client_id, status in (("signer", 401), ("other", 200)):
        text = assertion(iss=client_id, sub=client_id)
        form = {**CREDENTIALS, "client_assertion": text, "client_assertion_type": JWT_BEARER}
        assert (await service.ask("POST", TOKEN, data=form)).status == status
