"""Passwords: which are good enough, and how they are hashed."""

import os
import sys
from collections.abc import Iterator
from typing import Final

from dependency_injector import providers

from ..adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher
from ..adapters.passwords.common_passwords import ListedPasswords
from ..domain.login.credentials import PasswordPolicy
from ..domain.login.passwords import Passwords
from ..ports.common_passwords import CommonPasswords
from ..ports.password_hasher import PasswordHasher
from .container_ground import Ground
from .telemetry import measured_hasher

_MOST_THREADS: Final = 4


def _threads(asked: int | None, workers: int) -> int:
    """Return how many threads hash: unless another number is asked for, those of all workers leave a core to the event
    loops, where there are more cores than workers. A thread of low priority on every core doubles the time in which
    others are answered.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return asked or min(_MOST_THREADS, max(1, (cores - 1) // workers))


def _closing(hasher: Argon2PasswordHasher) -> Iterator[Argon2PasswordHasher]:
    yield hasher
    hasher.close()


class Hashing(Ground):
    """The hasher has threads of its own, which end with the container's resources."""

    threads = providers.Callable(
        _threads, Ground.settings.provided.password_hash_threads, Ground.settings.provided.workers
    )
    argon2: providers.Provider[PasswordHasher] = providers.Singleton(
        Argon2PasswordHasher,
        cost=providers.Factory(
            Argon2Cost,
            memory=Ground.settings.provided.password_hash_memory,
            iterations=Ground.settings.provided.password_hash_iterations,
        ),
        threads=threads,
        queue=Ground.settings.provided.password_hash_queue,
    )
    hasher_threads = providers.Resource(_closing, argon2)
    hasher: providers.Provider[PasswordHasher] = providers.Singleton(
        measured_hasher, argon2, Ground.telemetry, threads=threads
    )
    common_passwords: providers.Provider[CommonPasswords] = providers.Singleton(ListedPasswords)
    passwords = providers.Singleton(
        Passwords,
        common=common_passwords,
        hasher=hasher,
        policy=providers.Factory(PasswordPolicy, least_length=Ground.settings.provided.password_min_length),
    )
