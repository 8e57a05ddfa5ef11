"""``keyturn keys``."""

import argparse
import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..adapters.keys.directory import DirectoryKeyRing, create_key_file, has_keys
from ..adapters.keys.key_file import read_key_file
from ..adapters.keys.pem import read_private_key
from ..adapters.keys.shared import SharedKeyRing
from ..container import Container
from ..domain.errors import ConfigurationError
from ..domain.model import base64url
from ..domain.model.key_policy import KeyPolicy
from ..domain.model.session import RevocationReason
from ..domain.model.signing_key import SigningKey
from ..domain.services.key_rotation import KeyRotation
from ..settings import Settings
from .opened import opened_stores

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_T = TypeVar("_T")
_Command = Callable[[argparse.Namespace, Mapping[str, str]], None]


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("keys", help="make signing keys, list, rotate and drop them")
    group = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: _Command, help: str, description: str = "") -> argparse.ArgumentParser:
        made = group.add_parser(name, help=help, description=description or None)
        made.add_argument("--json", action="store_true", help="print JSON, one object a line")
        made.set_defaults(run=run)
        return made

    command("list", run_list, "list the keys, their states and times")
    rotate = command(
        "rotate",
        run_rotate,
        "let the next key sign as early as is safe",
        "Brings the activation of the pending key forward, to when every verifier has it.",
    )
    rotate.add_argument("--at", type=_moment, metavar="TIME", help="when it is to sign, such as 2026-03-01T12:00:00Z")
    retire = command("retire", run_retire, "delete a key that no live token needs")
    retire.add_argument("kid", help="the key's id")
    compromised = command(
        "compromised",
        run_compromised,
        "drop a key now, whatever it signed",
        "Drops the key, and has the pending one sign at once. Every instance refuses the key's tokens within 5 seconds;"
        " sessions go on, and get tokens of the new key at their next refresh.",
    )
    compromised.add_argument("kid", help="the key's id")
    compromised.add_argument("--revoke-sessions", action="store_true", help="end every session too")
    importing = command(
        "import",
        run_import,
        "publish a key of your own as the next, or move a directory of keys to an empty store",
        "A file becomes the pending key. A directory's keys keep their times; the store must have none.",
    )
    importing.add_argument("source", type=Path, help="a PEM file, or a directory as KEYTURN_KEYS_DIR")
    command("export-public", run_export, "print the public keys as a JWK Set (RFC 7517)")
    command(
        "reencrypt",
        run_reencrypt,
        "encrypt the stored keys by the first key of KEYTURN_KEY_ENCRYPTION_KEY",
    )
    command("encryption-key", run_encryption_key, "print a new KEYTURN_KEY_ENCRYPTION_KEY")
    generate = group.add_parser(
        "generate",
        help="make a key in a directory",
        description="Makes an RSA key that only you can read, for KEYTURN_KEYS_DIR. The first key of a directory signs"
        " at once; a further one is published first, and signs once every verifier can have fetched it."
        " KEYTURN_KEY_SIZE and KEYTURN_KEY_PASSPHRASE apply: run it in the environment of the service.",
    )
    generate.add_argument("directory", type=Path, help="where the key goes; made if it is not there")
    generate.set_defaults(run=run_generate)


