"""Many sessions of one user, as an older version without a limit leaves them in a store."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Final

from app.cli.stores import opened_stores
from app.domain.identifiers import SessionId, Subject
from app.domain.scope import Scope
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken
from app.domain.sessions.session import Session
from app.service.container import Container
from app.service.settings import Settings
from app.testing.builders import session_of

from .load import PASSWORD
from .processes import TEST_SETTINGS, environment

_SCOPE: Final = Scope.parse("account")
_LIFETIME: Final = 7 * 86_400
_AGE: Final = 600
"""The oldest of the sessions began this many seconds ago."""

_WITH_TOKENS: Final = 500
"""The sessions that have an access token: one takes a millisecond to sign, and longer to try."""

_AT_ONCE: Final = 50


@dataclass(frozen=True)
class SeededSessions:
    """A user and their sessions. The tokens of the oldest session are the first ones. About 500 of the sessions have an
    access token, the oldest and the newest among them.
    """

    subject: Subject
    refresh_tokens: list[str]
    access_tokens: list[str]


async def seed_sessions(settings: Mapping[str, str], username: str, count: int) -> SeededSessions:
    """Create a user with ``count`` sessions directly in the store."""
    variables = environment({**TEST_SETTINGS, **settings})
    async with opened_stores(Settings.from_environment(variables)) as container:
        await container.key_lifecycle().load()
        subject = (await container.accounts().create(username, PASSWORD, scope=_SCOPE)).subject
        now = time.time()
        tokens = [RefreshToken(SessionId(token_bytes(16)), token_bytes(16), token_bytes(32)) for _ in range(count)]
        sessions = [
            _session(token, subject, began_at=now - _AGE + _AGE * number / count) for number, token in enumerate(tokens)
        ]
        for first in range(0, count, _AT_ONCE):
            await asyncio.gather(*map(container.session_repository().add, sessions[first : first + _AT_ONCE]))
        with_tokens = sorted({*range(0, count, -(-count // _WITH_TOKENS)), count - 1})
        return SeededSessions(
            subject,
            [ratchet.encode(each) for each in tokens],
            [await _access_token(container, sessions[each], tokens[each]) for each in with_tokens],
        )


def _session(token: RefreshToken, subject: Subject, *, began_at: float) -> Session:
    times = {"created_at": began_at, "rotated_at": began_at, "expires_at": began_at + _LIFETIME}
    return session_of(token, subject=subject, scope=_SCOPE, **times)


async def _access_token(container: Container, session: Session, token: RefreshToken) -> str:
    issued = await container.session_token_issuer().issue(
        session, token, scope=_SCOPE, audience=("keyturn",), now=time.time()
    )
    return issued.access_token
