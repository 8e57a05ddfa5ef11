"""Access tokens that are numbered, not signed."""

from collections.abc import Mapping, Sequence

from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.errors import BadSignature, MalformedToken
from ..domain.tokens.feed import Feed
from ..ports.token_codec import TokenCodec


class FakeTokenCodec(TokenCodec):
    """Numbers the tokens. ``issued`` has the claims of each token, and ``kids`` the key of each."""

    def __init__(self, *keys: SigningKey) -> None:
        self.installed: tuple[SigningKey, ...] = keys or (SigningKey("kid-1"),)
        self.issued: dict[str, AccessTokenClaims] = {}
        self.kids: list[str] = []
        self.feeds: dict[str, Feed] = {}

    def install(self, keys: Sequence[StoredKey]) -> None:
        self.installed = tuple(stored.key for stored in keys)

    def keys(self) -> Sequence[SigningKey]:
        return self.installed

    def encode(self, claims: AccessTokenClaims, *, kid: str) -> str:
        token = f"access-token-{len(self.issued) + 1}"
        self.issued[token] = claims
        self.kids.append(kid)
        return token

    def decode(self, token: str) -> AccessTokenClaims:
        if not token.startswith("access-token-"):
            raise MalformedToken
        if token not in self.issued:
            raise BadSignature
        return self.issued[token]

    def decode_once(self, token: str) -> AccessTokenClaims:
        return self.decode(token)

    def max_length(self, claims: AccessTokenClaims) -> int:
        return sum(map(len, (claims.issuer, claims.subject, *claims.audience, claims.client_id, claims.scope.text)))

    def encode_feed(self, feed: Feed, *, kid: str) -> str:
        text = f"feed-{len(self.feeds) + 1}-by-{kid}"
        self.feeds[text] = feed
        return text

    def jwk_set(self) -> Mapping[str, object]:
        return {"keys": [{"kid": key.kid} for key in self.installed]}
