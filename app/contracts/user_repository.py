"""The contract of a user repository (``app.ports.users``)."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import cycle, islice
from typing import Any

import pytest
import pytest_asyncio

from ..domain.errors import AlreadyExists
from ..domain.identifiers import Subject
from ..domain.login.user import MAX_USERNAME_LENGTH, User
from ..domain.scope import Scope
from ..ports.user_repository import UserRepository
from .counts import CONNECTIONS, RACERS, Counts

UNLIKE_ALICE = ("Alice", "ALICE", "alice ", " alice", "alice\u200b", "alicé", "alice\u0301", "\u0430lice")
"""Names that a collation, a trimming or a normalising store might take for Alice's; the last has a Cyrillic letter."""


def new_user(number: int = 1, **changes: Any) -> User:
    """Return a user; ``number`` makes the name and the id."""
    user = User(
        subject=Subject(f"subject-{number}"),
        username=f"user-{number}",
        password_hash="$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",  # noqa: S106  # a hash's form
        scope=Scope.parse("account keyturn:admin"),
    )
    return replace(user, **changes)


USERS = {
    "plain": new_user(),
    "disabled": new_user(disabled=True),
    "of a later credential version": new_user(credential_version=2**31 - 1),
    "without a scope": new_user(scope=Scope()),
    "of a long name": new_user(username="ü" * MAX_USERNAME_LENGTH),
    "of an odd name": new_user(username='\'; DROP "users" \\ %s 客🦊'),
    "of a short name": new_user(username="a"),
}


class UserKit:
    """Gives each test a store of its own; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[UserRepository]:
        """Return ``n`` repositories over one store, which is empty."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def users(self) -> UserRepository:
        """Return the repository of a test that needs one."""
        [users] = await self.connections(1)
        return users