def run_list(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print a line for each key."""
    settings = Settings.from_environment(environment)
    _print(_run(settings, KeyRotation.keys), settings.key_policy, as_json=arguments.json)


def run_rotate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Rotate, and print the timeline that this sets."""
    settings = Settings.from_environment(environment)

    async def rotate(rotation: KeyRotation) -> Sequence[SigningKey]:
        await rotation.rotate(at=arguments.at)
        return await rotation.keys()

    _print(_run(settings, rotate), settings.key_policy, as_json=arguments.json)


def run_retire(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Delete a key, and print what is left."""
    settings = Settings.from_environment(environment)

    async def retire(rotation: KeyRotation) -> Sequence[SigningKey]:
        await rotation.retire(arguments.kid)
        return await rotation.keys()

    _print(_run(settings, retire), settings.key_policy, as_json=arguments.json)


def run_compromised(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Drop a key, and print what is left."""
    settings = Settings.from_environment(environment)

    async def drop() -> tuple[Sequence[SigningKey], int | None]:
        async with opened_stores(settings) as container:
            rotation = _rotation(container)
            await rotation.compromised(arguments.kid)
            ended = None
            if arguments.revoke_sessions:
                ended = await container.revocation().revoke_all(RevocationReason.KEY_COMPROMISED)
            return await rotation.keys(), ended

    keys, ended = asyncio.run(drop())
    _print(keys, settings.key_policy, as_json=arguments.json)
    if ended is not None:
        print(json.dumps({"sessions_revoked": ended}) if arguments.json else f"{ended} sessions were ended.")


def run_import(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Import, and print the timeline that this sets."""
    settings = Settings.from_environment(environment)
    source: Path = arguments.source

    is_directory = source.is_dir()

    async def add(rotation: KeyRotation) -> Sequence[SigningKey]:
        if is_directory:
            directory = DirectoryKeyRing(directory=source, passphrase=settings.key_passphrase)
            await rotation.move(await directory.load())
        else:
            pem = read_key_file(source)
            await rotation.add(read_private_key(pem, passphrase=settings.key_passphrase, source=str(source)))
        return await rotation.keys()

    _print(_run(settings, add), settings.key_policy, as_json=arguments.json)


def run_export(_: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print what ``/.well-known/jwks.json`` would say."""
    settings = Settings.from_environment(environment)

    async def export() -> object:
        async with opened_stores(settings) as container:
            await container.keys().load()
            return container.codec().jwk_set()

    print(json.dumps(asyncio.run(export()), sort_keys=True))


def run_reencrypt(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Encrypt anew, and say how many keys that were."""
    settings = Settings.from_environment(environment)

    async def reencrypt() -> int:
        async with opened_stores(settings) as container:
            ring = container.key_stores.chosen()
            if not isinstance(ring, SharedKeyRing):
                raise ConfigurationError("Only keys in a shared store are encrypted by KEYTURN_KEY_ENCRYPTION_KEY.")
            return await ring.reencrypt()

    done = asyncio.run(reencrypt())
    print(json.dumps({"reencrypted": done}) if arguments.json else f"{done} keys were encrypted anew.")


def run_encryption_key(arguments: argparse.Namespace, _: Mapping[str, str]) -> None:
    """Print 32 random bytes."""
    key = base64url.encode(secrets.token_bytes(32))
    print(json.dumps({"key": key}) if arguments.json else key)


def run_generate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Make a key and say from when it signs."""
    settings = Settings.from_environment(environment)
    directory: Path = arguments.directory
    lead = settings.key_policy.lead() if has_keys(directory) else 0
    activates_at = int(time.time()) + lead
    path = create_key_file(
        directory, bits=settings.key_size, passphrase=settings.key_passphrase, activates_at=activates_at
    )
    print(f"{path} signs from {_text(activates_at)} on. Use it with KEYTURN_KEYS_DIR={directory}")


def _run(settings: Settings, act: Callable[[KeyRotation], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        async with opened_stores(settings) if settings.key_source == "shared" else nullcontext() as opened:
            return await act(_rotation(opened or Container(settings=settings)))

    return asyncio.run(run())


def _rotation(container: Container) -> KeyRotation:
    rotation = container.key_rotation()
    if rotation is None:
        raise ConfigurationError(
            "These keys cannot be changed here: set KEYTURN_KEYS_DIR, or KEYTURN_KEY_ENCRYPTION_KEY and the store, as"
            " for the service."
        )
    return rotation


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
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-03-01T12:00:00Z") from None
    return float(int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
