"""What is kept: the stores, and the audit trail."""

from dependency_injector import providers

from ..adapters.telemetry.audit_log import LogAuditTrail
from ..adapters.telemetry.audit_recorder import AuditRecorder
from ..ports.audit_trail import AuditTrail
from .container_ground import Ground
from .container_stores import Stores
from .telemetry import counted


class Records(Ground):
    """Acts are recorded in the log, in the database, and by telemetry that counts them."""

    stores = providers.Container(
        Stores,
        settings=Ground.settings,
        access_tokens=Ground.access_tokens,
        session_policy=Ground.session_policy,
        telemetry=Ground.telemetry,
    )
    audit_log: providers.Provider[AuditTrail] = providers.Singleton(LogAuditTrail)
    recorder = providers.Singleton(AuditRecorder, log=audit_log, events=stores.audit_records)
    audit: providers.Provider[AuditTrail] = providers.Singleton(counted, recorder, Ground.telemetry)
