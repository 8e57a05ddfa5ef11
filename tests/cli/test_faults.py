"""Failed starts: the message says what is wrong and how to correct it, without a traceback."""

import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.adapters.keys.directory import create_key_file
from app.adapters.keys.key_file import read_key_file
from app.cli import main
from tests.servers.ports import free_port
from tests.system.processes import ROOT, run


def serve(**settings: str) -> CompletedProcess[str]:
    """Run the service with settings that prevent its start."""
    variables = {f"KEYTURN_{name}": value for name, value in {"PORT": "0", **settings}.items()}
    return run(sys.executable, "-m", "app", "serve", variables=variables)


def faults(failed: CompletedProcess[str]) -> list[str]:
    """Return the lines on standard error that are no log lines; check that nothing else is printed."""
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "Traceback" not in failed.stderr
    return [line for line in failed.stderr.splitlines() if not isinstance(_json(line), Mapping)]


def test_each_invalid_setting_is_a_line() -> None:
    """Each invalid setting has one line, and nothing else is printed."""
    failed = serve(PORTT="1", LOG_LEVEL="loud")
    first, second = failed.stderr.splitlines()
    assert faults(failed) == [first, second]
    assert first.startswith("KEYTURN_LOG_LEVEL: 'loud' must be one of")
    assert second.startswith("KEYTURN_PORTT: there is no setting of this name")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (
            {"SIGNING_KEY_FILE": "missing.pem"},
            "KEYTURN_SIGNING_KEY_FILE: the key file missing.pem cannot be read: No such file or directory.",
        ),
        ({"SIGNING_KEY": "hunter-two"}, "KEYTURN_SIGNING_KEY is not PEM"),
        (
            {"KEYS_DIR": "missing"},
            "KEYTURN_KEYS_DIR: the key directory missing cannot be read: No such file or directory. Make it with a key",
        ),
        ({"HOST": "192.0.2.1"}, "Cannot listen on 192.0.2.1 port 0: "),
    ],
)
def test_a_fault_at_start_is_a_line(settings: dict[str, str], fault: str) -> None:
    """A fault that shows only at the start is one line, without the secret."""
    failed = serve(**settings)
    (line,) = faults(failed)
    assert line.startswith(fault)
    assert "hunter-two" not in failed.stderr


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"KEYS_DIR": "missing"}, "KEYTURN_KEYS_DIR: the key directory missing cannot be read: No such file"),
        ({"HOST": "192.0.2.1"}, "Cannot listen on 192.0.2.1 port 0: "),
        ({"BOOTSTRAP_USERNAME": "x" * 256, "BOOTSTRAP_PASSWORD": "hunter-two"}, "KEYTURN_BOOTSTRAP_USERNAME must have"),
    ],
)
def test_several_workers_report_one_fault(tmp_path: Path, settings: dict[str, str], fault: str) -> None:
    """A fault that prevents every worker from starting is one line, and no worker is started."""
    keys = create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=0).parent
    store = {"WORKERS": "2", "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "KEYS_DIR": str(keys)}
    failed = serve(**{**store, **settings})
    (line,) = faults(failed)
    assert line.startswith(fault)
    assert "hunter-two" not in failed.stderr
    assert "Booting worker" not in failed.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_unreachable_database_is_named(tmp_path: Path, workers: str) -> None:
    """One line names the host and port of a database that cannot be reached, without its password."""
    keys = create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=0).parent
    port = free_port()
    url = f"postgresql://keyturn:hunter-two@127.0.0.1:{port}/keyturn"
    failed = serve(WORKERS=workers, DATABASE_URL=url, KEYS_DIR=str(keys))
    (line,) = faults(failed)
    assert line.startswith(f"PostgreSQL at 127.0.0.1 port {port} cannot be reached: ")
    assert "hunter-two" not in failed.stderr


def test_several_workers_need_gunicorn(tmp_path: Path) -> None:
    """Without gunicorn, the message has the command that installs it."""
    hidden = "import sys; sys.modules['gunicorn'] = None; from app.cli import main; sys.exit(main(['serve']))"
    variables = {
        "KEYTURN_WORKERS": "2",
        "KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYTURN_KEYS_DIR": str(tmp_path),
    }
    (line,) = faults(run(sys.executable, "-c", hidden, variables=variables))
    assert line.endswith("run pip install keyturn[workers].")