class UserBehaviour(UserKit):
    """Every method does what its docstring says."""

    @pytest.mark.parametrize("user", USERS.values(), ids=USERS)
    async def test_a_user_is_found_by_id_and_by_name(self, users: UserRepository, user: User) -> None:
        """Whatever the fields hold, they come back the same, of the same types."""
        await users.add(user)
        for found in (await users.find(user.subject), await users.find_by_username(user.username)):
            assert found == user
            for field in fields(User):
                assert type(getattr(found, field.name)) is type(getattr(user, field.name)), field.name

    async def test_nobody_is_found_where_nobody_is(self, users: UserRepository) -> None:
        """An id is no name and a name no id; neither finds another user."""
        await users.add(new_user())
        assert await users.find(Subject("user-1")) is None
        assert await users.find_by_username("subject-1") is None
        assert await users.find(Subject("subject-2")) is None
        assert await users.find_by_username("user-2") is None

    async def test_names_are_compared_character_by_character(self, users: UserRepository) -> None:
        """Names that look alike are different users."""
        names = ("alice", *UNLIKE_ALICE)
        for number, name in enumerate(names):
            await users.add(new_user(number, username=name))
        found = [await users.find_by_username(name) for name in names]
        assert found == [new_user(number, username=name) for number, name in enumerate(names)]

    @pytest.mark.parametrize("name", UNLIKE_ALICE)
    async def test_a_name_that_looks_alike_finds_nobody(self, users: UserRepository, name: str) -> None:
        """Alice is found by her own name only."""
        await users.add(new_user(username="alice"))
        assert await users.find_by_username(name) is None

    async def test_a_hash_is_replaced_and_nothing_else(self, users: UserRepository) -> None:
        """The credential version stays, and so does another user with the same hash."""
        for number in (1, 2):
            await users.add(new_user(number))
        old = new_user().password_hash
        assert await users.replace_password_hash(new_user().subject, expected=old, new="new") is True
        replaced = new_user(password_hash="new")  # noqa: S106  # a test's
        assert await users.find(replaced.subject) == replaced
        assert await users.find_by_username(replaced.username) == replaced
        assert await users.find(new_user(2).subject) == new_user(2)

    async def test_a_password_is_changed_with_its_version(self, users: UserRepository) -> None:
        """The hash is replaced and the credential version raised by one; the user is told as they are then."""
        for number in (1, 2):
            await users.add(new_user(number, credential_version=7))
        changed = new_user(password_hash="new", credential_version=8)  # noqa: S106  # a test's
        old = new_user().password_hash
        assert await users.change_password(changed.subject, new="new", expected=old) == changed
        assert await users.find(changed.subject) == changed
        forced = replace(changed, password_hash="newer", credential_version=9)  # noqa: S106  # a test's
        assert await users.change_password(changed.subject, new="newer", expected=None) == forced
        assert await users.find_by_username(changed.username) == forced
        assert await users.find(new_user(2).subject) == new_user(2, credential_version=7)

    async def test_disabling_raises_the_version_once(self, users: UserRepository) -> None:
        """A user who is disabled already stays as they are, and enabling gives no session its life back."""
        for number in (1, 2):
            await users.add(new_user(number, credential_version=3))
        subject = new_user().subject
        disabled = new_user(credential_version=4, disabled=True)
        assert await users.set_disabled(subject, disabled=True) == disabled
        assert await users.set_disabled(subject, disabled=True) == disabled
        enabled = new_user(credential_version=4)
        assert await users.set_disabled(subject, disabled=False) == enabled
        assert await users.set_disabled(subject, disabled=False) == enabled
        assert await users.find(subject) == enabled
        assert await users.find(new_user(2).subject) == new_user(2, credential_version=3)

    async def test_users_are_listed_by_name_a_page_at_a_time(self, users: UserRepository) -> None:
        """The order is that of the code points, which no locale changes; a page begins after the last one's end."""
        names = sorted(("alice", *UNLIKE_ALICE, "Ärger", "z", "客", "🦊", "a_b", "a%b"))
        for number, name in enumerate(reversed(names)):
            await users.add(new_user(number, username=name))
        listed: list[User] = []
        while page := await users.list_users(after=listed[-1].username if listed else "", limit=5):
            assert len(page) <= 5
            listed += page
        assert [user.username for user in listed] == names
        assert listed[0] == await users.find_by_username(names[0])
        assert list(await users.list_users(after="🦊", limit=5)) == []

    @pytest.mark.parametrize("name", ["a\0", "\0", "\ud800", "a\udfff"])
    async def test_a_name_that_no_store_can_hold_finds_nobody(self, users: UserRepository, name: str) -> None:
        """A zero byte and half a surrogate pair can come in a request: nobody has such a name."""
        assert await users.find_by_username(name) is None

    async def test_what_one_connection_did_every_other_sees(self) -> None:
        """Each read, and each replacement, starts from the last acknowledged change, whoever made it."""
        one, other = await self.connections(2)
        assert await other.find_by_username("user-1") is None
        await one.add(new_user())
        assert await other.find_by_username("user-1") == new_user()
        assert await other.replace_password_hash(new_user().subject, expected=new_user().password_hash, new="new")
        assert not await one.replace_password_hash(new_user().subject, expected=new_user().password_hash, new="newer")
        assert await one.find(new_user().subject) == new_user(password_hash="new")  # noqa: S106  # a test's


class UserAtomicity(UserKit):
    """What is refused changes nothing."""

    @pytest.mark.parametrize("taken", ["username", "subject"])
    async def test_a_failed_add_leaves_the_first(self, users: UserRepository, taken: str) -> None:
        """Neither a taken name nor a taken id lets anything of the second user in."""
        await users.add(new_user(1))
        second = new_user(2, disabled=True, **{taken: getattr(new_user(1), taken)})
        with pytest.raises(AlreadyExists):
            await users.add(second)
        assert await users.find(new_user(1).subject) == new_user(1)
        assert await users.find_by_username(new_user(1).username) == new_user(1)
        assert await users.find(new_user(2).subject) is None
        assert await users.find_by_username(new_user(2).username) is None
        await users.add(new_user(2))

    async def test_a_hash_that_is_not_the_expected_stays(self, users: UserRepository) -> None:
        """The stored hash is compared, not the presence of the user."""
        await users.add(new_user())
        assert await users.replace_password_hash(new_user().subject, expected="another", new="new") is False
        assert await users.find(new_user().subject) == new_user()

    async def test_a_password_of_another_hash_is_not_changed(self, users: UserRepository) -> None:
        """Neither the hash nor the version changes unless the stored hash is the expected one."""
        await users.add(new_user())
        assert await users.change_password(new_user().subject, new="new", expected="another") is None
        assert await users.find(new_user().subject) == new_user()

    @pytest.mark.parametrize("subject", ["nobody", "nobody\0", "nobody\ud800"])
    async def test_nobody_is_changed(self, users: UserRepository, subject: str) -> None:
        """For a user who is not there nothing is changed, and nobody made."""
        nobody = Subject(subject)
        assert await users.change_password(nobody, new="new", expected=None) is None
        assert await users.set_disabled(nobody, disabled=True) is None
        assert await users.find(nobody) is None

    async def test_nobody_gets_no_hash(self, users: UserRepository) -> None:
        """For a user who is not there nothing is replaced, and nobody made."""
        assert await users.replace_password_hash(Subject("nobody"), expected="old", new="new") is False
        assert await users.find(Subject("nobody")) is None


