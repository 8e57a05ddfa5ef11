"""All commands of the command line, with their arguments."""

from pathlib import Path
from typing import Final

from .arguments import grace, moment, unescaped
from .command import Command, argument

GROUPS: Final = {
    "users": "add, list, change, delete and import users",
    "sessions": "list sessions, end them, and explain why they ended",
    "clients": "register OAuth clients, list and remove them",
    "keys": "make signing keys, list, rotate and remove them",
    "database": "upgrade the stores",
}
"""The help of each group of commands."""

_USERNAME: Final = argument("username", type=unescaped, help="1 to 255 characters; upper and lower case differ")
_SID: Final = argument("sid", type=str.strip, help="the id of the session: the claim sid of its access tokens")
_CLIENT_ID: Final = argument("client_id", type=unescaped, help="1 to 100 letters, digits and . _ ~ -")
_KID: Final = argument("kid", type=str.strip, help="the key's id")

COMMANDS: Final = (
    Command(
        "serve",
        "serve:run",
        "run the service",
        description="Runs the service until SIGTERM or SIGINT. With several workers, SIGHUP reads the settings again"
        "\nand replaces the workers.",
        arguments=(
            argument("--host", help="address to listen on, in place of KEYTURN_HOST"),
            argument("--port", help="port to listen on, in place of KEYTURN_PORT"),
        ),
        epilog="settings_help:settings_help",
    ),
    Command(
        "doctor",
        "doctor:run",
        "check the environment of the service",
        (argument("--url", help="the URL that clients use: checks what they see there, too"),),
        description="Checks what the start of the service checks, and more, and changes nothing. Prints a line for each"
        " check. The exit status is 1 if there is a fault.",
    ),
    Command(
        "users add",
        "users:add",
        "add a user; asks for the password twice, or reads it from the first line of standard input",
        (
            _USERNAME,
            argument(
                "--scope",
                help="scope tokens, separated by spaces (default: KEYTURN_DEFAULT_SCOPE);"
                " an administrator needs --scope 'account keyturn:admin'",
            ),
        ),
        creates=True,
    ),
    Command("users list", "users:list_all", "list the users by name"),
    Command("users disable", "users:disable", "stop a user from signing in, and end all their sessions", (_USERNAME,)),
    Command("users enable", "users:enable", "let a user sign in again", (_USERNAME,)),
    Command(
        "users set-password",
        "users:set_password",
        "set a new password, which is read as in add, and end all sessions of the user",
        (_USERNAME,),
    ),
    Command(
        "users set-scope",
        "users:set_scope",
        "give a user another scope, and end all sessions of the user, which have the old one",
        (_USERNAME, argument("scope", help="scope tokens, separated by spaces, in quotes")),
    ),
    Command(
        "users delete",
        "users:delete",
        "end all sessions of a user, and delete the user; the events about the user stay in the audit trail",
        (_USERNAME, argument("--yes", action="store_true", help="do not ask before, at a terminal")),
    ),
    Command(
        "users import",
        "user_import:import_users",
        "add users whose passwords were hashed elsewhere",
        (argument("file", type=Path, nargs="?", help="file with the lines (default: standard input)"),),
        description="Adds a user for each line. A line is a JSON object with username and password_hash (Argon2id or"
        " bcrypt); scope and disabled are optional. Existing users do not change, so the same file can be imported"
        " again. Invalid lines are named on standard error and left out; the exit status is then 1.",
        creates=True,
    ),
    Command("sessions list", "sessions:list_live", "list the live sessions of a user, the oldest first", (_USERNAME,)),
    Command(
        "sessions end",
        "sessions:end",
        "end a session, or all sessions of a user",
        (
            argument("sid", type=str.strip, nargs="?", help=f"{_SID.options['help']}; not with --user"),
            argument("--user", metavar="USERNAME", help="end all sessions of this user"),
        ),
        description="Ends a session, or all sessions of a user. Their refresh tokens are refused at once. Within 5"
        " seconds every instance and every guard that follows the feed refuses their access tokens.",
    ),
    Command(
        "sessions explain",
        "sessions:explain",
        "show what happened to a session, and why it ended",
        (_SID,),
        description="Shows the events and the state of a session: for example why somebody was signed out.",
    ),
    Command(
        "clients add",
        "clients:add",
        "register a client; its secret is printed once, on standard output",
        (
            _CLIENT_ID,
            argument("--public", action="store_true", help="a client that cannot keep a secret; it may only refresh"),
            argument("--jwks", type=Path, metavar="FILE", help="its public keys: it authenticates by private_key_jwt"),
            argument(
                "--grant",
                action="append",
                default=[],
                dest="grants",
                choices=["client_credentials", "refresh_token"],
                help="a grant it may use",
            ),
            argument("--scope", default="", help="scope tokens, separated by spaces"),
            argument(
                "--audience",
                action="append",
                default=[],
                dest="audiences",
                metavar="AUDIENCE",
                help="an audience for which it may get tokens",
            ),
            argument(
                "--introspects",
                action="append",
                default=[],
                metavar="AUDIENCE",
                help="an audience whose tokens it may introspect",
            ),
        ),
        creates=True,
    ),
    Command("clients list", "clients:list_all", "list the clients by id"),
    Command(
        "clients rotate-secret",
        "clients:rotate_secret",
        "give a client a new secret, which is printed once, on standard output",
        (
            _CLIENT_ID,
            argument(
                "--grace",
                type=grace,
                default=0,
                metavar="TIME",
                help="time during which the old secret stays valid, such as 24h",
            ),
        ),
    ),
    Command(
        "clients remove",
        "clients:remove",
        "remove a client: it cannot authenticate any more, and its sessions cannot be refreshed; access tokens that"
        " were issued to the client itself are valid until they expire",
        (_CLIENT_ID,),
    ),
    Command("keys list", "keys:list_all", "list the keys, their states and times"),
    Command(
        "keys rotate",
        "keys:rotate",
        "activate the pending key as early as is safe: when every verifier can have fetched it",
        (
            argument(
                "--at", type=moment, metavar="TIME", help="time at which to activate it, such as 2026-03-01T12:00:00Z"
            ),
        ),
    ),
    Command("keys retire", "keys:retire", "delete a key that no valid token needs", (_KID,)),
    Command(
        "keys compromised",
        "keys:compromised",
        "remove a key now, even if its tokens are valid, and let the pending key sign; in 5 seconds every instance"
        " refuses tokens of the removed key, and sessions get new tokens when they refresh",
        (_KID, argument("--revoke-sessions", action="store_true", help="also end every session")),
    ),
    Command(
        "keys import",
        "keys:import_keys",
        "publish your own key in place of the pending one, or move a directory of keys to a store without keys",
        (argument("source", type=Path, help="a PEM file, or a directory like KEYTURN_KEYS_DIR"),),
        creates=True,
    ),
    Command("keys export-public", "keys:export_public", "print the public keys as a JWK Set (RFC 7517)"),
    Command(
        "keys reencrypt",
        "keys:reencrypt",
        "encrypt the stored keys with the first key of KEYTURN_KEY_ENCRYPTION_KEY",
    ),
    Command(
        "keys generate",
        "key_generation:generate",
        "make a key in a directory",
        (argument("directory", type=Path, help="directory of the key; created if it does not exist"),),
        description="Makes an RSA key that only you can read, for KEYTURN_KEYS_DIR. The first key of a directory signs"
        " at once. A further key is published first, and signs when every verifier can have fetched it."
        " KEYTURN_KEY_SIZE and KEYTURN_KEY_PASSPHRASE apply: run it in the environment of the service.",
    ),
    Command("keys encryption-key", "encryption_key:make", "print a new KEYTURN_KEY_ENCRYPTION_KEY"),
    Command(
        "database upgrade",
        "database:upgrade",
        "upgrade the stores to the schema of this program",
        description="Creates or upgrades the schema of KEYTURN_DATABASE_URL and KEYTURN_SESSION_URL, and checks their"
        " configuration, as each start of the service does. Of several commands at once, one does the upgrade.",
    ),
)
"""The commands, in the order of the help."""
