"""How clients authenticate (RFC 6749 §2.3, RFC 7523)."""

import pytest

from app.domain.clients.client import AuthenticationMethod
from app.domain.identifiers import ClientId

from .log_lines import LogLines
from .oauth import CREDENTIALS, JWKS, TOKEN, ask, assertion, basic, error, register
from .service import Answer, Service, Tokens

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def by_assertion(service: Service, text: str, **form: str) -> Answer:
    """Request a token with an assertion."""
    credential = {"client_assertion": text, "client_assertion_type": BEARER}
    return await service.ask("POST", TOKEN, data={**CREDENTIALS, **credential, **form})


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
    for text in (assertion(), assertion(aud=["elsewhere", "https://id.example/oauth/token"]), assertion(nbf=1)):
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
    "changes",
    [
        {"iss": "another"},
        {"sub": "another"},
        {"aud": "https://elsewhere.example"},
        {"aud": [1]},
        {"exp": 1_800_000_000 - 31},
        {"exp": 1_800_000_000 + 331},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 1_800_000_000 + 31},
        {"jti": None},
        {"jti": ""},
    ],
    ids=str,
)
async def test_assertion_with_wrong_claims_is_refused(service: Service, changes: dict[str, object]) -> None:
    """Issuer and subject are the client, the audience is this service, and it expires in at most 5 minutes."""
    await add_signer(service)
    assert error(await by_assertion(service, assertion(**changes))) == (401, "invalid_client")


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "e30.e30.", "客.客.客", "e30.W10.e30", "x" * 9_000])
async def test_malformed_assertion_is_refused(service: Service, text: str) -> None:
    """Any other text, and an assertion with a changed signature, gets 401."""
    await add_signer(service)
    assert error(await by_assertion(service, text)) == (401, "invalid_client")
    cut = assertion()[:-8] + "AAAAAAAA"
    assert error(await by_assertion(service, cut)) == (401, "invalid_client")


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
