"""JSON without spaces, in ASCII. Its encoder is made once. The functions of ``json`` make one for each text."""

import json
from collections.abc import Mapping
from json import encoder
from typing import Any, Final

_SEPARATORS: Final = (",", ":")
_SLOW: Final = json.JSONEncoder(separators=_SEPARATORS, check_circular=False)


def encode(members: Mapping[str, object]) -> bytes:
    """Return ``members``, a dictionary such as a ``TypedDict``, as a JSON object.

    Raises ``TypeError`` for a value that JSON cannot express.
    """
    return "".join(_chunks(members, 0)).encode("ascii")


def _make_encoder() -> Any:
    """Return a function that yields the parts of a JSON text. Only CPython has the fast one.

    Its arguments are those that ``JSONEncoder.iterencode`` gives it. It does not look for circular references: no
    response has any.
    """
    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return lambda members, _: _SLOW.iterencode(members)
    item, key = _SEPARATORS
    return make(None, _SLOW.default, encoder.encode_basestring_ascii, None, key, item, False, False, True)  # noqa: FBT003


_chunks: Final = _make_encoder()
