"""What clients see at the URL of the service."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from ...adapters.issuer import locations
from ...adapters.issuer.documents import Document, client_session, fetch
from ...domain.errors import ConfigurationError
from ...domain.verifier.errors import IssuerFault
from ..settings import forms
from .examination import Examination
from .finding import Level, Result, fault, ok, skipped, warning

_SECONDS: Final = 5.0
_DAY: Final = 86_400
_RENEW_DAYS: Final = 14
_HTTPS_PORT: Final = 443
_MAX_BYTES: Final = 262_144
_JSON: Final = ("application/json", "application/jwk-set+json")
_NOT_STARTED: Final = "Not checked, because the service does not run. Start it, and run this again."


def parse_url(text: str) -> str:
    """Return the URL at which clients reach the service; raises ``ConfigurationError``."""
    try:
        url = forms.issuer(text)
    except ValueError as error:
        raise ConfigurationError(f"--url: {error}.") from error
    if "@" in urlsplit(url).netloc:
        raise ConfigurationError("--url must not have a user or a password.")
    return url


async def issuer(examination: Examination) -> AsyncIterator[Result]:
    """Compare the issuer with the URL: clients find the metadata by the issuer (RFC 8414 §3.1)."""
    url, configured = examination.url or "", examination.settings.issuer_url
    if url.rstrip("/") == configured.rstrip("/"):
        yield ok(f"The issuer is {configured}, the URL of clients.")
    else:
        yield fault(f"The issuer is {configured}, and clients use {url}. Set KEYTURN_ISSUER={url}.")


async def certificate(examination: Examination) -> AsyncIterator[Result]:
    """Check the certificate as a client does, and until when it is valid."""
    parts = urlsplit(examination.url or "")
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield skipped("The URL is not https.")
        return
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, parts.port or _HTTPS_PORT, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        yield fault(
            f"Clients refuse the certificate of {host}: {error.verify_message}. Give the proxy a certificate of this"
            " name with its whole chain; for an authority of your own, set SSL_CERT_FILE where clients run."
        )
        return
    except (OSError, TimeoutError) as error:
        yield fault(f"No TLS connection to {host} can be made: {_reason(error)}. Correct the proxy, or --url.")
        return
    found = writer.get_extra_info("peercert") or {}
    writer.transport.abort()
    days = int((ssl.cert_time_to_seconds(str(found["notAfter"])) - time.time()) // _DAY)
    text = f"Clients accept the certificate of {host}, which ends in {days} days."
    yield warning(f"{text} Renew it, and let the proxy load it.") if days < _RENEW_DAYS else ok(text)


async def metadata(examination: Examination) -> AsyncIterator[Result]:
    """Fetch the metadata where its clients look for it, and compare its issuer."""
    if not examination.is_running:
        yield skipped(_NOT_STARTED)
        return
    first, *others = locations.metadata_urls(examination.url or "")
    result = await _metadata_at(examination, first)
    for each in others:
        if result.level is Level.FAULT and (await _metadata_at(examination, each)).level is Level.OK:
            result = warning(
                f"The metadata is at {each} only. Clients other than Keyturn's guard look at {first} (RFC 8414 §3.1)."
                " Let the proxy pass that path to the service."
            )
    yield result


async def _metadata_at(examination: Examination, url: str) -> Result:
    document = await _document(url)
    if isinstance(document, Result):
        return document
    found = locations.read_metadata(document.body)
    if found.get("issuer") != examination.settings.issuer_url:
        return fault(
            f"{url} is the metadata of {found.get('issuer')!r}, and the issuer of this environment is"
            f" {examination.settings.issuer_url}."
            " Give the running service and this command the same environment, or let the proxy pass this path to it."
        )
    examination.jwks_uri = str(found.get("jwks_uri"))
    return ok(f"{url} is the metadata of this issuer.")


async def key_set(examination: Examination) -> AsyncIterator[Result]:
    """Fetch the JWK Set that the metadata names, and compare for how long it may be cached."""
    if examination.jwks_uri is None:
        yield skipped("Not checked: the metadata was not found.") if examination.is_running else skipped(_NOT_STARTED)
        return
    document = await _document(examination.jwks_uri)
    if isinstance(document, Result):
        yield document
    elif document.max_age is None or document.max_age > examination.settings.jwks_max_age:
        allowed = "without a limit" if document.max_age is None else f"for {document.max_age:.0f} s"
        yield warning(
            f"{examination.jwks_uri} may be cached {allowed}, and KEYTURN_JWKS_MAX_AGE is"
            f" {examination.settings.jwks_max_age} s: verifiers could miss a new key. Let the proxy pass on"
            " Cache-Control."
        )
    else:
        yield ok(f"{examination.jwks_uri} can be fetched, and cached for {document.max_age:.0f} s.")


async def date(examination: Examination) -> AsyncIterator[Result]:
    """Compare the clock of this machine with the Date header that clients get (RFC 9110 §6.6.1)."""
    if examination.date is None:
        yield skipped("Not checked: no answer had a Date header.")
        return
    try:
        difference = abs(parsedate_to_datetime(examination.date).timestamp() - examination.asked_at)
    except ValueError:
        yield warning("The Date header of the answers is not a date. Correct the proxy.")
        return
    leeway = examination.settings.clock_leeway
    text = f"The Date header of the answers and the clock of this machine differ by {difference:.0f} s"
    if difference > leeway + 1:
        yield warning(f"{text}, and KEYTURN_CLOCK_LEEWAY is {leeway} s. Let both machines use NTP.")
    else:
        yield ok(f"{text}.")


async def _document(url: str) -> Document | Result:
    try:
        async with client_session() as client:
            return await fetch(client, url, media_types=_JSON, max_bytes=_MAX_BYTES)
    except IssuerFault as error:
        return fault(f"{error} Let the proxy pass this path to the service.")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or "it did not answer in time"
