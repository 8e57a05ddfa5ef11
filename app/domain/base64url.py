"""base64url without padding (RFC 7515 §2). Each byte string has exactly one encoding."""

from base64 import b64decode, urlsafe_b64encode


def encode(raw: bytes) -> str:
    """Return ``raw`` as unpadded base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes that ``text`` encodes.

    Raises ``ValueError`` for padding, for other characters, and for trailing bits that are not zero (RFC 4648 §3.5).
    """
    raw = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(raw) != text:
        raise ValueError("not canonical base64url")
    return raw
