"""Administration of signing keys: ``/admin/keys``."""

from collections.abc import Sequence
from typing import Annotated, Final, TypedDict

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.keys.administration import KeyAdministration
from ....domain.keys.errors import KeyChangeRefused
from ....domain.keys.signing_key import ALWAYS, ListedKey
from ....domain.scope import ADMIN
from ...guards.aiohttp_marks import requires
from ...guards.aiohttp_request import PRINCIPAL
from ..operation import Operation, ResponseSpec
from ..responses import json_response

KEYS: Final = web.AppKey("keyturn_keys", KeyAdministration)


class KeyEntry(TypedDict):
    """A signing key. Times are seconds since the epoch. No key material is shown."""

    kid: str
    state: Annotated[str, "`pending`, `active`, `retiring` or `gone`."]
    published_at: Annotated[float | None, "Verifiers can fetch the key from then on; `null` if that is not known."]
    activates_at: Annotated[
        float | None, "The key signs from then on; `null` for a first key, which signs from always."
    ]
    gone_at: Annotated[float | None, "No token needs the key from then on; `null` as long as it has no successor."]


class KeyList(TypedDict):
    """All signing keys, in the order in which they activate."""

    keys: list[KeyEntry]
    can_rotate: Annotated[bool, "Whether the keys are in a store that Keyturn can change."]


@requires(ADMIN)
async def list_keys(request: web.Request) -> web.Response:
    """List the signing keys that this instance has loaded."""
    return _listed(request, request.app[KEYS].keys())


@requires(ADMIN)
async def rotate_keys(request: web.Request) -> web.Response:
    """Rotate the signing keys. The next key signs as early as every verifier can have it, so no token is refused."""
    return _listed(request, await request.app[KEYS].rotate(by=request[PRINCIPAL].subject))


def _listed(request: web.Request, keys: Sequence[ListedKey]) -> web.Response:
    listed: KeyList = {"keys": [_describe(each) for each in keys], "can_rotate": request.app[KEYS].can_rotate}
    return json_response(listed)


def _describe(listed: ListedKey) -> KeyEntry:
    return {
        "kid": listed.key.kid,
        "state": listed.state,
        "published_at": _known(listed.key.published_at),
        "activates_at": _known(listed.key.activates_at),
        "gone_at": listed.gone_at,
    }


def _known(moment: float) -> float | None:
    return None if moment == ALWAYS else moment


ROUTES: Final = (
    Operation("GET", "/admin/keys", list_keys, responses=ResponseSpec(KeyList), errors=(Unavailable,)),
    Operation(
        "POST",
        "/admin/keys/rotate",
        rotate_keys,
        responses=ResponseSpec(KeyList),
        errors=(KeyChangeRefused, Unavailable),
    ),
)
