"""Sign-out: end the sessions of the presented tokens."""

from collections.abc import Sequence

from ..errors import Unavailable
from ..identifiers import ClientId
from ..tokens.errors import InvalidToken
from ..tokens.reading import IssuedTokenReader
from . import ratchet
from .revocation import Revocation


class Logout:
    """Ends every session that the presented tokens name, whatever the kind and the age of each token."""

    def __init__(self, *, revocation: Revocation, reader: IssuedTokenReader) -> None:
        self._revocation = revocation
        self._reader = reader

    async def log_out(self, tokens: Sequence[str], *, client_id: ClientId) -> None:
        """End the session of each token that was issued to ``client_id``.

        A token that is malformed, unknown or of another client ends nothing and is no error (RFC 7009 §2.2). Raises
        ``StoreUnavailable`` if a store does not answer for one of them, after the others were tried; the same call can
        be repeated.
        """
        failure: Unavailable | None = None
        for token in tokens:
            try:
                await self._end(token, client_id)
            except Unavailable as error:
                failure = error
        if failure is not None:
            raise failure

    async def _end(self, token: str, client_id: ClientId) -> None:
        """End the session of one token. The prefix of a token shows its type."""
        if token.startswith(ratchet.PREFIX):
            await self._revocation.log_out_with_refresh_token(token, client_id=client_id)
            return
        try:
            claims = self._reader.read(token)
        except InvalidToken:
            return
        await self._revocation.log_out_with_access_token(claims, client_id=client_id)
