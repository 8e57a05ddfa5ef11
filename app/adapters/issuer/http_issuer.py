"""The metadata, the JWK Set and the revocation feed of an issuer, over HTTP."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from aiohttp import ClientSession, hdrs

from ...domain.errors import ConfigurationError
from ...domain.issuer_spelling import differ_by_slash, with_scheme
from ...domain.tokens.feed import FIRST_PAGE
from ...domain.verifier.errors import IssuerFault
from ...ports.issuer import FeedDocument, Issuer, JwkSetDocument
from .. import strict_json
from . import locations
from .documents import Document, client_session, fetch

_DOCUMENT_BYTES: Final = 256 * 1024
_FEED_BYTES: Final = 32 * 1024 * 1024
"""An issuer of an earlier version answers in one document."""

_PAGE_BYTES: Final = 1024 * 1024
_JSON: Final = ("application/json",)
_JWK_SET: Final = ("application/jwk-set+json", "application/json")
_JWT: Final = ("application/jwt",)

_MAX_SHOWN: Final = 200
_MIN_MAX_AGE: Final = 1.0
_DEFAULT_MAX_AGE: Final = 300.0
_MAX_MAX_AGE: Final = 3_600.0


class HttpIssuer(Issuer):
    """Finds the JWK Set in the metadata (RFC 8414). Without metadata it uses the URL of Keyturn's JWK Set.

    Raises ``ConfigurationError`` for an issuer that is not https. A loopback address is allowed, and ``allow_http``
    allows every address.
    """

    def __init__(self, issuer: str, *, allow_http: bool = False) -> None:
        meant = with_scheme(issuer)
        if meant is not None:
            raise ConfigurationError(
                f"The scheme of the issuer {issuer} is missing: it must begin with https:// or http:// (did you mean"
                f" {meant}?)."
            )
        if not locations.is_trustworthy(issuer, allow_http=allow_http) or "?" in issuer:
            raise ConfigurationError(
                f"The issuer {issuer} must be an https URL without query and fragment: keys that are fetched over http"
                " can be changed in the network. Use https, or allow_http=True if the network is trusted."
            )
        self._issuer = issuer
        self._allow_http = allow_http
        self._client: ClientSession | None = None
        self._process = 0
        self._jwks_url: str | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Fetch with one client inside this context; raises ``RuntimeError`` if the context is open already in this
        process. A process that forked this one may have a client of its own.
        """
        if self._client is not None and self._process == os.getpid():
            raise RuntimeError("a remote guard serves one application at a time: create one for each")
        self._process = os.getpid()
        try:
            async with client_session() as self._client:
                yield
        finally:
            self._client = None

    async def jwk_set(self) -> JwkSetDocument:
        if self._jwks_url is None:
            self._jwks_url = await self._find_jwks_url()
        url, self._jwks_url = self._jwks_url, None  # if the fetch fails, the next one looks up the URL again
        document = await fetch(self._connected_client(), url, media_types=_JWK_SET, max_bytes=_DOCUMENT_BYTES)
        self._jwks_url = url
        max_age = _DEFAULT_MAX_AGE if document.max_age is None else document.max_age
        return JwkSetDocument(document.body, min(max(max_age, _MIN_MAX_AGE), _MAX_MAX_AGE))

    async def feed(self, *, since: int, etag: str | None) -> FeedDocument | None:
        url = f"{locations.feed_url(self._issuer)}?after={FIRST_PAGE}" + (f"&since={since}" if since else "")
        headers = {} if etag is None else {str(hdrs.IF_NONE_MATCH): etag}
        other_statuses = (HTTPStatus.NOT_MODIFIED,) if headers else ()
        document = await fetch(
            self._connected_client(),
            url,
            media_types=_JWT,
            max_bytes=_FEED_BYTES,
            headers=headers,
            other_statuses=other_statuses,
        )
        return None if document.status == HTTPStatus.NOT_MODIFIED else _feed(document)

    async def feed_page(self, *, after: str) -> FeedDocument:
        url = f"{locations.feed_url(self._issuer)}?after={quote(after, safe='')}"
        return _feed(await fetch(self._connected_client(), url, media_types=_JWT, max_bytes=_PAGE_BYTES))

    async def _find_jwks_url(self) -> str:
        """Return what the metadata say. Without any, return the URL of Keyturn's JWK Set.

        Raises the first ``IssuerFault`` if no URL has the metadata of this issuer.
        """
        faults = []
        for url in locations.metadata_urls(self._issuer):
            try:
                found = await self._jwks_url_in_metadata(url)
            except IssuerFault as fault:
                faults.append(fault)
            else:
                if found is not None:
                    return found
        if faults:
            raise faults[0]
        return locations.jwks_url(self._issuer)

    async def _jwks_url_in_metadata(self, url: str) -> str | None:
        """Return the URL of the JWK Set in the metadata at ``url``, or ``None`` if there are none."""
        document = await fetch(
            self._connected_client(),
            url,
            media_types=_JSON,
            max_bytes=_DOCUMENT_BYTES,
            other_statuses=(HTTPStatus.NOT_FOUND,),
        )
        if document.status == HTTPStatus.NOT_FOUND:
            return None
        try:
            metadata = strict_json.loads(document.body)
        except ValueError as error:
            raise IssuerFault(f"{url} is not JSON, or is ambiguous.") from error
        if not isinstance(metadata, dict) or metadata.get("issuer") != self._issuer:
            raise IssuerFault(self._another_issuer(url, metadata))
        found = metadata.get("jwks_uri")
        if not isinstance(found, str) or not locations.is_trustworthy(found, allow_http=self._allow_http):
            raise IssuerFault(f"{url} has no jwks_uri with https.")
        return found

    def _another_issuer(self, url: str, metadata: object) -> str:
        """Return what is wrong with metadata (RFC 8414 §3.3), and what to change. Both issuers are named."""
        found = metadata.get("issuer") if isinstance(metadata, dict) else None
        if not isinstance(found, str) or not found.isprintable() or len(found) > _MAX_SHOWN:
            return f"{url} is the metadata of another issuer (RFC 8414 §3.3)."
        if differ_by_slash(found, self._issuer):
            return (
                f"{url} is the metadata of the issuer {found}, and this guard follows {self._issuer}: the slash at the"
                f" end makes them different issuers (RFC 8414 §3.3). Give the guard the issuer {found}."
            )
        return (
            f"{url} is the metadata of another issuer, {found}, and this guard follows {self._issuer} (RFC 8414 §3.3)."
            f" Give the guard that issuer, or start the service with KEYTURN_ISSUER={self._issuer}."
        )

    def _connected_client(self) -> ClientSession:
        if self._client is None:
            raise IssuerFault("The guard is not running: its lifespan has not started.")
        return self._client


def _feed(document: Document) -> FeedDocument:
    try:
        return FeedDocument(document.body.decode("ascii"), document.etag)
    except UnicodeDecodeError as error:
        raise IssuerFault("The feed is no JWT.") from error
