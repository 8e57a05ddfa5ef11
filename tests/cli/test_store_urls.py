"""URLs of stores that cannot be used: one sentence names the faulty part, and nothing of a password."""

from pathlib import Path
from typing import Final

import pytest

from app.cli import main

SPECIAL: Final = "hunter@2secret/4?6#8%zz"
PIECES: Final = ("hunter", "2secret", "4?6", "#8", "%zz", "%23")
IN_URL: Final = "hunter%402secret%2F4%3F6%238%25zz"
CLOSED: Final = "127.0.0.1:1"
"""A port on which nobody listens."""

PG: Final = f"postgresql://keyturn:{IN_URL}@{CLOSED}/keyturn"
REDIS: Final = f"redis://:{IN_URL}@{CLOSED}"
SENTINEL: Final = f"redis+sentinel://:{IN_URL}@127.0.0.1:1"

DATABASES: Final = [
    # What is not percent-encoded
    ("postgresql://keyturn:hunter@2secret@127.0.0.1:1/k", "PostgreSQL at 127.0.0.1 port 1 cannot be reached: "),
    (f"postgresql://keyturn:{SPECIAL}@127.0.0.1/k", "must not have a #: write it as %23"),
    ("postgresql://keyturn:hunter/2secret@127.0.0.1/k", "must not have an @ after the first / or ?"),
    ("postgresql://keyturn:99/hunter2secret@127.0.0.1/k", "must not have an @ after the first / or ?"),
    ("postgresql://keyturn:99?hunter=2secret@127.0.0.1/k", "must not have an @ after the first / or ?"),
    ("postgresql://keyturn:hunter%zz@127.0.0.1/k", "the password has a % that begins no percent-encoding"),
    ("postgresql://keyturn:hunter%ff@127.0.0.1/k", "the percent-encodings of the password must be those of UTF-8"),
    ("postgresql://keyturn:hunter%00@127.0.0.1/k", "the password must not have %00"),
    ("postgresql://keyturn:hunter 2secret@127.0.0.1/k", "must not have a space"),
    ("postgresql://key@turn:hunter@127.0.0.1/k", "must not have an @ in the user"),
    ("postgresql://keyturn:hunter2secret.host/k", "the port must be a whole number from 1 to 65535"),
    ("postgresql://keyturn:hunter%40127.0.0.1/k", "the port must be a whole number from 1 to 65535"),
    ("keyturn:hunter2secret@127.0.0.1/k", "must be a store's URL, such as memory://"),
    # The host, the port, the database
    (f"postgresql://keyturn:{IN_URL}@127.0.0.1:99999/k", "the port must be a whole number from 1 to 65535"),
    (f"postgresql://keyturn:{IN_URL}@127.0.0.1:x/k", "the port must be a whole number from 1 to 65535"),
    (f"postgresql://keyturn:{IN_URL}@127.0.0.1:1:2/k", "the port must be a whole number from 1 to 65535"),
    (f"postgresql://keyturn:{IN_URL}@::1/k", "the host must be a name, an address, or an IPv6 address between [ and ]"),
    (
        f"postgresql://keyturn:{IN_URL}@[::x]/k",
        "the host must be a name, an address, or an IPv6 address between [ and ]",
    ),
    (f"postgresql://keyturn:{IN_URL}@a..b/k", "the host must be a name"),
    (f"postgresql://keyturn:{IN_URL}@a%40b/k", "the host must be a name"),
    (f"postgresql://keyturn:{IN_URL}@127.0.0.1/k/l", "the database must not have a /: write it as %2F"),
    (
        f"postgresql://keyturn:{IN_URL}@127.0.0.1:1,127.0.0.1:2/k",
        "at 127.0.0.1 port 1, 127.0.0.1 port 2 cannot be reached",
    ),
    (f"{PG}?host=10.0.0.1", "the host is given twice"),
    (f"{PG}?port=5432", "the port is given twice"),
    (f"{PG}?password=hunter", "the password is given twice"),
    (f"{PG}?user=hunter", "the user is given twice"),
    (f"{PG}?dbname=k", "the database is given twice"),
    ("postgresql://?host=127.0.0.1,127.0.0.1&port=1,2,3", "the option port must have one port, or as many as"),
    # The parameters of libpq
    (f"{PG}?connect_timeout=5&application_name=zz&sslmode=disable", "cannot be reached: Connect call failed"),
    (f"{PG}?connect_timeout=soon", "the option connect_timeout must be a whole number"),
    (f"{PG}?channel_binding=require", "the option channel_binding must be one of disable, prefer"),
    (
        f"{PG}?sslmode=wrong",
        "the option sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
    ),
    (f"{PG}?sslmode=verify-full&sslrootcert=/missing/root.crt", "sslrootcert names the file /missing/root.crt, which"),
    (f"{PG}?sslmode=require&sslcert=/missing/me.crt", "sslcert names the file /missing/me.crt, which cannot be read"),
    (f"{PG}?sslmode=verify-ca&sslrootcert={__file__}", "which is no certificate in PEM"),
    (f"{PG}?sslrootcert=/missing/root.crt", "the option sslrootcert needs sslmode=require, verify-ca or verify-full"),
    (f"{PG}?sslmode=prefer&sslcert=/missing/me.crt", "the option sslcert needs sslmode="),
    (f"{PG}?sslmode=require&sslrootcert=system", "the option sslrootcert=system needs sslmode=verify-full"),
    (f"{PG}?sslmode=disable&sslpassword=hunter", "the option sslpassword needs sslmode="),
    (f"{PG}?sslnegotiation=direct", "the option sslnegotiation=direct needs sslmode="),
    (f"{PG}?schema=keyturn", "the option schema cannot be set here: use options=-csearch_path%3DNAME"),
    (f"{PG}?pgbouncer=true", "the option pgbouncer cannot be set here: set KEYTURN_STORE_PREPARED_STATEMENTS"),
    (f"{PG}?target_session_attrs=read-only", "the option target_session_attrs must be one of any, read-write, primary"),
    (f"{PG}?keepalives=1", "the option keepalives cannot be set here"),
    (f"{PG}?service=hunter", "the option service cannot be set here"),
    (f"{PG}?ssl=true", "the option ssl cannot be set here: use sslmode=require or sslmode=verify-full"),
    (f"{PG}?client_encoding=latin1", "the option client_encoding must be one of UTF8"),
    (f"{PG}?sslmode=disable&sslmode=require", "the option sslmode is given twice"),
    (f"{PG}?hunter=2secret", "option 1 after the ? is not known; the options are application_name"),
    (f"{PG}?sslmode=disable&hunter", "option 2 after the ? must be a name, = and a value"),
    (f"{PG}?application_name=a+b", "must not have a + after the ?"),
    (f"{PG}?application_name=", "the option application_name must be printable text, and not empty"),
    # Files
    ("sqlite:///keyturn?.db", "a SQLite URL must be sqlite:///FILE or sqlite:////ABSOLUTE/FILE and nothing else"),
    ("sqlite:///keyturn.db?mode=ro", "it has no options"),
    ("sqlite://keyturn:hunter2secret@127.0.0.1/keyturn.db", "a SQLite URL must be sqlite:///FILE"),
    ("sqlite://", "a SQLite URL must be sqlite:///FILE"),
    ("sqlite:///:memory:", "a SQLite URL must be sqlite:///FILE"),
    ("sqlite:///missing%2Ffolder/keyturn.db", "/missing/folder does not exist; make it"),
    ("SQLITE:///missing/keyturn.db", "/missing does not exist; make it"),
    ("sqlite:///100%.db", "the path has a % that begins no percent-encoding"),
    ("sqlite:///keyturn\n.db", "must not have a line end or another invisible character"),
    # Other schemes
    (
        f"mysql://keyturn:{IN_URL}@127.0.0.1/k",
        "there is no store for URLs of this scheme; the known schemes are memory",
    ),
    (f"postgresql+asyncpg://keyturn:{IN_URL}@127.0.0.1/k", "there is no store for URLs of this scheme"),
    (f"memory://keyturn:{IN_URL}@127.0.0.1", "the URL of the memory store must be memory:// and nothing else"),
    (f"{REDIS}/0", "redis:// keeps sessions and no users"),
]

