"""The limit on the live sessions of one user: ``KEYTURN_SESSIONS_PER_USER``."""

from dataclasses import replace

from app.domain.audit.events import LoginSucceeded, SessionWasRevoked
from app.domain.sessions.session import RevocationReason

from .conftest import Start
from .service import Service, Tokens
from .test_refresh_refused import REFUSED
from .test_sessions import listed_sids, sid


async def sign_in_often(service: Service, count: int) -> list[Tokens]:
    """Sign Alice in ``count`` times, a second apart, and return the tokens of each session."""
    opened = []
    for _ in range(count):
        opened.append(await service.sign_in())
        service.clock.advance(1)
    return opened


async def explain(service: Service, session_id: str) -> str:
    """Return the sentence that an administrator gets about a session."""
    await service.create_user("root", scope="account keyturn:admin")
    admin = await service.sign_in("root")
    answer = await service.ask("GET", f"/admin/sessions/{session_id}", token=admin.access)
    assert answer.status == 200
    return str(answer.json()["conclusion"])


async def test_101st_sign_in_ends_the_session_unused_for_longest(service: Service) -> None:
    """The first session was refreshed since, so the second one ends. Its tokens are refused at once, the audit trail
    has the reason, and the explanation is a sentence.
    """
    first, longest_unused, *others = await sign_in_often(service, 100)
    first = await service.rotate(first)
    service.audit.events.clear()
    newest = await service.sign_in()
    signed_in, event = service.audit.events
    assert isinstance(signed_in, LoginSucceeded)
    assert isinstance(event, SessionWasRevoked)
    assert event.reason is RevocationReason.TOO_MANY_SESSIONS
    assert (await service.me(longest_unused.access)).problem == (401, "invalid-token")
    assert (await service.refresh(longest_unused.refresh)).problem == REFUSED
    for tokens in (first, *others, newest):
        assert (await service.me(tokens.access)).status == 200
    assert await listed_sids(service, newest) == [sid(each) for each in (first, *others, newest)]
    sentence = await explain(service, sid(longest_unused))
    assert sentence.startswith("The session was revoked at 2027-01-15T08:01:40Z")
    assert sentence.endswith(": its user had too many sessions, and this one was not refreshed for the longest time.")


async def test_the_limit_can_be_set(start: Start) -> None:
    """With a limit of one, each sign-in ends the session before it. Other users are not concerned."""
    service = await start(sessions_per_user=1)
    await service.create_user("bob")
    bobs = await service.sign_in("bob")
    *before, last = await sign_in_often(service, 3)
    assert [(await service.refresh(each.refresh)).status for each in (*before, last, bobs)] == [401, 401, 200, 200]


async def test_ended_sessions_do_not_count(start: Start) -> None:
    """A user who signs out makes room: then the next sign-in ends no session."""
    service = await start(sessions_per_user=2)
    first, second = await sign_in_often(service, 2)
    await service.ask("POST", "/auth/logout", token=second.access)
    third = await service.sign_in()
    assert await listed_sids(service, third) == [sid(first), sid(third)]


async def test_lowered_limit_ends_sessions_without_a_sign_in(service: Service) -> None:
    """The limit may have been higher, or there was none: then the service ends the oldest sessions after its start."""
    *ended, kept = await sign_in_often(service, 4)
    limit = service.container.session_limit()
    limit._policy = replace(limit._policy, max_sessions=1)
    await service.container.retention().sweep()
    assert [(await service.me(each.access)).status for each in (*ended, kept)] == [401, 401, 401, 200]
