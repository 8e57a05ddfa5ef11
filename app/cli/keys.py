"""``keyturn keys``: list, rotate, import and remove signing keys."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from ..adapters.keys.directory import DirectoryKeyRing
from ..adapters.keys.key_file import read_key_file
from ..adapters.keys.pem import read_private_key
from ..adapters.keys.shared import SharedKeyRing
from ..domain.errors import ConfigurationError
from ..domain.keys.policy import KeyPolicy
from ..domain.keys.rotation import KeyRotation
from ..domain.keys.signing_key import ALWAYS, SigningKey
from ..domain.sessions.session import RevocationReason
from ..service.container import Container
from ..service.settings import Settings
from . import key_material
from .stores import opened_session_store, save_audit_records

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_T = TypeVar("_T")

_LAST_YEAR: Final = 2_999

_HELP = {
    "list": "list the keys, their states and times",
    "rotate": "activate the pending key as early as is safe: when every verifier can have fetched it",
    "retire": "delete a key that no valid token needs",
    "compromised": "remove a key now, even if its tokens are valid, and let the pending key sign; in 5 seconds every"
    " instance refuses tokens of the removed key, and sessions get new tokens when they refresh",
    "import": "publish your own key in place of the pending one, or move a directory of keys to a store without keys",
    "export-public": "print the public keys as a JWK Set (RFC 7517)",
    "reencrypt": "encrypt the stored keys with the first key of KEYTURN_KEY_ENCRYPTION_KEY",
}


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("keys", help="make signing keys, list, rotate and remove them")
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    made = {name: group.add_parser(name, help=text, description=text) for name, text in _HELP.items()}
    made["rotate"].add_argument(
        "--at", type=_moment, metavar="TIME", help="time at which to activate it, such as 2026-03-01T12:00:00Z"
    )
    for name in ("retire", "compromised"):
        made[name].add_argument("kid", type=str.strip, help="the key's id")
    made["compromised"].add_argument("--revoke-sessions", action="store_true", help="also end every session")
    made["import"].add_argument("source", type=Path, help="a PEM file, or a directory like KEYTURN_KEYS_DIR")
    for name, run in _RUN.items():
        made[name].add_argument("--json", action="store_true", help="print JSON, one object a line")
        made[name].set_defaults(run=run)
    key_material.add_to(group)


def run_list(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print a line for each key."""

    async def read(container: Container) -> Sequence[SigningKey]:
        await container.key_lifecycle().load()
        return container.key_lifecycle().keys()

    settings = Settings.from_environment(environment)
    _print(_run(settings, read), settings.key_policy, as_json=arguments.json)


def run_rotate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Rotate the keys, and print their new times."""
    _change(arguments, environment, lambda rotation: rotation.rotate(at=arguments.at))


def run_retire(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Delete a key, and print the remaining keys."""
    _change(arguments, environment, lambda rotation: rotation.retire(arguments.kid))


