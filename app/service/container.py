"""The parts list of the service: which class serves each port, and what each part is made of.

A part is named after its class or its port. This is the only file that imports dependency_injector.
"""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Dependency, Factory, Provider, Resource, Selector, Singleton

from ..adapters.jose.client_assertions import ALGORITHMS, JoseClientAssertionReader
from ..adapters.jose.token_codec import JoseTokenCodec
from ..adapters.keys.directory import DirectoryKeyRing
from ..adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from ..adapters.keys.generated import GeneratedKeyStore, RsaKeyGenerator
from ..adapters.keys.rsa_signer import RsaSigner
from ..adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher
from ..adapters.passwords.common_passwords import ListedPasswords
from ..adapters.system import SystemClock, SystemRandomness
from ..adapters.telemetry.audit_recorder import AuditRecorder, CountedAuditTrail
from ..adapters.telemetry.measured_hasher import MeasuredPasswordHasher
from ..adapters.telemetry.measured_repository import measured_repository
from ..adapters.telemetry.null import NullTelemetry
from ..domain.audit.activity import Activity
from ..domain.clients.authentication import ClientAuthentication
from ..domain.clients.client_credentials import CLIENT_TOKENS_AT_ONCE, ClientCredentialsGrant
from ..domain.clients.introspection import Introspection
from ..domain.clients.known_clients import KnownClients
from ..domain.clients.registration import ClientRegistration
from ..domain.clients.token_request_limit import TokenRequestLimit
from ..domain.clients.token_revocation import TokenRevocation
from ..domain.clients.used_assertions import UsedAssertions
from ..domain.clocks.clock_watch import ClockWatch
from ..domain.clocks.trusted_clock import TrustedClock
from ..domain.keys.administration import KeyAdministration
from ..domain.keys.lifecycle import KeyLifecycle
from ..domain.keys.reload import KeyReload
from ..domain.keys.rotation import KeyRotation
from ..domain.login.accounts import Accounts
from ..domain.login.administration import Administration
from ..domain.login.admission import Admission
from ..domain.login.authentication import Authentication
from ..domain.login.credentials import PasswordPolicy
from ..domain.login.password_change import PasswordChange
from ..domain.login.passwords import Passwords
from ..domain.overload.timed_queue import TimedQueue
from ..domain.rate_limits.limiter import RateLimiter
from ..domain.rate_limits.rate_limit import LocalRateLimit
from ..domain.sessions.explanation import Explanation
from ..domain.sessions.issuing import SessionTokenIssuer
from ..domain.sessions.logout import Logout
from ..domain.sessions.lookup import SessionLookup
from ..domain.sessions.opening import SessionOpening
from ..domain.sessions.refresh_room import RefreshRoom
from ..domain.sessions.retention import Retention
from ..domain.sessions.revocation import Revocation
from ..domain.sessions.rotation import Rotation
from ..domain.sessions.separate_reads import SeparateReads
from ..domain.sessions.session_limit import SessionLimit
from ..domain.sessions.subject_sessions import SubjectSessions
from ..domain.tokens.issuing import AccessTokenIssuer
from ..domain.tokens.longest_token import LongestToken
from ..domain.tokens.reading import IssuedTokenReader
from ..domain.tokens.revocation_feed import RevocationFeed
from ..domain.tokens.revocation_list import RevocationList
from ..domain.tokens.signing import TokenSigning
from ..domain.tokens.validation import Validation
from ..ports.audit_record_repository import AuditRecordRepository
from ..ports.audit_trail import AuditTrail
from ..ports.client_assertion_reader import ClientAssertionReader
from ..ports.client_repository import ClientRepository
from ..ports.clock import Clock
from ..ports.common_passwords import CommonPasswords
from ..ports.database import Database
from ..ports.key_generator import KeyGenerator
from ..ports.key_store import KeyStore
from ..ports.password_hasher import PasswordHasher
from ..ports.randomness import Randomness
from ..ports.rate_limit_repository import RateLimitRepository
from ..ports.session_reader import SessionReader
from ..ports.session_repository import SessionRepository
from ..ports.session_store import SessionStore
from ..ports.session_sweeper import SessionSweeper
from ..ports.signer import Signer
from ..ports.store_clock import StoreClock
from ..ports.telemetry import Telemetry
from ..ports.token_codec import TokenCodec
from ..ports.user_repository import UserRepository
from . import signing_keys, stores
from .settings import Settings
from .telemetry import prometheus_telemetry

