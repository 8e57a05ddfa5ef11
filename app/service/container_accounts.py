"""The accounts: signing in to them, making and changing them."""

from operator import add

from dependency_injector import providers

from ..domain.login.accounts import Accounts
from ..domain.login.administration import Administration
from ..domain.login.admission import Admission
from ..domain.login.authentication import Authentication
from ..domain.login.password_change import PasswordChange
from .container_ground import Ground
from .container_hashing import Hashing
from .container_records import Records
from .container_tokens import TokenServices


def _a_third(connections: int) -> int:
    """Return how many connections strangers may use: those whose device is looked up use as many, others the rest."""
    return max(1, connections // 3)


class AccountServices(TokenServices, Hashing):
    """They serve people, and those who administer them."""

    admission = providers.Singleton(
        Admission,
        users=Records.stores.users,
        rate_limiter=TokenServices.rate_limiter,
        clock=Ground.clock,
        audit=Records.audit,
        policy=Ground.rate_limit_policy,
        device_lifetime=Ground.settings.provided.device_ttl,
        max_unknown=providers.Callable(add, Hashing.threads, Ground.settings.provided.password_hash_queue),
        max_lookups=providers.Callable(_a_third, Ground.settings.provided.store_connections),
    )
    authentication = providers.Singleton(
        Authentication,
        users=Records.stores.users,
        hasher=Hashing.hasher,
        issuance=TokenServices.issuance,
        revocation=TokenServices.revocation,
        admission=admission,
        clock=Ground.clock,
        randomness=Ground.randomness,
        audit=Records.audit,
    )
    accounts = providers.Singleton(
        Accounts,
        users=Records.stores.users,
        passwords=Hashing.passwords,
        hasher=Hashing.hasher,
        randomness=Ground.randomness,
        clock=Ground.clock,
        audit=Records.audit,
    )
    administration = providers.Singleton(
        Administration,
        users=Records.stores.users,
        passwords=Hashing.passwords,
        revocation=TokenServices.revocation,
        clock=Ground.clock,
        audit=Records.audit,
    )
    password_change = providers.Singleton(
        PasswordChange,
        users=Records.stores.users,
        sessions=Records.stores.sessions,
        authentication=authentication,
        passwords=Hashing.passwords,
        revocation=TokenServices.revocation,
        clock=Ground.clock,
        audit=Records.audit,
    )
