"""The tokens: how they are issued, validated and revoked, and how often they may be asked for."""

from dependency_injector import providers

from ..adapters.memory.attempt_budgets import MemoryAttemptBudgets
from ..adapters.memory.revocation_list import MemoryRevocationList
from ..domain.services.issuance import Issuance
from ..domain.services.revocation import Revocation
from ..domain.services.revocation_feed import RevocationFeed
from ..domain.services.throttling import Throttling
from ..domain.services.validation import Validation
from ..ports.attempt_budgets import AttemptBudgets
from ..ports.revocation_list import RevocationList
from .ground import Ground
from .keys import Keys
from .records import Records


class TokenServices(Keys):
    """The services that those of sessions, accounts and clients are made of."""

    revoked: providers.Provider[RevocationList] = providers.Singleton(MemoryRevocationList)
    validation = providers.Singleton(
        Validation,
        verifier=Keys.codec,
        revoked=revoked,
        clock=Ground.clock,
        policy=Ground.access_tokens,
        unknown_signer=Keys.key_news.provided.ask,
    )
    issuance = providers.Singleton(
        Issuance,
        sessions=Records.stores.sessions,
        keys=Keys.keys,
        codec=Keys.codec,
        clock=Ground.clock,
        randomness=Ground.randomness,
        audit=Records.audit,
        access_tokens=Ground.access_tokens,
        session_policy=Ground.session_policy,
    )
    revocation = providers.Singleton(
        Revocation,
        sessions=Records.stores.sessions,
        revoked=revoked,
        clock=Ground.clock,
        audit=Records.audit,
        policy=Ground.access_tokens,
    )
    feed = providers.Singleton(
        RevocationFeed,
        revoked=revoked,
        keys=Keys.keys,
        codec=Keys.codec,
        clock=Ground.clock,
        policy=Ground.access_tokens,
    )
    own_budgets: providers.Provider[AttemptBudgets] = providers.Singleton(MemoryAttemptBudgets)
    throttling = providers.Singleton(
        Throttling,
        budgets=Records.stores.budgets,
        own=own_budgets,
        clock=Ground.clock,
        policy=Ground.throttle_policy,
    )
