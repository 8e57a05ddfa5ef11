"""The base of the contracts notices a repository that lacks a method."""

import pytest

from app.contracts.kit import RepositoryContract
from app.domain.identifiers import ClientId
from app.ports.client_repository import ClientRepository
from app.testing.clients import FakeClientRepository


class WithoutRemove(FakeClientRepository):
    """``remove`` is the empty method of the port."""

    remove = ClientRepository.remove


async def test_missing_method_is_noticed() -> None:
    """The check fails, although the method of the port can be called."""
    assert not await WithoutRemove().remove(ClientId("orders"))
    check = RepositoryContract[ClientRepository]().test_every_method_of_the_port_is_implemented
    await check(FakeClientRepository())
    with pytest.raises(AssertionError):
        await check(WithoutRemove())