SESSIONS: Final = [
    ("redis://:hunter@2secret@127.0.0.1:1/0", "Redis at 127.0.0.1 port 1 cannot be reached: Connect call failed"),
    (f"redis://:{SPECIAL}@127.0.0.1/0", "must not have a #"),
    ("redis://:hunter/2secret@127.0.0.1/0", "must not have an @ after the first / or ?"),
    ("redis://keyturn:hunter2secret/0", "the port must be a whole number"),
    (f"redis://:{IN_URL}@127.0.0.1:99999/0", "the port must be a whole number from 1 to 65535"),
    (f"redis://:{IN_URL}@/0", "must name one host"),
    (f"redis://:{IN_URL}@a..b/0", "the host must be a name"),
    ("redis:///0", "must name one host"),
    (f"redis://:{IN_URL}@127.0.0.1,127.0.0.2/0", "must name one host"),
    (f"{REDIS}/prod", "the database after the / must be a whole number, such as 0"),
    (f"{REDIS}/0?db=1", "the database is given twice"),
    (f"{REDIS}/0?password=hunter", "the password is given twice"),
    (f"{REDIS}/0?family=0", "option 1 after the ? is not known; the options are client_name, db, password"),
    (f"{REDIS}/0?hunter=2secret", "option 1 after the ? is not known"),
    (f"{REDIS}/0?decode_responses=true", "the option decode_responses cannot be set here: Keyturn sets it itself"),
    (f"{REDIS}/0?socket_timeout=5", "the option socket_timeout cannot be set here: KEYTURN_STORE_TIMEOUT"),
    (f"{REDIS}/0?max_connections=-1", "the option max_connections cannot be set here: set KEYTURN_STORE_CONNECTIONS"),
    (f"{REDIS}/0?ssl_ca_certs=/missing/ca.pem", "the option ssl_ca_certs is one of TLS: write rediss to use TLS"),
    (
        f"rediss{REDIS[5:]}/0?ssl_ca_certs=/missing/ca.pem",
        "ssl_ca_certs names the file /missing/ca.pem, which cannot be",
    ),
    (f"rediss{REDIS[5:]}/0?ssl_cert_reqs=no", "the option ssl_cert_reqs must be one of required, optional, none"),
    (f"rediss{REDIS[5:]}/0?ssl_min_version=TLSv1", "the option ssl_min_version must be one of TLSv1.2, TLSv1.3"),
    (f"redis+cluster{REDIS[5:]}/1", "a cluster has the database 0 alone: leave the number out"),
    (f"redis+cluster{REDIS[5:]}", "Redis at 127.0.0.1 port 1"),
    (f"{SENTINEL}/", "must name the service of the sentinels after the /"),
    (f"{SENTINEL}/service/prod", "the database after the / must be a whole number"),
    (f"{SENTINEL}/service?sentinel_max_connections=1", "the option sentinel_max_connections cannot be set here"),
    (f"{SENTINEL}/service?sentinel_password=hunter2secret", "Redis at 127.0.0.1 port 1 cannot be reached: "),
    (f"{SENTINEL}/service?sentinel_ssl_ca_certs=/missing", "is one of TLS: write sentinel_ssl=1 to use TLS"),
    (
        f"{SENTINEL}/service?sentinel_ssl=1&sentinel_ssl_ca_certs=/missing",
        "sentinel_ssl_ca_certs names the file /missing",
    ),
    (f"memory://{IN_URL}", "the URL of the memory store must be memory:// and nothing else"),
    ("sqlite:///missing/keyturn.db", "KEYTURN_SESSION_URL: the folder"),
    (PG, "PostgreSQL at 127.0.0.1 port 1 cannot be reached: Connect call failed"),
    (f"{PG}?sslmode=verify-ca&sslrootcert=/missing/root.crt", "KEYTURN_SESSION_URL: sslrootcert names the file"),
]