class UserConcurrency(UserKit):
    """Of acts that race, as many succeed as may."""

    @pytest.mark.proof("stores")
    @pytest.mark.parametrize("shared", ["username", "subject"])
    async def test_of_many_users_of_one_identifier_one_is_kept(self, proof: Counts, shared: str) -> None:
        """Every racer but one is refused, and nothing of the losers is found."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        for round_ in range(proof.count(f"races for one {shared}", small=10, full=200)):
            rivals = [new_user(round_ * RACERS + racer, **{shared: f"shared-{round_}"}) for racer in range(RACERS)]
            acts = (handle.add(rival) for handle, rival in zip(handles, rivals, strict=True))
            results = await asyncio.gather(*acts, return_exceptions=True)
            assert results.count(None) == 1
            assert sum(isinstance(result, AlreadyExists) for result in results) == RACERS - 1
            winner = rivals[results.index(None)]
            by_id = [await handles[0].find(rival.subject) for rival in rivals]
            by_name = [await handles[0].find_by_username(rival.username) for rival in rivals]
            assert {user for user in (*by_id, *by_name) if user is not None} == {winner}

    @pytest.mark.proof("stores")
    async def test_of_many_replacements_of_one_hash_one_wins(self, proof: Counts) -> None:
        """Exactly one racer is told that it won, and its hash is kept."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        for number in range(proof.count("races to replace", small=10, full=200)):
            user = new_user(number)
            await handles[0].add(user)
            won = await asyncio.gather(
                *(
                    handle.replace_password_hash(user.subject, expected=user.password_hash, new=f"racer {racer}")
                    for racer, handle in enumerate(handles)
                )
            )
            assert sum(won) == 1
            assert await handles[-1].find(user.subject) == replace(user, password_hash=f"racer {won.index(True)}")

    @pytest.mark.proof("stores")
    async def test_of_many_changes_of_one_password_one_is_made(self, proof: Counts) -> None:
        """Exactly one racer is told that it made the change, and the version goes up by one."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        for number in range(proof.count("races to change a password", small=10, full=200)):
            user = new_user(number)
            await handles[0].add(user)
            changed = await asyncio.gather(
                *(
                    handle.change_password(user.subject, new=f"racer {racer}", expected=user.password_hash)
                    for racer, handle in enumerate(handles)
                )
            )
            assert sum(each is not None for each in changed) == 1
            winner = next(each for each in changed if each is not None)
            assert winner == replace(user, password_hash=f"racer {changed.index(winner)}", credential_version=2)
            assert await handles[-1].find(user.subject) == winner

    async def test_many_changes_at_once_are_all_counted(self) -> None:
        """Changes that expect nothing each raise the version, and disabling at the same time once."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        user = new_user()
        await handles[0].add(user)
        await asyncio.gather(
            *(handle.change_password(user.subject, new="new", expected=None) for handle in handles),
            *(handle.set_disabled(user.subject, disabled=True) for handle in handles),
        )
        found = await handles[-1].find(user.subject)
        assert found is not None
        assert (found.credential_version, found.disabled) == (1 + RACERS + 1, True)


class UserRepositoryContract(UserBehaviour, UserAtomicity, UserConcurrency):
    """All tiers."""
