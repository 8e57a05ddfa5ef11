"""JSON without spaces: the text is that of ``json``, and its encoder is made once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import compact_json

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(st.dictionaries(st.text(), _VALUES))
def test_the_text_is_that_of_json(members: dict[str, Any]) -> None:
    """Any object becomes the same bytes as with ``json.dumps``."""
    assert compact_json.encode(members) == json.dumps(members, separators=(",", ":")).encode()


def test_a_value_that_json_does_not_have_is_refused() -> None:
    """An error leaves nothing behind: the next text is right."""
    with pytest.raises(TypeError):
        compact_json.encode({"a": [object()]})
    assert compact_json.encode({"a": [1]}) == b'{"a":[1]}'


def test_no_encoder_is_made_for_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a slow nor a fast encoder of ``json`` is made after the import."""

    def made(*_: object, **__: object) -> None:
        raise AssertionError("an encoder was made")

    monkeypatch.setattr(json.encoder, "c_make_encoder", made)
    monkeypatch.setattr(json.JSONEncoder, "iterencode", made)
    assert compact_json.encode({"status": "up"}) == b'{"status":"up"}'
