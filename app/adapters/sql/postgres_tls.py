"""TLS to PostgreSQL, as libpq does it: from the URL, else from the variables of libpq, else from ``~/.postgresql``."""

import os
import ssl
from collections.abc import Mapping
from os.path import isfile
from pathlib import Path
from typing import Final

from ...domain.errors import ConfigurationError
from ..connecting import check_readable
from ..store_urls.postgres import TLS_MODES

_VARIABLES: Final = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
}
_FILES: Final = {
    "sslrootcert": "root.crt",
    "sslcert": "postgresql.crt",
    "sslkey": "postgresql.key",
    "sslcrl": "root.crl",
}
_VERSIONS: Final = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_PROTOCOL: Final = "postgresql"
"""The name of the protocol for direct TLS, in ALPN (RFC 7301)."""

_UNVERIFIED: Final = ("disable", "allow", "prefer")


def tls_of(options: Mapping[str, str], *, setting: str) -> ssl.SSLContext | str | None:
    """Return what asyncpg takes as ``ssl``: a context, or a mode that verifies nothing, or ``None`` for its default.

    Raises ``ConfigurationError``, which names the setting and the parameter.
    """
    given = {name: os.environ[variable] for name, variable in _VARIABLES.items() if os.environ.get(variable)}
    given |= options
    mode = given.get("sslmode")
    if mode is None or mode in _UNVERIFIED:
        return mode
    if mode not in TLS_MODES:
        raise ConfigurationError(f"PGSSLMODE must be one of {', '.join(TLS_MODES)}.")
    given |= {name: str(file) for name, file in _files_of_home() if name not in given and isfile(file)}  # noqa: PTH113  # no error
    return _Context(given, setting).make(mode)


def _files_of_home() -> list[tuple[str, Path]]:
    try:
        folder = Path.home() / ".postgresql"
    except RuntimeError:  # there is no home
        return []
    return [(name, folder / file) for name, file in _FILES.items()]


class _Context:
    """Makes the context of the parameters in ``given``."""

    def __init__(self, given: Mapping[str, str], setting: str) -> None:
        self._given = given
        self._setting = setting

    def make(self, mode: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = mode == "verify-full"
        self._trust(context, mode)
        self._identify(context)
        context.minimum_version = self._version("ssl_min_protocol_version", ssl.TLSVersion.TLSv1_2)
        context.maximum_version = self._version("ssl_max_protocol_version", ssl.TLSVersion.MAXIMUM_SUPPORTED)
        context.set_alpn_protocols([_PROTOCOL])
        return context

    def _version(self, name: str, default: ssl.TLSVersion) -> ssl.TLSVersion:
        given = self._given.get(name)
        if given is not None and given not in _VERSIONS:  # from a variable: those of the URL were checked
            raise ConfigurationError(f"{_VARIABLES[name]} must be one of {', '.join(_VERSIONS)}.")
        return default if given is None else _VERSIONS[given]

    def _trust(self, context: ssl.SSLContext, mode: str) -> None:
        """Set whose certificates are accepted: with a root certificate those of its chain, as in libpq."""
        root = self._given.get("sslrootcert")
        if root is None and mode != "require":
            raise ConfigurationError(
                f"{self._setting}: sslmode={mode} needs a root certificate; add sslrootcert=FILE, or"
                " sslmode=verify-full and sslrootcert=system for those of this machine."
            )
        if root is None:
            context.verify_mode = ssl.CERT_NONE
        elif root == "system":
            context.load_default_certs()
        else:
            self._load(context, "sslrootcert")
        if root is not None and "sslcrl" in self._given:
            self._load(context, "sslcrl")
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN

    def _load(self, context: ssl.SSLContext, name: str) -> None:
        file = self._readable(name)
        try:
            context.load_verify_locations(cafile=file)
        except ssl.SSLError as error:
            raise ConfigurationError(
                f"{self._setting}: {name} names the file {file}, which is no certificate in PEM."
            ) from error

    def _identify(self, context: ssl.SSLContext) -> None:
        """Load the certificate of the client, if there is one."""
        if "sslcert" not in self._given:
            return
        certificate, key = self._readable("sslcert"), self._readable("sslkey") if "sslkey" in self._given else None
        try:
            context.load_cert_chain(certificate, key, password=lambda: self._given.get("sslpassword", ""))
        except ssl.SSLError as error:
            raise ConfigurationError(
                f"{self._setting}: sslcert, sslkey and sslpassword do not fit together: {certificate} must be a"
                " certificate in PEM, and sslkey its key."
            ) from error

    def _readable(self, name: str) -> str:
        check_readable(self._given[name], setting=self._setting, option=name)
        return self._given[name]
