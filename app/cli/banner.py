"""What a start prints: an address for programs, and at a terminal what people need for the first minute."""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .. import COMMAND
from ..domain.network import UNIX
from .user_lines import printable

_EVERYWHERE: Final = ("//0.0.0.0:", "//[::]:")
_LOOPBACK: Final = "//127.0.0.1:"
_READ_TOKEN: Final = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""  # noqa: S105  # it has none


@dataclass(frozen=True, slots=True)
class BootstrapUser:
    """The user of the settings. ``in_file`` says whether a file has the password. It is never printed."""

    name: str
    in_file: bool

    @property
    def variable(self) -> str:
        """The variable that has the password, or the path of its file."""
        return "KEYTURN_BOOTSTRAP_PASSWORD" + ("_FILE" if self.in_file else "")

    def body(self) -> str:
        """Return the command that prints the body of a sign-in. The shell has the variable."""
        value = f'os.environ["{self.variable}"]'
        password = f'open({value}, encoding="utf-8-sig").read().rstrip("\\r\\n")' if self.in_file else value
        members = f'{{"username": {json.dumps(self.name)}, "password": {password}}}'
        return f"python3 -c {shlex.quote(f'import json, os; print(json.dumps({members}))')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A service that has started: its addresses, its issuer, and the name and the password of the user to try it with,
    if there is one. ``docs`` and ``console`` say whether it has the page of the API and that for administrators.
    ``no_user`` is a sentence if nobody can sign in, and ``bootstrap`` is the user of the settings.
    """

    addresses: Sequence[str]
    issuer: str | None
    docs: bool
    console: bool
    demo: tuple[str, str] | None = None
    no_user: str = ""
    bootstrap: BootstrapUser | None = None

    @property
    def listening(self) -> str:
        """The line that programs read."""
        return f"Keyturn listens at {' and '.join(self.addresses)}"

    @property
    def sign_in(self) -> str:
        """The command that signs the user of ``demo`` or ``bootstrap`` in."""
        name, password = self.demo or ("", "")
        body = f'{{"username": "{name}", "password": "{password}"}}'
        if self.bootstrap is not None:
            return f"{self.bootstrap.body()} | {self._login} -d @-"
        return f"{self._login} -d '{body}'"

    @property
    def _login(self) -> str:
        return f"curl -s {self._to}/auth/login -H 'Content-Type: application/json'"

    def without_terminal(self) -> str:
        """Return how to sign in, for a log or a pipe."""
        return (
            "\nThere is no user yet. You can try the service with a user that exists until this process ends."
            f" Sign in:\n\n  {self.sign_in}\n"
        )

    def banner(self) -> str:
        """Return what people see at a terminal."""
        lines = ["", self.listening, ""]
        lines += [f"  {name:<11} {text}" for name, text in self._facts()]
        if self.no_user:
            lines += ["", self.no_user]
        lines += ["", "Next, in another terminal:", ""]
        for about, command in self._commands():
            lines += [f"  # {about}", f"  {command}"]
        lines += ["", f"Ctrl-C stops it. {COMMAND} serve --help lists the settings.", ""]
        return "\n".join(lines)

    @property
    def _url(self) -> str:
        """The first address, as a client on this machine reaches it."""
        url = self.addresses[0]
        for each in _EVERYWHERE:
            url = url.replace(each, _LOOPBACK)
        return url

    @property
    def _to(self) -> str:
        """The address as an argument of curl."""
        if self._url.startswith(UNIX):
            return f"--unix-socket {shlex.quote(self._url.removeprefix(UNIX))} http://localhost"
        return self._url

    def _facts(self) -> Iterator[tuple[str, str]]:
        if self.docs and not self._url.startswith(UNIX):
            yield "Try it", f"{self._url}/docs"
        if self.console and not self._url.startswith(UNIX):
            yield "Administer", f"{self._url}/console"
        if self.demo is not None:
            name, password = self.demo
            yield "Sign in", f"username {name}, password {password} (a user that exists until this process ends)"
        if self.bootstrap is not None:
            has = "the password in the file of" if self.bootstrap.in_file else "the password of"
            yield "Sign in", f"username {printable(self.bootstrap.name)}, with {has} {self.bootstrap.variable}"
        if self.issuer is not None:
            yield "Issuer", self.issuer

    def _commands(self) -> Iterator[tuple[str, str]]:
        if self.demo is None and self.bootstrap is None:
            yield "whether it is ready", f"curl -s {self._to}/readyz; echo"
            yield (
                "what clients and guards read first",
                f"curl -s {self._to}/.well-known/oauth-authorization-server; echo",
            )
            yield "the keys that verify its tokens", f"curl -s {self._to}/.well-known/jwks.json; echo"
            return
        bearer = '-H "Authorization: Bearer $TOKEN"; echo'
        about = "sign in, and keep the access token"
        if self.bootstrap is not None:
            about += f" ({self.bootstrap.variable} is set and exported in that terminal)"
        yield about, f"TOKEN=$({self.sign_in} | {_READ_TOKEN})"
        yield "what the token says", f"curl -s {self._to}/auth/me {bearer}"
        yield "the sessions of this user", f"curl -s {self._to}/auth/sessions {bearer}"
