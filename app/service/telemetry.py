"""What is measured as the settings say, and the parts of the service before which a meter stands then."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from aiohttp.typedefs import Middleware

from ..adapters.http.server.request_metrics import measuring
from ..adapters.telemetry.counted_audit_trail import CountedAuditTrail
from ..adapters.telemetry.measured_hasher import MeasuredPasswordHasher
from ..adapters.telemetry.measured_repository import MeasuredRepository
from ..adapters.telemetry.null import NullTelemetry
from ..adapters.telemetry.shared_files import count_alone
from ..domain.errors import ConfigurationError
from ..ports.audit_trail import AuditTrail
from ..ports.password_hasher import PasswordHasher
from ..ports.telemetry import Telemetry

_Repository = TypeVar("_Repository")


def prometheus() -> Callable[[], Telemetry]:
    """Return what makes metrics; raises ``ConfigurationError`` if that is not installed."""
    count_alone()
    try:
        from ..adapters.telemetry.prometheus import PrometheusTelemetry  # noqa: PLC0415  # it need not be installed
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "KEYTURN_METRICS_PORT: metrics need the package prometheus-client, which is not installed; run pip install"
            " keyturn[metrics]."
        ) from error
    return PrometheusTelemetry


def chosen_telemetry(metrics_port: int | None) -> Telemetry:
    """Return metrics if there is a port for them; raises ``ConfigurationError`` if they are not installed."""
    return NullTelemetry() if metrics_port is None else prometheus()()


def counted(trail: AuditTrail, telemetry: Telemetry) -> AuditTrail:
    """Return the audit trail, with a meter before it if anything is measured; so do the functions below."""
    return trail if isinstance(telemetry, NullTelemetry) else CountedAuditTrail(trail, telemetry=telemetry)


def measured_hasher(hasher: PasswordHasher, telemetry: Telemetry, *, threads: int) -> PasswordHasher:
    """Return the hasher, which hashes ``threads`` passwords at once."""
    if isinstance(telemetry, NullTelemetry):
        return hasher
    return MeasuredPasswordHasher(hasher, threads=threads, telemetry=telemetry)


def measured_repository(repository: _Repository, telemetry: Telemetry, *, port: type[Any], store: str) -> _Repository:
    """Return the repository that serves ``port``; ``store`` is its name in the metrics."""
    if repository is None or isinstance(telemetry, NullTelemetry):
        return repository
    return cast("_Repository", MeasuredRepository(repository, port=port, store=store, telemetry=telemetry))


def observers(telemetry: Telemetry, *, traces: bool) -> Sequence[Middleware]:
    """Return the middlewares that watch requests; raises ``ConfigurationError`` if those of traces are not
    installed.
    """
    metrics = () if isinstance(telemetry, NullTelemetry) else (measuring(telemetry),)
    return (*metrics, _tracing()) if traces else metrics


def _tracing() -> Middleware:
    try:
        from ..adapters.http.server.tracing import trace  # noqa: PLC0415  # as above
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "KEYTURN_TRACES: traces need the package opentelemetry-api, which is not installed; run pip install"
            " keyturn[traces]."
        ) from error
    return trace
