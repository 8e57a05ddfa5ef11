"""The bytes in a store's files: a copy of them lets nobody in."""

import base64
from collections.abc import Iterator
from pathlib import Path

from app.domain.sessions import ratchet

from .backends import Backend
from .load import PASSWORD
from .processes import running
from .refreshing_clients import RefreshingClients


async def test_files_contain_no_secrets(store: Backend, tmp_path: Path) -> None:
    """After sign-ins, refreshes and a sign-out the store's files contain no token, no part of one and no password in
    any spelling. They contain the digests, which shows that the right files were read.
    """
    with running(tmp_path, store.settings) as service:
        async with RefreshingClients([service.url], 2) as clients:
            tokens, access_tokens = [*clients.tokens], [*clients.access_tokens]
            for _ in range(2):
                for session in range(2):
                    await clients.refresh(session)
                tokens += clients.tokens
                access_tokens += clients.access_tokens
            await clients.sign_out(1)
            if store.kind == "postgresql":
                store.server.execute("CHECKPOINT")  # type: ignore[union-attr]  # it is PostgreSQL's
            stored = read_all_files(store.files)
    newest = ratchet.parse(clients.tokens[0])
    assert ratchet.digest(newest.secret) in stored
    for secret in _secrets(tokens, access_tokens):
        assert secret not in stored


def read_all_files(folder: Path) -> bytes:
    """Return the content of all files in ``folder`` except logs, output and PEM files."""
    files = sorted(each for each in folder.rglob("*") if each.is_file() and each.name not in ("log", "output"))
    return b"\0".join(each.read_bytes() for each in files if each.suffix != ".pem")


def _secrets(refresh_tokens: list[str], access_tokens: list[str]) -> Iterator[bytes]:
    """Yield each secret in each spelling in which a store might keep it."""
    yield PASSWORD.encode()
    for text in access_tokens:
        yield text.encode()
        yield text.rpartition(".")[2].encode()
    for text in refresh_tokens:
        yield text.encode()
        token = ratchet.parse(text)
        for part in (token.secret, token.lineage):
            yield from (part, part.hex().encode(), base64.b64encode(part)[:-4], base64.urlsafe_b64encode(part)[:-4])
