"""Client authentication takes the same time for an unknown and a known client."""

import hmac

import pytest

from app.domain.clients.authentication import ClientAuthentication
from app.domain.clients.client import AuthenticationMethod, Client, ClientSecret
from app.domain.clients.known_clients import KnownClients
from app.domain.clients.presented_credential import PresentedSecret
from app.domain.errors import InvalidClient
from app.domain.identifiers import FIRST_PARTY, ClientId
from app.domain.sessions.ratchet import digest
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import AUDIENCE, ISSUER
from app.testing.clients import FakeClientRepository
from app.testing.system import FakeClock

SECRET = Client(ClientId("orders"), method=AuthenticationMethod.SECRET, secrets=(ClientSecret(digest(b"secret")),))


REASONS = {
    "orders": "wrong_secret",
    "unknown": "unknown_client",
    FIRST_PARTY: "wrong_method",
    "expired": "wrong_secret",
}


@pytest.mark.parametrize("client_id", REASONS)
async def test_one_comparison_of_digests_decides(monkeypatch: pytest.MonkeyPatch, client_id: str) -> None:
    """One digest is compared in constant time with a digest of the same length, also for an unknown client."""
    clients = FakeClientRepository()
    await clients.add(SECRET)
    old = (ClientSecret(digest(b"wrong"), expires_at=1),)
    await clients.add(Client(ClientId("expired"), method=AuthenticationMethod.SECRET, secrets=old))
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def recording_compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", recording_compare)
    authentication = ClientAuthentication(
        clients=KnownClients(clients=clients, clock=FakeClock()),
        assertions=None,  # type: ignore[arg-type]  # no assertion is presented
        used=None,  # type: ignore[arg-type]  # as above
        clock=FakeClock(),
        policy=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE),
        token_endpoint="",
    )
    with pytest.raises(InvalidClient) as refused:
        await authentication.authenticate(PresentedSecret(ClientId(client_id), "wrong"))
    assert refused.value.reason == REASONS[client_id]
    assert compared == [(32, 32)]
