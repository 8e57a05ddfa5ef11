"""Users in memory: the kit."""

from collections.abc import Sequence

from app.adapters.memory.users import MemoryUserRepository
from app.ports.users import UserRepository
from tests.contracts.user_repository import UserRepositoryContract


class TestMemoryUserRepository(UserRepositoryContract):
    """The in-memory users pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[UserRepository]:
        return [MemoryUserRepository()] * n
