"""The request that is being served, for the log and the audit trail."""

from contextvars import ContextVar
from typing import Final

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("keyturn_request_id", default=None)
"""The id that the response has in ``X-Request-Id``."""

ADDRESS: Final[ContextVar[str]] = ContextVar("keyturn_address", default="")
"""The client's address."""
