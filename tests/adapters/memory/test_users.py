"""Users in memory: the kit."""

from collections.abc import Sequence

from app.adapters.memory.users import MemoryUserRepository
from app.contracts.user_repository import UserRepositoryContract
from app.ports.user_repository import UserRepository


class TestMemoryUserRepository(UserRepositoryContract):
    """The in-memory users pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[UserRepository]:
        return [MemoryUserRepository()] * n
