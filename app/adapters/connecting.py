"""What goes wrong while a driver connects: its sentence without secrets, and files that cannot be read."""

import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ..domain.errors import ConfigurationError

_MAX_LENGTH: Final = 300


def sentence_of(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """Return what the operating system, the TLS library or the driver says, on one line and without a full stop.

    Drivers wrap the errors of others; the first cause says most. If the sentence has one of ``secrets``, the name of
    the error takes its place.
    """
    cause = next((each for each in causes(error) if isinstance(each, OSError)), error)
    sentence = " ".join(_sentence(cause).split()).rstrip(".")[:_MAX_LENGTH]
    if not sentence or any(each in sentence for each in secrets):
        return type(cause).__name__
    return sentence


def system_sentence_of(error: BaseException) -> str:
    """Return what the operating system or the TLS library says, or an empty text if the error is of the driver."""
    return sentence_of(error) if any(isinstance(each, OSError) for each in causes(error)) else ""


def check_readable(path: str, *, setting: str, option: str) -> None:
    """Raise ``ConfigurationError``, which names the setting, the option and the path, if a file cannot be read."""
    try:
        with Path(path).open("rb"):
            return
    except OSError as error:
        raise ConfigurationError(
            f"{setting}: {option} names the file {path}, which cannot be read: {error.strerror}."
        ) from error


def _sentence(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of the server is refused: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that caused it, the first cause first."""
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    yield from reversed(chain)
