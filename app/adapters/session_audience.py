"""The audience of a session as text, for stores."""

import json
from collections.abc import Sequence
from functools import lru_cache


def encode(audience: Sequence[str]) -> str:
    """Return the audiences as a JSON array, and "" for none."""
    return json.dumps(audience, ensure_ascii=False, separators=(",", ":")) if audience else ""


@lru_cache(maxsize=256)
def decode(text: str) -> tuple[str, ...]:
    """Return the audiences of a text that ``encode`` returned. Many sessions have the same.

    Raises ``ValueError`` for another text.
    """
    audience = json.loads(text) if text else []
    if not isinstance(audience, list) or not all(isinstance(each, str) for each in audience):
        raise ValueError("the audience of a session is a JSON array of strings")
    return tuple(audience)
