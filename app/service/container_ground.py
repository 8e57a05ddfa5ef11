"""What all parts stand on: the settings, the policies that follow from them, time and chance, and telemetry."""

from operator import attrgetter

from dependency_injector import containers, providers

from ..adapters.system import SystemClock, SystemRandomness
from ..domain.rate_limits.policy import RateLimitPolicy
from ..domain.sessions.policy import SessionPolicy
from ..domain.tokens.policy import AccessTokenPolicy
from ..ports.clock import Clock
from ..ports.randomness import Randomness
from ..ports.telemetry import Telemetry
from .settings import Settings
from .telemetry import chosen_telemetry


class Ground(containers.DeclarativeContainer):
    """What needs nothing but the settings, and much is made of."""

    settings = providers.Dependency(instance_of=Settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    randomness: providers.Provider[Randomness] = providers.Singleton(SystemRandomness)
    telemetry: providers.Provider[Telemetry] = providers.Singleton(chosen_telemetry, settings.provided.metrics_port)

    access_tokens = providers.Singleton(
        AccessTokenPolicy,
        issuer=settings.provided.issuer,
        audience=settings.provided.audience,
        lifetime=settings.provided.access_token_ttl,
        leeway=settings.provided.clock_leeway,
    )
    session_policy = providers.Singleton(
        SessionPolicy,
        lifetime=settings.provided.refresh_token_ttl,
        idle_lifetime=settings.provided.refresh_idle_ttl,
        replay_window=settings.provided.replay_window,
    )
    key_policy = providers.Singleton(attrgetter("key_policy"), settings)
    rate_limit_policy = providers.Singleton(
        RateLimitPolicy,
        account=settings.provided.login_account_budget,
        device=settings.provided.login_device_budget,
        account_and_network=settings.provided.login_address_budget,
        network=settings.provided.login_network_budget,
        everyone=settings.provided.login_budget,
        refresh=settings.provided.refresh_budget,
        introspection=settings.provided.introspection_budget,
    )
