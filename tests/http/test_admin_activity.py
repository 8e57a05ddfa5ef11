"""``GET /admin/activity`` over HTTP. ``tests/domain/test_activity.py`` has the counts and the pages."""

from typing import Any

import pytest

from app.domain.audit.activity import MAX_READ
from app.domain.audit.event_counts import EVENT_COUNTS
from app.domain.audit.record import AuditRecord

from .service import Service, Tokens


@pytest.fixture
async def admin(service: Service) -> str:
    """Return an administrator's access token."""
    await service.create_user("root", scope="account keyturn:admin")
    return (await service.sign_in("root")).access


async def test_sign_ins_refusals_and_reuse_are_counted(service: Service, admin: str) -> None:
    """What happened is counted once, whatever happened between."""
    for password in ("wrong", "wrong again"):
        await service.login("alice", password)
    tokens = await service.sign_in()
    await service.rotate(await service.rotate(tokens))
    service.pass_replay_window()
    await service.refresh(tokens.refresh)
    await service.container.audit_recorder().save(last=True)
    listed = (await service.ask("GET", "/admin/activity?span=3600&step=900", token=admin)).json()
    assert "next" not in listed
    totals: dict[str, int] = {}
    for step in listed["steps"]:
        assert listed["since"] <= step["at"] < listed["until"]
        for name, number in step["events"].items():
            totals[name] = totals.get(name, 0) + number
    assert totals == {"login_failed": 2, "login_succeeded": 2, "reuse_detected": 1}


async def test_long_spans_have_pages(service: Service, admin: str) -> None:
    """``next`` is the end of the rest of the span. The last page has none."""
    end = int(service.clock.now()) // 900 * 900
    records = [
        AuditRecord(event_id=f"{at}", at=float(at), name=EVENT_COUNTS, details={"login_failed": 1})
        for at in range(end - 60 * (MAX_READ + 100), end, 60)
    ]
    store: Any = service.container.database()
    await store.audit_records.append(records)
    first = (await service.ask("GET", f"/admin/activity?span=604800&until={end}", token=admin)).json()
    rest = (await service.ask("GET", f"/admin/activity?span=604800&until={first['next']}", token=admin)).json()
    assert "next" not in rest
    assert first["next"] == first["since"] == rest["until"]
    counts = [step["events"]["login_failed"] for page in (first, rest) for step in page["steps"]]
    assert sum(counts) == len(records)


@pytest.mark.parametrize(
    "query", ["span=59", "span=604801", "step=901", "step=0", "until=-1", "until=1e9", "span=60&span=61"]
)
async def test_wrong_queries_are_refused(service: Service, admin: str, query: str) -> None:
    """The spans and the steps are bounded, and so is what a request costs."""
    assert (await service.ask("GET", f"/admin/activity?{query}", token=admin)).problem == (400, "invalid-request")


async def test_scope_admin_is_required(service: Service, tokens: Tokens) -> None:
    """A user gets 403."""
    assert (await service.ask("GET", "/admin/activity", token=tokens.access)).problem == (403, "insufficient-scope")
