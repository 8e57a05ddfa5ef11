"""``keyturn keys``: list, rotate, import and remove signing keys."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..adapters.keys.directory import DirectoryKeyRing
from ..adapters.keys.key_file import read_key_file
from ..adapters.keys.pem import read_private_key
from ..adapters.keys.shared import SharedKeyRing
from ..domain.errors import ConfigurationError
from ..domain.keys.rotation import KeyRotation
from ..domain.keys.signing_key import ALWAYS, SigningKey
from ..domain.sessions.session import RevocationReason
from ..service.container import Container
from .call import Call
from .stores import opened_session_store, save_audit_records


async def list_all(call: Call) -> None:
    """Show each key."""
    async with _opened(call) as container:
        await container.key_lifecycle().load()
        _show(call, container.key_lifecycle().keys())


async def rotate(call: Call, at: float | None) -> None:
    """Rotate the keys, and show their new times."""
    async with _changing(call) as rotation:
        await rotation.rotate(at=at)


async def retire(call: Call, kid: str) -> None:
    """Delete a key, and show the remaining keys."""
    async with _changing(call) as rotation:
        await rotation.retire(kid)


async def compromised(call: Call, kid: str, *, revoke_sessions: bool) -> None:
    """Remove a key and show the remaining keys; with ``--revoke-sessions``, then end all sessions.

    The key is removed first, so that a store that does not answer cannot prevent it. The sessions end although there is
    no such key, so that the same command can be repeated; then it fails. With ``--json``, the last line has the cut-off
    in seconds since the epoch.
    """
    fault: ConfigurationError | None = None
    try:
        async with _changing(call) as rotation:
            await rotation.compromised(kid)
    except ConfigurationError as error:
        fault = error
    if revoke_sessions:
        try:
            cut_off = await _revoke_sessions(call)
        except ConfigurationError as error:
            raise fault or error from None
        call.show({"cut_off": cut_off}, f"Every session that began until {_text(cut_off)} has ended.")
    if fault is not None:
        raise fault


async def import_keys(call: Call, source: Path) -> None:
    """Import a key or a directory of keys, and show all keys."""
    passphrase = call.settings.key_passphrase
    async with _changing(call) as rotation:
        if source.is_dir():  # noqa: ASYNC240  # nothing else runs
            await rotation.move(await DirectoryKeyRing(directory=source, passphrase=passphrase).load())
        else:
            await rotation.add(read_private_key(read_key_file(source), passphrase=passphrase, source=str(source)))


async def export_public(call: Call) -> None:
    """Show the document of ``/.well-known/jwks.json``, which is JSON in any case."""
    async with _opened(call) as container:
        await container.key_lifecycle().load()
        document = container.token_codec().jwk_set()
    call.show(document, json.dumps(document, sort_keys=True))


async def reencrypt(call: Call) -> None:
    """Encrypt the stored keys again, and show how many keys changed."""
    async with _opened(call) as container:
        if call.settings.key_source != "shared":
            raise ConfigurationError("Only keys in a shared store are encrypted with KEYTURN_KEY_ENCRYPTION_KEY.")
        ring: SharedKeyRing = container.shared_key_ring()
        done = await ring.reencrypt()
    call.show({"reencrypted": done}, f"{done} keys were encrypted again.")


@asynccontextmanager
async def _changing(call: Call) -> AsyncIterator[KeyRotation]:
    """Yield what changes the keys, and show all keys after the change."""
    async with _opened(call) as container:
        rotation = container.key_rotation()
        if rotation is None:
            raise ConfigurationError(
                "These keys cannot be changed here: set KEYTURN_KEYS_DIR, or KEYTURN_KEY_ENCRYPTION_KEY and the store,"
                " as for the service."
            )
        yield rotation
        keys = await rotation.keys()
    _show(call, keys)


@asynccontextmanager
async def _opened(call: Call) -> AsyncIterator[Container]:
    """Yield a container with the keys of the service. The session store is opened only if it has the keys."""
    settings = call.settings
    if settings.key_source == "generated":
        raise ConfigurationError(
            "Without KEYTURN_KEYS_DIR, KEYTURN_SIGNING_KEY or KEYTURN_KEY_ENCRYPTION_KEY each process makes a key of"
            " its own; run this in the environment of the service."
        )
    if settings.key_source != "shared":
        container = Container(settings=settings)
        yield container
    else:
        async with opened_session_store(settings, may_create=call.may_create) as container:
            yield container
    await save_audit_records(container, call.output, may_create=call.may_create)


async def _revoke_sessions(call: Call) -> int:
    """End all sessions, and return the cut-off. Wait for its second to pass, so that later sign-ins are not ended."""
    async with opened_session_store(call.settings, may_create=call.may_create) as container:
        cut_off: int = await container.revocation().revoke_all(RevocationReason.KEY_COMPROMISED)
    await save_audit_records(container, call.output, may_create=call.may_create)
    await asyncio.sleep(max(0.0, cut_off + 1 - time.time()))
    return cut_off


def _show(call: Call, keys: Sequence[SigningKey]) -> None:
    policy, now = call.settings.key_policy, time.time()
    if not keys:
        call.output.note_at_terminal("No keys.")
    for key in keys:
        state = policy.state(key, keys, now)
        gone_at = policy.gone_at(key, keys)
        times = {"published_at": key.published_at, "activates_at": key.activates_at, "gone_at": gone_at}
        until = "" if gone_at is None else f", verifies until {_text(gone_at)}"
        text = f"{key.kid}  {state:<8}  signs from {_text(key.activates_at)}{until}"
        call.show({"kid": key.kid, "state": state, **times}, text)


def _text(moment: float) -> str:
    if moment == ALWAYS:
        return "always"
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
