"""The records of the package: what is written is read back, and what cannot be read is refused."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.records.audit_records import audit_record, audit_record_of
from app.adapters.records.clients import client_of, client_record
from app.adapters.records.encoding import decode, encode
from app.adapters.records.encrypted_keys import encrypted_key_of, encrypted_key_record
from app.adapters.records.record import FORMAT, Record, UnreadableRecord
from app.adapters.records.sessions import session_of, session_record
from app.adapters.records.users import user_of, user_record
from app.contracts.audit_record_repository import new_record
from app.contracts.client_repository import new_client
from app.contracts.encrypted_key_repository import new_key
from app.contracts.sessions import LATER, assert_same, new_session, revoked, rotated
from app.contracts.user_repository import new_user
from app.domain.audit.record import AuditRecord
from app.domain.clients.client import AuthenticationMethod, Client, ClientSecret
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.keys.stored_key import EncryptedKey
from app.domain.login.user import User
from app.domain.scope import Scope
from app.domain.sessions.replaced import ReplacedSecrets
from app.domain.sessions.session import RevocationReason, Session

_TEXTS = st.text(max_size=40)
_TIMES = st.floats(min_value=0, max_value=2.0**40)
_NUMBERS = st.integers(min_value=0, max_value=2**63 - 1)
_SCOPES = st.sampled_from([Scope(), Scope.parse("account"), Scope.parse("account orders:read")])
_DIGESTS = st.binary(min_size=32, max_size=32)
_SESSIONS = st.builds(
    Session,
    session_id=st.binary(min_size=16, max_size=16).map(SessionId),
    subject=_TEXTS.map(Subject),
    client_id=_TEXTS.map(ClientId),
    scope=_SCOPES,
    credential_version=_NUMBERS,
    created_at=_TIMES,
    expires_at=_TIMES,
    idle_expires_at=st.none() | _TIMES,
    lineage_digest=_DIGESTS,
    secret_digest=_DIGESTS,
    generation=_NUMBERS,
    rotated_at=_TIMES,
    replaced=st.binary(max_size=72 * 2).map(ReplacedSecrets),
    address=_TEXTS,
    device=_TEXTS,
)
_USERS = st.builds(User, _TEXTS.map(Subject), _TEXTS, _TEXTS, _SCOPES, _NUMBERS, st.booleans())
_KEYS = st.builds(EncryptedKey, _TEXTS, _TEXTS, _TIMES, _TIMES, _TEXTS)
_CLIENT = Client(
    ClientId("orders"),
    AuthenticationMethod.PRIVATE_KEY_JWT,
    scope=Scope.parse("orders:read"),
    audiences=("https://a.example", "b"),
    secrets=(ClientSecret(bytes(32)), ClientSecret(bytes(range(32)), 5)),
    jwks='{"keys": []}',
)

CONVERSIONS: Mapping[str, tuple[Any, Callable[[Any], Record], Callable[[Record], Any]]] = {
    "session": (rotated(new_session()), session_record, session_of),
    "revoked session": (revoked(new_session()), session_record, session_of),
    "user": (new_user(), user_record, user_of),
    "client": (_CLIENT, client_record, client_of),
    "client without keys": (new_client(), client_record, client_of),
    "signing key": (new_key(), encrypted_key_record, encrypted_key_of),
    "audit record": (new_record(), audit_record, audit_record_of),
}


def bits(value: Any) -> str:
    """Return a text that differs for different bits of a time."""
    return repr([getattr(value, field.name) for field in fields(value)])


@pytest.mark.parametrize(("value", "record", "read"), CONVERSIONS.values(), ids=CONVERSIONS)
def test_record_is_read_back(value: Any, record: Callable[[Any], Record], read: Callable[[Record], Any]) -> None:
    """A value of each kind is the same after it was a record, also as bytes. The record has the number of its format,
    and only text, bytes and numbers.
    """
    written = record(value)
    assert written["format"] == FORMAT
    assert {type(each) for each in written.values()} <= {str, bytes, int, float}
    assert read(written) == value
    assert decode(encode(written)) == written
    assert bits(read(decode(encode(written)))) == bits(value)


@given(_SESSIONS, st.none() | st.sampled_from(RevocationReason))
def test_any_session_is_read_back(session: Session, reason: RevocationReason | None) -> None:
    """Whatever a session has, no bit of it changes."""
    stored = session if reason is None else replace(session, revoked_at=LATER, revoked_because=reason)
    assert_same(session_of(decode(encode(session_record(stored)))), stored)


@given(_USERS, _KEYS)
def test_any_user_and_key_is_read_back(user: User, key: EncryptedKey) -> None:
    """Whatever they have, nothing changes."""
    assert user_of(decode(encode(user_record(user)))) == user
    assert encrypted_key_of(decode(encode(encrypted_key_record(key)))) == key


@given(st.builds(AuditRecord, event_id=_TEXTS, at=_TIMES, name=_TEXTS, details=st.dictionaries(_TEXTS, _TEXTS)))
def test_any_audit_record_is_read_back(event: AuditRecord) -> None:
    """Whatever its details are, nothing changes."""
    assert audit_record_of(decode(encode(audit_record(event)))) == event


@pytest.mark.parametrize(("value", "record", "read"), CONVERSIONS.values(), ids=CONVERSIONS)
def test_missing_or_wrong_field_is_refused(
    value: Any, record: Callable[[Any], Record], read: Callable[[Record], Any]
) -> None:
    """A record whose field is missing, or has another type, cannot be read. The error repeats no value."""
    written = record(value)
    optional = {"idle_expires_at", "revoked_at", "revoked_because", "jwks", "session_id", "subject", "client_id"}
    for name in written.keys() - {"format"}:
        missing = {key: each for key, each in written.items() if key != name}
        if name not in optional or (name != "jwks" and not isinstance(value, (AuditRecord, Session))):
            with pytest.raises(UnreadableRecord):
                read(missing)
        with pytest.raises(UnreadableRecord) as raised:
            read({**written, name: ["s3cret"]})  # type: ignore[dict-item]  # what a foreign program wrote
        assert "s3cret" not in str(raised.value)


def test_newer_format_is_refused_and_newer_fields_are_ignored() -> None:
    """A record of a later format cannot be read. One with a further field can, and so can a row without a format."""
    written = session_record(new_session())
    with pytest.raises(UnreadableRecord, match="newer version"):
        session_of({**written, "format": FORMAT + 1})
    assert session_of({**written, "colour": "blue"}) == new_session()
    assert session_of({name: each for name, each in written.items() if name != "format"}) == new_session()


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a":{"b":5}}', b'{"a":{"b":"*"}}', b'{"a":{}}']
)
def test_bytes_that_are_no_record_are_refused(text: bytes) -> None:
    """``decode`` raises nothing but ``UnreadableRecord``."""
    with pytest.raises(UnreadableRecord):
        decode(text)
