"""The rate limit of token requests."""

from ...ports.clock import Clock
from ..rate_limits.rate_limit import LocalRateLimit
from .client import Client


class TokenRequestLimit:
    """Limits how often one client that authenticates may request tokens, because each answer costs a signature.

    A public client has no such limit: anyone can name it, so a stranger could use up the limit of all its users. Its
    only grant is ``refresh_token``, and each session has a limit of its own.
    """

    def __init__(self, *, token_limit: LocalRateLimit, clock: Clock) -> None:
        self._token_limit = token_limit
        self._clock = clock

    def take(self, client: Client) -> None:
        """Charge a request to ``client``, which has authenticated; raises ``TooManyAttempts``."""
        if not client.is_public:
            self._token_limit.take(client.client_id, self._clock.now())
