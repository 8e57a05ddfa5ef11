"""How clients authenticate (RFC 6749 §2.3, RFC 7523)."""

from base64 import b64encode

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.domain.clients.client import AuthenticationMethod
from app.domain.identifiers import ClientId
from app.testing.builders import ISSUER

from .log_lines import LogLines
from .oauth import CREDENTIALS, INTROSPECT, JWKS, JWT_BEARER, REVOKE, TOKEN, ask, assertion, basic, error, register
from .service import Answer, Service, Tokens


async def by_assertion(service: Service, text: str, **form: str) -> Answer:
    """Request a token with an assertion."""
    credential = {"client_assertion": text, "client_assertion_type": JWT_BEARER}
    return await service.ask("POST", TOKEN, data={**CREDENTIALS, **credential, **form})


def refusals(log: LogLines) -> list[tuple[str, str | None]]:
    """Return the reason and the client of each refusal in the log."""
    lines = [line for line in log.of("keyturn.http") if line["message"] == "client refused"]
    return [(line["reason"], line.get("client_id")) for line in lines]


async def add_signer(service: Service) -> None:
    """Register a client that authenticates by ``private_key_jwt``."""
    await register(service, "signer", method=AuthenticationMethod.PRIVATE_KEY_JWT, jwks=JWKS)


async def test_secret_in_the_header_or_in_the_form(service: Service) -> None:
    """Both methods work. In the header, id and secret are form-encoded (RFC 6749 §2.3.1)."""
    secret = await register(service, "a~b.c")
    assert (await ask(service, TOKEN, secret, "a~b.c", **CREDENTIALS)).status == 200
    form = {**CREDENTIALS, "client_id": "a~b.c", "client_secret": secret}
    assert (await service.ask("POST", TOKEN, data=form)).status == 200


async def test_signed_assertion(service: Service) -> None:
    """An assertion may be for the issuer or the token endpoint, with or without a client id (RFC 7523 §3)."""
    await add_signer(service)
    audiences = (ISSUER, [ISSUER], "https://id.example/oauth/token", ["https://id.example/oauth/token"])
    for text in (*(assertion(aud=each) for each in audiences), assertion(nbf=1)):
        assert (await by_assertion(service, text)).status == 200
    assert (await by_assertion(service, assertion(), client_id="signer")).status == 200


async def test_assertion_works_once(service: Service) -> None:
    """Its ``jti`` is remembered until it has expired by every clock (RFC 7523 §3, rule 7)."""
    await add_signer(service)
    text = assertion(exp=1_800_000_000 + 300)
    assert (await by_assertion(service, text)).status == 200
    for seconds in (0, 329):
        service.clock.advance(seconds)
        assert error(await by_assertion(service, text)) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "another"}, "wrong_issuer"),
        ({"sub": "another"}, "unknown_client"),
        ({"sub": "a\0b"}, "unknown_client"),
        ({"aud": "https://elsewhere.example"}, "wrong_audience"),
        ({"aud": ISSUER + "/"}, "wrong_audience"),
        ({"aud": [1]}, "wrong_claim"),
        ({"aud": []}, "several_audiences"),
        ({"aud": [ISSUER, "https://elsewhere.example"]}, "several_audiences"),
        ({"aud": ["elsewhere", "https://id.example/oauth/token"]}, "several_audiences"),
        ({"aud": [ISSUER, "https://id.example/oauth/token"]}, "several_audiences"),
        ({"aud": [ISSUER, ISSUER]}, "several_audiences"),
        ({"exp": 1_800_000_000 - 31}, "expired"),
        ({"exp": 1_800_000_000 + 331}, "expires_too_late"),
        ({"exp": None}, "wrong_claim"),
        ({"exp": "soon"}, "wrong_claim"),
        ({"nbf": 1_800_000_000 + 31}, "not_yet_valid"),
        ({"jti": None}, "wrong_claim"),
        ({"jti": ""}, "wrong_claim"),
    ],
    ids=str,
)
async def test_assertion_with_wrong_claims_is_refused(
    service: Service, log: LogLines, changes: dict[str, object], reason: str
) -> None:
    """Issuer and subject are the client, this service is the only audience, and it expires in at most 5 minutes.

    The log says which of these rules is broken.
    """
    await add_signer(service)
    assert error(await by_assertion(service, assertion(**changes))) == (401, "invalid_client")
    assert refusals(log) == [(reason, None if "sub" in changes else "signer")]


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "e30.e30.", "客.客.客", "e30.W10.e30", "x" * 9_000])
async def test_malformed_assertion_is_refused(service: Service, log: LogLines, text: str) -> None:
    """Any other text, and an assertion with a changed signature, gets 401. The log tells the two apart."""
    await add_signer(service)
    assert error(await by_assertion(service, text)) == (401, "invalid_client")
    cut = assertion()[:-8] + "AAAAAAAA"
    assert error(await by_assertion(service, cut)) == (401, "invalid_client")
    first, second = refusals(log)
    assert first in (("malformed_assertion", None), ("wrong_claim", None))
    assert second == ("wrong_signature", "signer")