def test_a_readable_key_file_is_refused(tmp_path: Path) -> None:
    """If others can read the key file, the message has the command that changes its mode."""
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    key.chmod(0o604)
    (line,) = faults(serve(SIGNING_KEY_FILE=str(key)))
    assert line.endswith(f"run: chmod 600 {key}")


def test_an_unfit_key_is_refused(tmp_path: Path) -> None:
    """A key that is too small, damaged or made by the ROCA generator is refused; the message names its file and the
    fault.
    """
    small = generate_private_key(65537, 1024)  # noqa: S505  # that is the point
    pem = small.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for unfit, fault in (
        (pem, "is an RSA key of 1024 bits; use one of 2048 to 4096 bits"),
        ((ROOT / "tests/vectors/roca/rsa_2048.pem").read_bytes(), "ROCA"),
        (pem[:400], "cannot be read as a private key"),
    ):
        key = tmp_path / "key.pem"
        key.write_bytes(unfit)
        key.chmod(0o600)
        (line,) = faults(serve(SIGNING_KEY_FILE=str(key)))
        assert line.startswith(f"KEYTURN_SIGNING_KEY_FILE: {key}")
        assert fault in line


def test_a_port_in_use_is_named() -> None:
    """The message names a port that another program uses, and the setting that chooses another port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (line,) = faults(serve(PORT=str(port)))
    assert line.startswith(f"Cannot listen on 127.0.0.1 port {port}: ")
    assert "in use" in line
    assert "KEYTURN_PORT (or --host and --port of serve)" in line


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


@pytest.mark.parametrize("arguments", [("users", "import"), ("users", "add", "alice")])
def test_a_closed_standard_input_is_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A command that reads standard input says so in one line if it is closed."""
    database = {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}
    command = f"{sys.executable} -m app {' '.join(arguments)} <&-"
    assert faults(run("/bin/sh", "-c", command, variables=database)) == [
        "Standard input is closed: give what is to be read there."
    ]


def test_faults_are_not_printed_as_results(tmp_path: Path) -> None:
    """If standard error is closed, a fault is not printed on standard output instead."""
    database = {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}
    done = run("/bin/sh", "-c", f"{sys.executable} -m app users disable nobody 2>&-", variables=database)
    assert (done.returncode, done.stdout) == (1, "")


def test_key_files_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """A key file that an editor saved with a byte order mark is read as without it."""
    path = create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=0)
    plain = read_key_file(path)
    path.write_bytes(b"\xef\xbb\xbf" + plain)
    assert read_key_file(path) == plain


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["user", "list"], "Did you mean users?"),
        (["users", "lst"], "Did you mean list?"),
        (["keys", "compromise", "A"], "Did you mean compromised?"),
        (["sevre"], "Did you mean serve?"),
    ],
)
def test_a_command_that_was_perhaps_meant(arguments: list[str], near: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown command or subcommand is answered with the one that is like it."""
    assert main(arguments, {}) == 2
    assert capsys.readouterr().err.rstrip().endswith(near)


def test_a_setting_that_was_perhaps_meant(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown setting is answered with the one that is like it, also with that of a file, and with none at all."""
    names = {"PROT": "PORT", "DATABASE_URI": "DATABASE_URL", "SIGNING_KEYFILE": "SIGNING_KEY_FILE", "QQQ": None}
    assert main(["serve"], {f"KEYTURN_{name}": "x" for name in names}) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [each.partition("Did you mean KEYTURN_")[2].rstrip("?") for each in lines] == [
        names[each] or "" for each in sorted(names)
    ]


def test_a_fault_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty option of ``serve`` is named as the caller wrote it, and a variable as it is."""
    assert main(["serve", "--port", "abc"], {"KEYTURN_WORKERS": "x"}) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("--port: 'abc' must be")
    assert second.startswith("KEYTURN_WORKERS: 'x' must be")
