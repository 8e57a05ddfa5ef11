"""The sessions, from their first refresh until nothing is left of them."""

from dependency_injector import providers

from ..domain.sessions.explanation import Explanation
from ..domain.sessions.retention import Retention
from ..domain.sessions.rotation import Rotation
from ..domain.sessions.subject_sessions import Sessions
from .container_ground import Ground
from .container_records import Records
from .container_tokens import TokenServices


class SessionServices(TokenServices):
    """They refresh sessions, show and end them, explain what became of one, and forget what has had its time."""

    rotation = providers.Singleton(
        Rotation,
        sessions=Records.stores.sessions,
        users=Records.stores.users,
        clients=Records.stores.clients,
        issuance=TokenServices.issuance,
        revocation=TokenServices.revocation,
        refresh_limit=TokenServices.refresh_limit,
        clock=Ground.clock,
        randomness=Ground.randomness,
        audit=Records.audit,
        telemetry=Ground.telemetry,
        policy=Ground.session_policy,
    )
    sessions = providers.Singleton(
        Sessions,
        sessions=Records.stores.sessions,
        users=Records.stores.users,
        revocation=TokenServices.revocation,
        clock=Ground.clock,
    )
    explanation = providers.Singleton(
        Explanation,
        sessions=Records.stores.sessions,
        users=Records.stores.users,
        events=Records.stores.audit_records,
        clock=Ground.clock,
        session_policy=Ground.session_policy,
    )
    retention = providers.Singleton(
        Retention,
        sweeper=Records.stores.sweeper,
        rate_limits=Records.stores.rate_limits,
        revoked=TokenServices.revoked,
        clock=Ground.clock,
        access_tokens=Ground.access_tokens,
        session_policy=Ground.session_policy,
        events=Records.stores.audit_records,
        event_lifetime=Ground.settings.provided.audit_retention,
    )