def run_compromised(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Remove a key and print the remaining keys; with ``--revoke-sessions``, then end all sessions.

    The key is removed first, so that a store that does not answer cannot prevent it. The sessions end although there is
    no such key, so that the same command can be repeated; then it fails. With ``--json``, the last line has the cut-off
    in seconds since the epoch.
    """
    fault: ConfigurationError | None = None
    try:
        _change(arguments, environment, lambda rotation: rotation.compromised(arguments.kid))
    except ConfigurationError as error:
        fault = error
    if arguments.revoke_sessions:
        try:
            cut_off = asyncio.run(_revoke_sessions(Settings.from_environment(environment)))
        except ConfigurationError as error:
            raise fault or error from None
        began = f"Every session that began until {_text(cut_off)} has ended."
        print(json.dumps({"cut_off": cut_off}) if arguments.json else began)
    if fault is not None:
        raise fault


def run_import(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Import a key or a directory of keys, and print all keys."""
    source: Path = arguments.source
    passphrase = Settings.from_environment(environment).key_passphrase

    async def move(rotation: KeyRotation) -> None:
        await rotation.move(await DirectoryKeyRing(directory=source, passphrase=passphrase).load())

    async def add(rotation: KeyRotation) -> None:
        await rotation.add(read_private_key(read_key_file(source), passphrase=passphrase, source=str(source)))

    _change(arguments, environment, move if source.is_dir() else add)


def run_export(_: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print the document of ``/.well-known/jwks.json``."""

    async def export(container: Container) -> object:
        await container.key_lifecycle().load()
        return container.token_codec().jwk_set()

    print(json.dumps(_run(Settings.from_environment(environment), export), sort_keys=True))


def run_reencrypt(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Encrypt the stored keys again, and print how many keys changed."""
    settings = Settings.from_environment(environment)

    async def reencrypt(container: Container) -> int:
        if settings.key_source != "shared":
            raise ConfigurationError("Only keys in a shared store are encrypted with KEYTURN_KEY_ENCRYPTION_KEY.")
        ring: SharedKeyRing = container.shared_key_ring()
        return await ring.reencrypt()

    done = _run(settings, reencrypt)
    print(json.dumps({"reencrypted": done}) if arguments.json else f"{done} keys were encrypted again.")


_RUN = {
    "list": run_list,
    "rotate": run_rotate,
    "retire": run_retire,
    "compromised": run_compromised,
    "import": run_import,
    "export-public": run_export,
    "reencrypt": run_reencrypt,
}


def _change(
    arguments: argparse.Namespace, environment: Mapping[str, str], act: Callable[[KeyRotation], Awaitable[object]]
) -> None:
    """Change the keys, and print all keys."""
    settings = Settings.from_environment(environment)

    async def change(container: Container) -> Sequence[SigningKey]:
        rotation = container.key_rotation()
        if rotation is None:
            raise ConfigurationError(
                "These keys cannot be changed here: set KEYTURN_KEYS_DIR, or KEYTURN_KEY_ENCRYPTION_KEY and the store,"
                " as for the service."
            )
        await act(rotation)
        return await rotation.keys()

    _print(_run(settings, change), settings.key_policy, as_json=arguments.json)


def _run(settings: Settings, act: Callable[[Container], Awaitable[_T]]) -> _T:
    """Return the result of ``act`` on the keys of the service. The session store is opened only if it has the keys."""
    if settings.key_source == "generated":
        raise ConfigurationError(
            "Without KEYTURN_KEYS_DIR, KEYTURN_SIGNING_KEY or KEYTURN_KEY_ENCRYPTION_KEY each process makes a key of"
            " its own; run this in the environment of the service."
        )

    async def run() -> _T:
        if settings.key_source != "shared":
            container = Container(settings=settings)
            done = await act(container)
        else:
            async with opened_session_store(settings) as container:
                done = await act(container)
        await save_audit_records(container)
        return done

    return asyncio.run(run())


async def _revoke_sessions(settings: Settings) -> int:
    """End all sessions, and return the cut-off. Wait for its second to pass, so that later sign-ins are not ended."""
    async with opened_session_store(settings) as container:
        cut_off: int = await container.revocation().revoke_all(RevocationReason.KEY_COMPROMISED)
    await save_audit_records(container)
    await asyncio.sleep(max(0.0, cut_off + 1 - time.time()))
    return cut_off


def _print(keys: Sequence[SigningKey], policy: KeyPolicy, *, as_json: bool) -> None:
    now = time.time()
    for key in keys:
        state = policy.state(key, keys, now)
        gone_at = policy.gone_at(key, keys)
        if as_json:
            times = {"published_at": key.published_at, "activates_at": key.activates_at, "gone_at": gone_at}
            print(json.dumps({"kid": key.kid, "state": state, **times}))
        else:
            until = "" if gone_at is None else f", verifies until {_text(gone_at)}"
            print(f"{key.kid}  {state:<8}  signs from {_text(key.activates_at)}{until}")


def _text(moment: float) -> str:
    if moment == ALWAYS:
        return "always"
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-03-01T12:00:00Z") from None
    if moment.year > _LAST_YEAR:  # the times that follow from this one must be times, too
        raise argparse.ArgumentTypeError(f"{text!r} is after the year {_LAST_YEAR}")
    return float(int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
