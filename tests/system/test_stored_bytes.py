"""What is in a store's files: whoever copies them can sign in nowhere."""

import base64
from collections.abc import Iterator
from pathlib import Path

from app.domain.sessions import ratchet

from .backends import Backend
from .load import PASSWORD
from .people import People
from .processes import running


async def test_no_secret_is_in_a_store(store: Backend, tmp_path: Path) -> None:
    """After sign-in, refreshes and sign-out its files hold no token, no part of one and no password, in no spelling;
    they do hold the digests, so the right files were searched.
    """
    with running(tmp_path, store.settings) as service:
        async with People([service.url], 2) as people:
            tokens, access_tokens = [*people.tokens], [*people.access_tokens]
            for _ in range(2):
                for session in range(2):
                    await people.refresh(session)
                tokens += people.tokens
                access_tokens += people.access_tokens
            await people.sign_out(1)
            if store.kind == "postgresql":
                store.server.execute("CHECKPOINT")  # type: ignore[union-attr]  # it is PostgreSQL's
            stored = everything(store.files)
    newest = ratchet.parse(people.tokens[0])
    assert ratchet.digest(newest.secret) in stored
    for secret in _secrets(tokens, access_tokens):
        assert secret not in stored


def everything(folder: Path) -> bytes:
    """Return all that is in the store's files, but not in the logs of this test's services."""
    files = sorted(each for each in folder.rglob("*") if each.is_file() and each.name not in ("log", "output"))
    return b"\0".join(each.read_bytes() for each in files if each.suffix != ".pem")


def _secrets(refresh_tokens: list[str], access_tokens: list[str]) -> Iterator[bytes]:
    """Yield everything that lets somebody in, in each spelling that a store might give it."""
    yield PASSWORD.encode()
    for text in access_tokens:
        yield text.encode()
        yield text.rpartition(".")[2].encode()
    for text in refresh_tokens:
        yield text.encode()
        token = ratchet.parse(text)
        for part in (token.secret, token.lineage):
            yield from (part, part.hex().encode(), base64.b64encode(part)[:-4], base64.urlsafe_b64encode(part)[:-4])