async def test_log_says_why_a_client_is_refused(service: Service, log: LogLines) -> None:
    """The log has a reason for each failed authentication. It names the client only if it is registered."""
    secret = await register(service)
    await add_signer(service)
    text = assertion()
    assert (await by_assertion(service, text)).status == 200
    await by_assertion(service, text)
    await by_assertion(service, assertion(), client_id="orders")
    await by_assertion(service, assertion(), client_assertion_type="")
    await by_assertion(service, jwt.encode({"alg": "HS256"}, {"sub": "signer"}, OctKey.import_key("k" * 32)))
    await by_assertion(service, assertion(sub="orders"))
    for secret_sent, client_id in (("wrong", "orders"), (secret, "unknown"), (secret, "signer"), ("", "orders")):
        await ask(service, TOKEN, secret_sent, client_id, **CREDENTIALS)
    other = {**CREDENTIALS, "client_id": "another"}
    await service.ask("POST", TOKEN, data=other, headers=basic("orders", secret))
    await service.ask("POST", TOKEN, data=CREDENTIALS)
    for header in ("Bearer x", "Basic %%%", f"Basic {b64encode(b'orders').decode()}", "Basic JWZm"):
        await service.ask("POST", TOKEN, data=CREDENTIALS, headers={"Authorization": header})
    assert refusals(log) == [
        ("used_before", "signer"),
        ("other_client_id", None),
        ("wrong_assertion_type", None),
        ("wrong_header", "signer"),
        ("wrong_method", "orders"),
        ("wrong_secret", "orders"),
        ("unknown_client", None),
        ("wrong_method", "signer"),
        ("no_credential", "orders"),
        ("other_client_id", None),
        ("no_client", None),
        *[("unreadable_header", None)] * 4,
    ]
    assert {line["level"] for line in log.of("keyturn.http") if line["message"] == "client refused"} == {"info"}


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
async def test_empty_secret_in_the_header_is_that_of_a_public_client(
    service: Service, tokens: Tokens, path: str
) -> None:
    """Libraries send a public client so. It is accepted at each endpoint, as the empty ``client_secret`` is."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "token": tokens.refresh}
    in_header = await ask(service, path, "", "first-party", **form)
    encoded = f"Basic {b64encode(b'%66irst-party:').decode()}"
    in_encoded_header = await service.ask("POST", path, data=form, headers={"Authorization": encoded})
    in_body = await service.ask("POST", path, data={**form, "client_id": "first-party", "client_secret": ""})
    statuses = [answer.status for answer in (in_header, in_encoded_header, in_body)]
    assert statuses == [200, 200, 200]


async def test_empty_secret_is_no_secret_of_another_client(service: Service) -> None:
    """A client that has a secret or keys cannot leave it out, and introspection still wants a secret."""
    await register(service)
    await add_signer(service)
    for client_id in ("orders", "signer", "unknown", ""):
        assert error(await ask(service, TOKEN, "", client_id, **CREDENTIALS)) == (401, "invalid_client")
    for path, form in ((TOKEN, CREDENTIALS), (INTROSPECT, {"token": "x"})):
        assert error(await ask(service, path, "", "first-party", **form)) == (400, "unauthorized_client")


async def test_failed_authentications_look_the_same(service: Service) -> None:
    """An unknown client, a wrong secret and a wrong method get the same response."""
    secret = await register(service)
    await add_signer(service)
    answers = [
        await ask(service, TOKEN, "wrong", **CREDENTIALS),
        await ask(service, TOKEN, secret, "unknown", **CREDENTIALS),
        await ask(service, TOKEN, secret, "signer", **CREDENTIALS),
        await ask(service, TOKEN, "any", "first-party", **CREDENTIALS),
        await service.ask("POST", TOKEN, data={**CREDENTIALS, "client_id": "orders"}),
        await service.ask("POST", TOKEN, data={**CREDENTIALS, "client_id": "unknown"}),
        await service.ask("POST", TOKEN, data=CREDENTIALS),
        await service.ask("POST", TOKEN, data=CREDENTIALS, headers={"Authorization": "Basic %%%"}),
        await service.ask("POST", TOKEN, data=CREDENTIALS, headers={"Authorization": "Bearer x"}),
        await ask(service, TOKEN, secret, **CREDENTIALS, client_id="another"),
        await by_assertion(service, assertion(iss="another")),
    ]
    assert {error(answer) for answer in answers} == {(401, "invalid_client")}
    assert len({answer.body for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"].partition(" ")[0] for answer in answers} == {"Basic"}


async def test_two_methods_at_once_are_refused(service: Service) -> None:
    """A client must not use more than one method in a request (RFC 6749 §2.3)."""
    secret = await register(service)
    both = await ask(service, TOKEN, secret, **CREDENTIALS, client_id="orders", client_secret=secret)
    assert error(both) == (400, "invalid_request")
    assert error(await by_assertion(service, assertion(), client_id="x", client_secret="y")) == (  # noqa: S106
        400,
        "invalid_request",
    )


async def test_previous_secret_works_for_the_grace_period(service: Service) -> None:
    """The previous secret is accepted for ``grace`` seconds. An older secret is not accepted."""
    first = await register(service)
    clients = service.container.client_registration()
    second = (await clients.rotate_secret(ClientId("orders"), grace=60)).secret or ""
    assert [(await ask(service, TOKEN, each, **CREDENTIALS)).status for each in (first, second)] == [200, 200]
    third = (await clients.rotate_secret(ClientId("orders"), grace=60)).secret or ""
    assert [(await ask(service, TOKEN, each, **CREDENTIALS)).status for each in (first, second, third)] == [
        401,
        200,
        200,
    ]
    service.clock.advance(60)
    assert [(await ask(service, TOKEN, each, **CREDENTIALS)).status for each in (second, third)] == [401, 200]


async def test_removed_client_cannot_authenticate(service: Service) -> None:
    """An access token that it got before stays valid until it expires, because it has no session."""
    secret = await register(service, introspects=("stock",))
    watcher = await register(service, "stock", introspects=("stock",))
    token = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    await service.container.client_registration().remove(ClientId("orders"))
    assert error(await ask(service, TOKEN, secret, **CREDENTIALS)) == (401, "invalid_client")
    assert (await ask(service, "/oauth/introspect", watcher, "stock", token=token)).json()["active"] is True


async def test_secrets_are_never_logged_or_returned(service: Service, tokens: Tokens, log: LogLines) -> None:
    """This holds for secrets and assertions, right and wrong, in the header and in the form."""
    secret = await register(service)
    await add_signer(service)
    good, canary = assertion(), "CANARY5ecret"
    answers = [
        await ask(service, TOKEN, secret, **CREDENTIALS),
        await ask(service, TOKEN, canary, **CREDENTIALS),
        await by_assertion(service, good),
        await by_assertion(service, canary),
        await service.ask("POST", TOKEN, data={**CREDENTIALS, "client_id": canary, "client_secret": canary}),
        await service.ask("POST", TOKEN, data={"grant_type": canary, "client_id": "first-party"}),
        await service.ask("POST", TOKEN, data=CREDENTIALS, headers={"Authorization": canary}),
        await service.ask("POST", TOKEN, data={**CREDENTIALS, "scope": canary}, headers=basic("orders", secret)),
        await service.ask("POST", TOKEN, data={**CREDENTIALS, "resource": canary}, headers=basic("orders", secret)),
    ]
    visible = log.text() + "".join(answer.body.decode() + str(answer.headers) for answer in answers)
    for hidden in (secret, good, canary, basic("orders", secret)["Authorization"]):
        assert hidden not in visible
