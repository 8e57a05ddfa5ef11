"""The headers of answers, as OpenAPI header objects."""

from collections.abc import Iterable
from typing import Any, Final

from aiohttp import hdrs

HEADERS: Final[dict[str, str]] = {
    "X-Request-Id": "Names this answer; the service's log tells more under it.",
    hdrs.WWW_AUTHENTICATE: "The challenge (RFC 6750 §3), with an error only where a token was presented.",
    hdrs.RETRY_AFTER: "Seconds after which the same request may succeed.",
    hdrs.ALLOW: "The methods that there are at this path.",
    hdrs.ETAG: "Names this state of the document; send it in If-None-Match.",
    hdrs.CACHE_CONTROL: "Whether and for how long the answer may be kept.",
}
"""What the headers say that answers have."""


def headers(names: Iterable[str]) -> dict[str, Any]:
    """Return the headers of these names, and that of the request's id."""
    return {str(name): {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}
