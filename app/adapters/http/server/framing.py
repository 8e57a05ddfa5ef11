"""Where a request ends, found without the HTTP parser."""

from typing import Final

UNKNOWN: Final = -1

_GET: Final = b"GET "
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length:"
_MAX_LENGTH_DIGITS: Final = 6
_MAX_KNOWN_HEAD: Final = 1_024


def missing_bytes(chunk: bytes) -> int:
    """Return how many bytes of its body are missing if ``chunk`` is the beginning of one request: 0 if it is exactly
    one whole request.

    Return ``UNKNOWN`` for everything else: a part of a head, more than one request, or a request that is unusual. Only
    the HTTP parser can tell then.
    """
    head_end = chunk.find(_HEAD_END)
    if head_end < 0:
        return UNKNOWN
    head = chunk[:head_end].lower()
    if _is_unusual(head):
        return UNKNOWN
    length = 0
    at = head.find(_LENGTH)
    if at >= 0:
        value, _, rest = head[at + len(_LENGTH) :].partition(b"\r\n")
        digits = value.strip(b" ")
        if not digits.isdigit() or len(digits) > _MAX_LENGTH_DIGITS or b"content-length" in rest:
            return UNKNOWN
        length = int(digits)
    return max(UNKNOWN, head_end + len(_HEAD_END) + length - len(chunk))


def is_whole_get(chunk: bytes) -> bool:
    """Return whether ``chunk`` is exactly the head of a GET request. What follows begins another request, or is a body:
    then the connection is not idle until aiohttp has read it.
    """
    return chunk.startswith(_GET) and chunk.find(_HEAD_END) == len(chunk) - len(_HEAD_END)


class KnownHead:
    """The head of a whole request, and the length of that request. Clients that try again send the same head."""

    __slots__ = ("_head", "_length")

    def __init__(self) -> None:
        self._head = b""
        self._length = 0

    def is_repeated_by(self, chunk: bytes) -> bool:
        """Return whether ``chunk`` is one whole request with this head: only the bytes of its body differ."""
        return len(chunk) == self._length and chunk.startswith(self._head)

    def remember(self, request: bytes) -> None:
        """Keep the head of a whole request, unless it is long."""
        if not self.is_repeated_by(request):
            end = request.index(_HEAD_END) + len(_HEAD_END)
            if end <= _MAX_KNOWN_HEAD:
                self._head, self._length = request[:end], len(request)


def _is_unusual(head: bytes) -> bool:
    """Return whether a head, in small letters, has what this module does not understand, or what changes the end of a
    request or of its connection. It is written out because a loop takes three times as long.
    """
    return (
        b"transfer-encoding" in head
        or b"\r\nupgrade" in head
        or b"\r\nexpect" in head
        or b"\r\nconnection: close" in head
        or b"\r\n " in head
        or b"\r\n\t" in head
        or head.count(b"\n") != head.count(b"\r\n")
    )
