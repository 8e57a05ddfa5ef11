"""Access tokens that are numbered."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.errors import BadSignature, MalformedToken
from ..domain.tokens.feed import Feed
from ..ports.token_codec import TokenCodec
from .signer import fake_signature


class FakeTokenCodec(TokenCodec):
    """Numbers the tokens. ``issued`` has the claims of each token, and ``kids`` the key of each."""

    def __init__(self, *keys: SigningKey) -> None:
        self.installed: tuple[SigningKey, ...] = keys or (SigningKey("kid-1"),)
        self.issued: dict[str, AccessTokenClaims] = {}
        self.kids: list[str] = []
        self.feeds: dict[str, Feed] = {}
        self._payloads: dict[bytes, Feed] = {}
        self._numbers = count(1)
        self._unsigned: dict[bytes, tuple[AccessTokenClaims | Feed, str]] = {}

    def install(self, keys: Sequence[StoredKey]) -> None:
        self.installed = tuple(stored.key for stored in keys)

    def keys(self) -> Sequence[SigningKey]:
        return self.installed

    def signing_input(self, claims: AccessTokenClaims, *, kid: str) -> bytes:
        return self._signing_input(claims, kid)

    def feed_payload(self, feed: Feed) -> Iterator[bytes]:
        name = f"payload-{next(self._numbers)}".encode()
        self._payloads[name] = feed
        yield name

    def feed_signing_input(self, payload: Sequence[bytes], *, kid: str) -> bytes:
        return self._signing_input(self._payloads[b"".join(payload)], kid)

    def assemble_feed(self, signing_input: bytes, signature: bytes) -> bytes:
        return self.assemble(signing_input, signature).encode()

    def assemble(self, signing_input: bytes, signature: bytes) -> str:
        content, kid = self._unsigned.pop(signing_input)
        assert signature == fake_signature(kid, signing_input)
        if isinstance(content, Feed):
            text = f"feed-{len(self.feeds) + 1}-by-{kid}"
            self.feeds[text] = content
            return text
        return self.encode(content, kid=kid)

    def encode(self, claims: AccessTokenClaims, *, kid: str) -> str:
        """Return a new token with these claims, as if ``kid`` had signed it."""
        token = f"access-token-{len(self.issued) + 1}"
        self.issued[token] = claims
        self.kids.append(kid)
        return token

    def _signing_input(self, content: AccessTokenClaims | Feed, kid: str) -> bytes:
        signing_input = f"signing-input-{next(self._numbers)}".encode()
        self._unsigned[signing_input] = content, kid
        return signing_input

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

    def jwk_set(self) -> Mapping[str, object]:
        return {"keys": [{"kid": key.kid} for key in self.installed]}