if TYPE_CHECKING:
    from ..adapters.http.api.server_metadata import ServerMetadata


def _server_metadata(issuer: str, audiences: tuple[str, ...]) -> "ServerMetadata":
    from ..adapters.http.api.server_metadata import ServerMetadata  # noqa: PLC0415  # commands serve no HTTP

    return ServerMetadata(issuer, algorithms=ALGORITHMS, audiences=audiences)


class Container(DeclarativeContainer):
    """The parts of one instance. Each part is made when it is first needed, and only once."""

    settings = Dependency(instance_of=Settings)
    _setting = settings.provided

    # Time, randomness, telemetry
    machine_clock: Provider[Clock] = Singleton(SystemClock)
    clock = Singleton(TrustedClock, machine_clock, leeway=_setting.clock_leeway)
    randomness: Provider[Randomness] = Singleton(SystemRandomness)
    telemetry: Provider[Telemetry] = Selector(
        _setting.telemetry, none=Singleton(NullTelemetry), prometheus=Singleton(prometheus_telemetry)
    )
    _if_measured = partial(Selector, _setting.telemetry)  # a meter stands before a part only with metrics
    _measured = partial(Singleton, measured_repository, telemetry=telemetry)

    # Stores and their repositories
    database: Provider[Database] = Singleton(stores.database, _setting.database_url, _setting.store_options)
    session_store: Provider[SessionStore] = Singleton(
        stores.session_store_beside, database, _setting.session_url, _setting.store_options
    )
    distinct_stores: Provider[Sequence[SessionStore]] = Singleton(stores.distinct, session_store, database)
    user_repository: Provider[UserRepository] = _if_measured(
        none=database.provided.users, prometheus=_measured(database.provided.users, port=UserRepository, store="users")
    )
    client_repository: Provider[ClientRepository] = _if_measured(
        none=database.provided.clients,
        prometheus=_measured(database.provided.clients, port=ClientRepository, store="clients"),
    )
    session_repository: Provider[SessionRepository] = _if_measured(
        none=session_store.provided.sessions,
        prometheus=_measured(session_store.provided.sessions, port=SessionRepository, store="sessions"),
    )
    reserved_sessions = Singleton(stores.reserved_sessions, session_store)
    reserved_session_repository: Provider[SessionRepository] = _if_measured(
        none=reserved_sessions, prometheus=_measured(reserved_sessions, port=SessionRepository, store="sessions")
    )
    joined_reads = _if_measured(
        none=database.provided.session_reader,
        prometheus=_measured(database.provided.session_reader, port=SessionReader, store="sessions"),
    )
    separate_reads = Singleton(SeparateReads, sessions=session_repository, users=user_repository)
    session_reader: Provider[SessionReader] = Singleton(
        stores.session_reader, session_store, database, joined=joined_reads, separate=separate_reads
    )
    session_sweeper: Provider[SessionSweeper | None] = _if_measured(
        none=session_store.provided.sweeper,
        prometheus=_measured(session_store.provided.sweeper, port=SessionSweeper, store="sweeper"),
    )
    audit_record_repository: Provider[AuditRecordRepository | None] = database.provided.audit_records
    rate_limit_repository: Provider[RateLimitRepository] = Singleton(stores.rate_limits, session_store)

    # Audit trail
    audit_recorder = Singleton(AuditRecorder, records=audit_record_repository)
    audit_trail: Provider[AuditTrail] = _if_measured(
        none=audit_recorder, prometheus=Singleton(CountedAuditTrail, audit_recorder, telemetry=telemetry)
    )
    _recorded = partial(Singleton, clock=clock, audit=audit_trail)  # a service that records audit events

    # Signing keys
    _pem = partial(Singleton, passphrase=_setting.key_passphrase)
    shared_key_ring = Singleton(signing_keys.shared_key_ring, session_store, _setting.key_encryption_key)
    key_store: Provider[KeyStore] = Selector(
        _setting.key_source,
        generated=Singleton(GeneratedKeyStore, bits=_setting.key_size),
        environment=_pem(EnvironmentKeyStore, pem=_setting.signing_key),
        file=_pem(FileKeyStore, path=_setting.signing_key_file),
        directory=_pem(DirectoryKeyRing, directory=_setting.keys_dir),
        shared=shared_key_ring,
    )
    key_generator: Provider[KeyGenerator] = Singleton(RsaKeyGenerator, bits=_setting.key_size)
    token_codec: Provider[TokenCodec] = Singleton(JoseTokenCodec)
    signer: Provider[Signer] = Singleton(RsaSigner)
    key_lifecycle = Singleton(
        KeyLifecycle, store=key_store, codec=token_codec, signer=signer, clock=clock, policy=_setting.key_policy
    )
    key_rotation: Provider[KeyRotation | None] = _recorded(
        signing_keys.key_rotation, key_store, generator=key_generator, policy=_setting.key_policy
    )
    key_reload = Singleton(KeyReload, clock=clock)
    key_administration = Singleton(
        KeyAdministration, lifecycle=key_lifecycle, rotation=key_rotation, clock=clock, policy=_setting.key_policy
    )

    # Access tokens
    token_signing = Singleton(TokenSigning, keys=key_lifecycle, codec=token_codec, signer=signer)
    revocation_list = Singleton(RevocationList)
    validation = Singleton(
        Validation,
        verifier=token_codec,
        revoked=revocation_list,
        clock=clock,
        policy=_setting.access_token_policy,
        unknown_signer=key_reload.provided.request,
    )
    issued_token_reader = Singleton(
        IssuedTokenReader,
        codec=token_codec,
        policy=_setting.access_token_policy,
        unknown_signer=key_reload.provided.request,
    )
    revocation_feed = Singleton(
        RevocationFeed,
        revoked=revocation_list,
        keys=key_lifecycle,
        codec=token_codec,
        signing=token_signing,
        clock=clock,
        policy=_setting.access_token_policy,
    )

    # Sessions
    known_clients = Singleton(KnownClients, clients=client_repository, clock=clock)
    refresh_limit = Singleton(LocalRateLimit, _setting.refresh_budget)
    session_lookup = Singleton(
        SessionLookup, sessions=session_repository, reader=session_reader, policy=_setting.session_policy
    )
    access_token_issuer = Singleton(
        AccessTokenIssuer,
        signing=token_signing,
        codec=token_codec,
        randomness=randomness,
        policy=_setting.access_token_policy,
    )
    longest_token = Singleton(LongestToken, codec=token_codec, policy=_setting.access_token_policy)
    session_token_issuer = Singleton(
        SessionTokenIssuer, access_tokens=access_token_issuer, policy=_setting.access_token_policy
    )
    reserved_lookup = Singleton(
        SessionLookup, sessions=reserved_session_repository, reader=session_reader, policy=_setting.session_policy
    )
    revocation = _recorded(
        Revocation,
        sessions=reserved_session_repository,
        lookup=reserved_lookup,
        revoked=revocation_list,
        policy=_setting.access_token_policy,
    )
    store_clock: Provider[StoreClock | None] = Singleton(stores.clock, distinct_stores)
    clock_watch = Singleton(
        ClockWatch,
        clock=clock,
        store_clock=store_clock,
        reload=revocation.provided.reload_revocations,
        hold_after_step=_setting.access_token_policy.provided.memory_of_revocations.call(),
    )
    logout = Singleton(Logout, revocation=revocation, reader=issued_token_reader)
    session_limit = Singleton(
        SessionLimit, sessions=session_repository, revocation=revocation, policy=_setting.session_policy
    )
    session_opening = _recorded(
        SessionOpening,
        sessions=session_repository,
        issuer=session_token_issuer,
        session_limit=session_limit,
        randomness=randomness,
        policy=_setting.session_policy,
    )
    refresh_room = Singleton(
        RefreshRoom,
        longest_wait=_setting.longest_wait,
        replay_window=_setting.session_policy.replay_window,
        clock=clock,
    )
    rotation = _recorded(
        Rotation,
        sessions=session_repository,
        clients=known_clients,
        lookup=session_lookup,
        issuer=session_token_issuer,
        revocation=revocation,
        refresh_limit=refresh_limit,
        room=refresh_room,
        randomness=randomness,
        policy=_setting.session_policy,
    )
    subject_sessions = Singleton(
        SubjectSessions, sessions=session_repository, users=user_repository, revocation=revocation, clock=clock
    )
    explanation = Singleton(
        Explanation,
        lookup=session_lookup,
        audit_records=audit_record_repository,
        clock=clock,
        policy=_setting.session_policy,
    )
    activity = Singleton(Activity, audit_records=audit_record_repository, clock=clock)
    retention = Singleton(
        Retention,
        sweeper=session_sweeper,
        session_limit=session_limit,
        rate_limits=rate_limit_repository,
        revoked=revocation_list,
        clock=clock,
        access_tokens=_setting.access_token_policy,
        session_policy=_setting.session_policy,
        audit_records=audit_record_repository,
        record_lifetime=_setting.audit_retention,
    )

    # Users and sign-in
    argon2: Provider[PasswordHasher] = Singleton(
        Argon2PasswordHasher,
        cost=Factory(Argon2Cost, memory=_setting.password_hash_memory, iterations=_setting.password_hash_iterations),
        threads=_setting.hashing_threads,
        queue=_setting.password_hash_queue,
    )
    argon2_threads = Resource(closing, argon2)
    password_hasher: Provider[PasswordHasher] = _if_measured(
        none=argon2,
        prometheus=Singleton(MeasuredPasswordHasher, argon2, threads=_setting.hashing_threads, telemetry=telemetry),
    )
    common_passwords: Provider[CommonPasswords] = Singleton(ListedPasswords)
    passwords = Singleton(
        Passwords,
        common=common_passwords,
        hasher=password_hasher,
        policy=Factory(PasswordPolicy, min_length=_setting.password_min_length),
    )
    rate_limiter = Singleton(RateLimiter, rate_limits=rate_limit_repository, clock=clock)
    admission = _recorded(
        Admission,
        users=user_repository,
        rate_limiter=rate_limiter,
        policy=_setting.rate_limit_policy,
        device_lifetime=_setting.device_ttl,
        max_unknown=_setting.max_unknown_sign_ins,
        max_lookups=_setting.max_sign_in_lookups,
    )
    authentication = _recorded(
        Authentication,
        users=user_repository,
        hasher=password_hasher,
        session_opening=session_opening,
        revocation=revocation,
        admission=admission,
        randomness=randomness,
    )
    accounts = _recorded(
        Accounts, users=user_repository, passwords=passwords, hasher=password_hasher, randomness=randomness
    )
    administration = _recorded(Administration, users=user_repository, passwords=passwords, revocation=revocation)
    password_change = _recorded(
        PasswordChange,
        users=user_repository,
        sessions=session_repository,
        authentication=authentication,
        passwords=passwords,
        revocation=revocation,
    )

    # OAuth clients
    client_assertions: Provider[ClientAssertionReader] = Singleton(JoseClientAssertionReader)
    used_assertions = Singleton(UsedAssertions)
    client_registration = _recorded(
        ClientRegistration,
        clients=client_repository,
        known_clients=known_clients,
        assertions=client_assertions,
        randomness=randomness,
        longest_token=longest_token,
    )
    server_metadata = Singleton(_server_metadata, _setting.issuer_url, _setting.audience)
    client_authentication = Singleton(
        ClientAuthentication,
        clients=known_clients,
        assertions=client_assertions,
        used=used_assertions,
        clock=clock,
        policy=_setting.access_token_policy,
        token_endpoint=server_metadata.provided.token_endpoint,
    )
    token_limit = Singleton(LocalRateLimit, _setting.token_budget)
    token_request_limit = Singleton(TokenRequestLimit, token_limit=token_limit, clock=clock)
    client_credentials_queue = Singleton(
        TimedQueue, at_once=CLIENT_TOKENS_AT_ONCE, longest_wait=_setting.longest_wait, clock=clock
    )
    client_credentials_grant = _recorded(
        ClientCredentialsGrant, issuer=access_token_issuer, queue=client_credentials_queue
    )
    introspection_limit = Singleton(LocalRateLimit, _setting.introspection_budget)
    introspection = Singleton(
        Introspection,
        lookup=session_lookup,
        validation=validation,
        introspection_limit=introspection_limit,
        clock=clock,
    )
    token_revocation = _recorded(
        TokenRevocation,
        lookup=session_lookup,
        revocation=revocation,
        reader=issued_token_reader,
        policy=_setting.access_token_policy,
    )
