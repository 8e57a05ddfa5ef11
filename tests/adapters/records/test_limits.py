"""The limits of the fields: what the domain and the kit can make at most stays within them."""

from inspect import isclass
from typing import Any

import pytest

from app.adapters.jose.key_encryption import JoseKeyEncryption
from app.adapters.passwords.argon2_hash import find_fault
from app.adapters.records.audit_records import audit_record
from app.adapters.records.clients import client_record
from app.adapters.records.encoding import encode
from app.adapters.records.encrypted_keys import encrypted_key_record
from app.adapters.records.limits import LIMITS
from app.adapters.records.record import Record
from app.adapters.records.sessions import session_record
from app.adapters.records.users import user_record
from app.contracts.sessions import new_session, revoked
from app.domain.audit import events
from app.domain.audit.record import MAX_TEXT_LENGTH, AuditRecord, to_record
from app.domain.clients.client import MAX_JWKS_LENGTH, AuthenticationMethod, Client, ClientSecret, GrantType
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.keys.stored_key import EncryptedKey
from app.domain.login.user import User
from app.domain.scope import Scope
from app.domain.sessions.replaced import MAX_REPLACED, ReplacedSecret, ReplacedSecrets
from app.domain.sessions.session import RevocationReason

FOX = "🦊"
_LONGEST_SCOPE = Scope.parse("s" * 1_024)
_LONGEST_CLIENT = ClientId(FOX * 100)
_SESSION = new_session(
    subject=Subject("s" * 255),
    client_id=_LONGEST_CLIENT,
    scope=_LONGEST_SCOPE,
    replaced=ReplacedSecrets.of(*[ReplacedSecret(bytes(32), bytes(32), 1.5)] * MAX_REPLACED),
    address="f" * 64,
    device=FOX * 80,
    audience=("é" * 3_061,),
)
_AUDIENCES = tuple(f"{number:02}".ljust(255, "a") for number in range(20))


def longest_event(kind: Any) -> AuditRecord:
    """Return the record of an event all of whose texts are as long as a record lets them be."""
    texts = {"at": 1.5, "session_id": SessionId(bytes(16)), "subject": "s" * 255, "client_id": _LONGEST_CLIENT}
    values = {name: texts.get(name, FOX * MAX_TEXT_LENGTH) for name in kind.__dataclass_fields__}
    return to_record(kind(**values), event_id="f" * 32, request_id="f" * 16, address=FOX * MAX_TEXT_LENGTH)


def longest_key() -> EncryptedKey:
    """Return the longest signing key. A private key of 4,096 bits has at most 2,376 bytes of PKCS #8 in DER."""
    pkcs8 = bytes(2_376)
    return EncryptedKey("k" * 43, "k" * 43, 1.5, 1.5, JoseKeyEncryption(bytes(32)).encrypt(pkcs8, kid="k" * 43))


RECORDS: dict[str, list[Record]] = {
    "session": [
        session_record(_SESSION),
        *(session_record(revoked(_SESSION, reason=reason)) for reason in RevocationReason),
    ],
    "user": [user_record(User(Subject("s" * 255), FOX * 255, "$" * 255, _LONGEST_SCOPE))],
    "client": [
        client_record(
            Client(
                _LONGEST_CLIENT,
                method,
                frozenset(GrantType),
                _LONGEST_SCOPE,
                _AUDIENCES,
                _AUDIENCES,
                (ClientSecret(bytes(32)), ClientSecret(bytes(32), 2**40)),
                "{" + " " * (MAX_JWKS_LENGTH - 2) + "}",
            )
        )
        for method in AuthenticationMethod
    ],
    "signing key": [encrypted_key_record(longest_key())],
    "audit record": [
        audit_record(longest_event(kind))
        for kind in vars(events).values()
        if isclass(kind) and issubclass(kind, events.AuditEvent) and kind is not events.AuditEvent
    ],
}


def length_of(value: object) -> int:
    """Return the length of text or bytes in bytes, and 0 for a number."""
    return len(value.encode() if isinstance(value, str) else value) if isinstance(value, (str, bytes)) else 0


@pytest.mark.parametrize("kind", RECORDS)
def test_no_field_is_longer_than_its_limit(kind: str) -> None:
    """Each field of the longest records has its type and stays within its limit. Every limit names a field."""
    types = {"text": str, "bytes": bytes, "whole number": int, "time": float}
    limits = LIMITS[kind]
    for record in RECORDS[kind]:
        assert record.keys() <= limits.keys()
        assert {name for name, limit in limits.items() if not limit.optional} <= record.keys()
        for name, value in record.items():
            assert type(value) is types[limits[name].kind], name
            assert length_of(value) <= (limits[name].bytes or 0), name
    assert {name for record in RECORDS[kind] for name in record} == limits.keys()


def test_longest_session_fits_into_a_value_of_32_kib() -> None:
    """A store of keys and values needs values of at most 32 KiB for sessions."""
    assert 16_384 < max(len(encode(each)) for each in RECORDS["session"]) <= 32_768


def test_hash_of_another_program_fits() -> None:
    """The longest Argon2 hash that is accepted, and a bcrypt hash, are shorter than the limit."""
    longest = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 86}${'A' * 86}"
    assert find_fault(longest, max_memory=2**20, max_iterations=10) is None
    assert len(longest) + len("9" * 10) * 3 <= (LIMITS["user"]["password_hash"].bytes or 0)