@pytest.mark.parametrize(
    ("setting", "url", "fault"),
    [("KEYTURN_DATABASE_URL", *each) for each in DATABASES] + [("KEYTURN_SESSION_URL", *each) for each in SESSIONS],
)
def test_a_wrong_url_is_one_sentence(  # noqa: PLR0917  # pytest gives them by name
    setting: str,
    url: str,
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each wrong URL, and each URL of a server that does not answer, ends in one line that names the fault, with exit
    status 1, and without any piece of the password.
    """
    monkeypatch.chdir(tmp_path)
    environment = {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", setting: url}
    assert main(["database", "upgrade"], environment) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert fault in line
    assert line.startswith((f"{setting}: ", "PostgreSQL at ", "Redis at "))
    assert not [each for each in PIECES if each in line.replace("%23 %40 %25", "").replace("it as %23", "")]


@pytest.mark.parametrize(
    "url", ["SQLite:///{}/keyturn.db", "sqlite:///{}/my k\u00e4yturn.db", "sqlite:///{}/my%20k%C3%A4yturn%3F.db"]
)
def test_names_of_files(url: str, tmp_path: Path) -> None:
    """A scheme may be in upper case; a path may have spaces and umlauts, also percent-encoded."""
    assert main(["database", "upgrade"], {"KEYTURN_DATABASE_URL": url.format(tmp_path)}) == 0
    [file] = tmp_path.glob("*.db")
    assert file.name in ("keyturn.db", "my k\u00e4yturn.db", "my k\u00e4yturn?.db")
