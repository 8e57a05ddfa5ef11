"""The service with another way to sign. The first argument names it; ``compare_signers`` compares them."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from dependency_injector import providers

from app.adapters.keys.rsa_signer import RsaSigner
from app.cli import main
from app.ports.signer import Signer
from app.service.container import Container

_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()


class ThreadedSigner(RsaSigner):
    """Signs on threads of its own. Signing releases the lock of the interpreter."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(threads)

    async def sign(self, kid: str, message: bytes) -> bytes:
        """Sign on one of the threads."""
        sign = self._keys[kid].sign
        return await asyncio.get_running_loop().run_in_executor(self._threads, sign, message, _PADDING, _HASH)


SIGNERS: Final[Mapping[str, Callable[[], Signer]]] = {
    "all in one step": lambda: RsaSigner(per_step=sys.maxsize),
    "1 in a step": lambda: RsaSigner(per_step=1),
    "2 in a step": lambda: RsaSigner(per_step=2),
    "3 in a step": lambda: RsaSigner(per_step=3),
    "4 in a step": lambda: RsaSigner(per_step=4),
    "1 thread": lambda: ThreadedSigner(1),
    "2 threads": lambda: ThreadedSigner(2),
}


if __name__ == "__main__":
    Container.signer.override(providers.Singleton(SIGNERS[sys.argv.pop(1)]))
    sys.exit(main())
