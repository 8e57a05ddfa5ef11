"""The contract of a user repository (``app.ports.user_repository``)."""

import asyncio
from dataclasses import fields, replace
from typing import Any

import pytest

from ..domain.errors import AlreadyExists
from ..domain.identifiers import Subject
from ..domain.login.user import MAX_USERNAME_LENGTH, User
from ..domain.scope import Scope
from ..ports.user_repository import UserRepository
from .kit import PAGE, RACERS, Counts, RepositoryContract
from .sentences import must_raise, only_errors_of_the_port

SIMILAR_TO_ALICE = ("Alice", "ALICE", "alice ", " alice", "alice\u200b", "alicé", "alice\u0301", "\u0430lice")
"""Names that a store with collation, trimming or normalisation might confuse with ``alice``. The last one begins with a
Cyrillic letter.
"""


def new_user(number: int = 1, **changes: Any) -> User:
    """Return a user. The name and the id depend on ``number``."""
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
    "with a high credential version": new_user(credential_version=2**31 - 1),
    "without a scope": new_user(scope=Scope()),
    "with a long name": new_user(username="ü" * MAX_USERNAME_LENGTH),
    "with an odd name": new_user(username='\'; DROP "users" \\ %s 客🦊'),
    "with a short name": new_user(username="a"),
}


class UserBehaviour(RepositoryContract[UserRepository]):
    """Every method does what its docstring says."""

    @pytest.mark.parametrize("user", USERS.values(), ids=USERS)
    async def test_user_is_found_by_id_and_by_name(self, repository: UserRepository, user: User) -> None:
        """Every field is returned with its value and type."""
        await repository.add(user)
        for found in (await repository.find(user.subject), await repository.find_by_username(user.username)):
            assert found == user, "find or find_by_username returned another user than add stored"
            for field in fields(User):
                assert type(getattr(found, field.name)) is type(getattr(user, field.name)), (
                    f"find returned {field.name} with another type"
                )

    async def test_unknown_user_is_not_found(self, repository: UserRepository) -> None:
        """A username is not found as an id, nor an id as a username. No other user is found."""
        await repository.add(new_user())
        assert await repository.find(Subject("user-1")) is None, "find took a username for an id"
        assert await repository.find_by_username("subject-1") is None, "find_by_username took an id for a username"
        assert await repository.find(Subject("subject-2")) is None, "find returned a user for an unknown id"
        assert await repository.find_by_username("user-2") is None, (
            "find_by_username returned a user for an unknown name"
        )

    async def test_similar_names_are_different_users(self, repository: UserRepository) -> None:
        """Users with similar names are stored and found apart."""
        names = ("alice", *SIMILAR_TO_ALICE)
        for number, name in enumerate(names):
            await repository.add(new_user(number, username=name))
        found = [await repository.find_by_username(name) for name in names]
        assert found == [new_user(number, username=name) for number, name in enumerate(names)], (
            "similar names are taken for one user: names are not compared character by character"
        )

    @pytest.mark.parametrize("name", SIMILAR_TO_ALICE)
    async def test_similar_name_is_not_found(self, repository: UserRepository, name: str) -> None:
        """A user is found by the exact name only."""
        await repository.add(new_user(username="alice"))
        assert await repository.find_by_username(name) is None, (
            "find_by_username took a similar name for the stored one"
        )

    async def test_replace_password_hash_changes_only_the_hash(self, repository: UserRepository) -> None:
        """The credential version stays, and so does another user with the same hash."""
        for number in (1, 2):
            await repository.add(new_user(number))
        old = new_user().password_hash
        assert await repository.replace_password_hash(new_user().subject, expected=old, new="new") is True, (
            "replace_password_hash refused the stored hash"
        )
        replaced = new_user(password_hash="new")  # noqa: S106  # a test's
        assert await repository.find(replaced.subject) == replaced, (
            "replace_password_hash changed more than the hash, or not the hash"
        )
        assert await repository.find_by_username(replaced.username) == replaced, (
            "find_by_username does not show the new hash"
        )
        assert await repository.find(new_user(2).subject) == new_user(2), (
            "replace_password_hash changed another user with the same hash"
        )

    async def test_change_password_raises_the_version(self, repository: UserRepository) -> None:
        """The hash is replaced and the credential version raised by one. The call returns the changed user."""
        for number in (1, 2):
            await repository.add(new_user(number, credential_version=7))
        changed = new_user(password_hash="new", credential_version=8)  # noqa: S106  # a test's
        old = new_user().password_hash
        assert await repository.change_password(changed.subject, new="new", expected=old) == changed, (
            "change_password did not return the user with the new hash and the next version"
        )
        assert await repository.find(changed.subject) == changed, "find does not show the changed password"
        reset = replace(changed, password_hash="newer", credential_version=9)  # noqa: S106  # a test's
        assert await repository.change_password(changed.subject, new="newer", expected=None) == reset, (
            "change_password without an expected hash did not change the password"
        )
        assert await repository.find_by_username(changed.username) == reset, (
            "find_by_username does not show the changed password"
        )
        assert await repository.find(new_user(2).subject) == new_user(2, credential_version=7), (
            "change_password changed another user"
        )

    async def test_disabling_raises_the_version_once(self, repository: UserRepository) -> None:
        """Disabling a disabled user changes nothing, and enabling does not change the version."""
        for number in (1, 2):
            await repository.add(new_user(number, credential_version=3))
        subject = new_user().subject
        disabled = new_user(credential_version=4, disabled=True)
        assert await repository.set_disabled(subject, disabled=True) == disabled, (
            "set_disabled did not disable the user and raise the version by one"
        )
        assert await repository.set_disabled(subject, disabled=True) == disabled, (
            "disabling a disabled user raised the version again"
        )
        enabled = new_user(credential_version=4)
        assert await repository.set_disabled(subject, disabled=False) == enabled, (
            "set_disabled did not enable the user, or changed the version"
        )
        assert await repository.set_disabled(subject, disabled=False) == enabled, (
            "enabling an enabled user changed something"
        )
        assert await repository.find(subject) == enabled, "find does not show what set_disabled returned"
        assert await repository.find(new_user(2).subject) == new_user(2, credential_version=3), (
            "set_disabled changed another user"
        )

    async def test_set_scope_raises_the_version(self, repository: UserRepository) -> None:
        """The scope is replaced and the credential version raised by one. The call returns the changed user."""
        for number in (1, 2):
            await repository.add(new_user(number, credential_version=3, disabled=True))
        for version, scope in ((4, Scope.parse("orders:read")), (5, Scope.parse("orders:read")), (6, Scope())):
            changed = new_user(scope=scope, credential_version=version, disabled=True)
            assert await repository.set_scope(changed.subject, scope=scope) == changed, (
                "set_scope did not return the user with the new scope and the next version"
            )
            assert await repository.find_by_username(changed.username) == changed, (
                "find_by_username does not show the new scope"
            )
        assert await repository.find(new_user(2).subject) == new_user(2, credential_version=3, disabled=True), (
            "set_scope changed another user"
        )

    async def test_deleted_user_is_not_found(self, repository: UserRepository) -> None:
        """Only this user is gone, and is deleted once. Another user can have the name, and the same id can return."""
        for number in (1, 2):
            await repository.add(new_user(number))
        assert await repository.delete(new_user().subject) is True, "delete returned False for a user that was added"
        assert await repository.delete(new_user().subject) is False, (
            "delete returned True for a user that was deleted already"
        )
        assert await repository.find(new_user().subject) is None, "find returned a user that was deleted"
        assert await repository.find_by_username(new_user().username) is None, (
            "find_by_username returned a user that was deleted"
        )
        assert list(await repository.list_users(after="", limit=5)) == [new_user(2)], (
            "list_users has a user that was deleted, or lacks another"
        )
        heir = new_user(3, username=new_user().username)
        await repository.add(heir)
        assert await repository.find_by_username(heir.username) == heir, (
            "a new user with the name of a deleted one is not found by the name"
        )
        assert await repository.delete(new_user().subject) is False, (
            "delete returned True for a deleted user whose name is used again"
        )
        assert await repository.find_by_username(heir.username) == heir, (
            "delete of a deleted user deleted the new user with the same name"
        )

    async def test_users_are_listed_in_pages_by_name(self, repository: UserRepository) -> None:
        """The order is that of the code points. A page begins after the last name of the page before."""
        names = sorted(("alice", *SIMILAR_TO_ALICE, "Ärger", "z", "客", "🦊", "a_b", "a%b"))
        for number, name in enumerate(reversed(names)):
            await repository.add(new_user(number, username=name))
        listed: list[User] = []
        while page := await repository.list_users(after=listed[-1].username if listed else "", limit=5):
            assert len(page) <= 5, "list_users returned more users than its limit"
            listed += page
        assert [user.username for user in listed] == names, (
            "the pages of list_users do not have every user once, in the order of the code points"
        )
        assert listed[0] == await repository.find_by_username(names[0]), (
            "list_users does not return the user that find_by_username returns"
        )
        assert list(await repository.list_users(after="🦊", limit=5)) == [], (
            "list_users returned users at or before the name that it should begin after"
        )

    async def test_page_after_a_name_that_no_store_can_hold(self, repository: UserRepository) -> None:
        """A page may start after a text with a zero byte, which a client of the admin API may send."""
        for number, name in enumerate(("a", "a\x01", "ab", "b")):
            await repository.add(new_user(number, username=name))
        for after, names in {"\0": ["a", "a\x01", "ab", "b"], "a\0z": ["a\x01", "ab", "b"], "ab\0": ["b"]}.items():
            assert [user.username for user in await repository.list_users(after=after, limit=5)] == names, (
                "list_users does not begin after a name that no user can have"
            )

    @pytest.mark.parametrize("name", ["a\0", "\0", "\ud800", "a\udfff"])
    async def test_name_that_no_store_can_hold_is_not_found(self, repository: UserRepository, name: str) -> None:
        """A name with a zero byte or half a surrogate pair is not found, and raises no error."""
        assert await repository.find_by_username(name) is None, (
            "find_by_username found a user for a name that no user can have"
        )

    async def test_longest_names_are_told_apart(self, repository: UserRepository) -> None:
        """Usernames of 1,020 bytes that differ in the last character are those of different users."""
        users = [
            new_user(number, username="🦊" * (MAX_USERNAME_LENGTH - 1) + last)
            for number, last in enumerate(("🦉", "🦊"))
        ]
        for user in users:
            with only_errors_of_the_port("users.add", "for a username of 1,020 bytes"):
                await repository.add(user)
        found = [await repository.find_by_username(user.username) for user in users]
        assert found == users, (
            "users with names of 1,020 bytes are not found, or taken for one: the store's keys are shorter"
        )
        listed = await repository.list_users(after=users[0].username, limit=5)
        assert list(listed) == users[1:], "list_users does not begin after a name of 1,020 bytes"

    async def test_list_goes_beyond_a_page_of_the_store(self, repository: UserRepository) -> None:
        """More users than a store reads at once are listed in one call, if the limit allows it."""
        await asyncio.gather(*(repository.add(new_user(number)) for number in range(PAGE)))
        listed = await repository.list_users(after="", limit=2 * PAGE)
        assert len(listed) == PAGE, f"list_users returned {len(listed)} of {PAGE} users: it stops at a page"

    async def test_every_connection_sees_acknowledged_changes(self) -> None:
        """Each read and each replacement starts from the last acknowledged change of any connection."""
        one, other = await self.connections(2)
        assert await other.find_by_username("user-1") is None, "find_by_username returned a user that was never added"
        await one.add(new_user())
        assert await other.find_by_username("user-1") == new_user(), (
            "a connection does not see the user that another one added: a cache keeps that there is none"
        )
        assert await other.replace_password_hash(new_user().subject, expected=new_user().password_hash, new="new"), (
            "a connection cannot replace the hash of a user that another one added"
        )
        assert not await one.replace_password_hash(
            new_user().subject, expected=new_user().password_hash, new="newer"
        ), "replace_password_hash replaced a hash that another connection had replaced before"
        assert await one.find(new_user().subject) == new_user(password_hash="new"), (  # noqa: S106  # a test's
            "a connection does not see the hash that another one stored: a cache keeps the old one"
        )


class UserAtomicity(RepositoryContract[UserRepository]):
    """A refused act changes nothing."""

    @pytest.mark.parametrize("taken", ["username", "subject"])
    async def test_refused_add_changes_nothing(self, repository: UserRepository, taken: str) -> None:
        """After an ``add`` with a username or id in use, the first user is as before, and nothing of the second is
        found.
        """
        await repository.add(new_user(1))
        second = new_user(2, disabled=True, **{taken: getattr(new_user(1), taken)})
        with must_raise(AlreadyExists, "add accepted a username or an id that is taken: it must raise AlreadyExists"):
            await repository.add(second)
        assert await repository.find(new_user(1).subject) == new_user(1), (
            "a refused add changed the user that is found by the id"
        )
        assert await repository.find_by_username(new_user(1).username) == new_user(1), (
            "a refused add changed the user that is found by the name"
        )
        assert await repository.find(new_user(2).subject) is None, "the id of a refused user is found"
        assert await repository.find_by_username(new_user(2).username) is None, "the name of a refused user is found"
        await repository.add(new_user(2))

    async def test_replace_password_hash_needs_the_expected_hash(self, repository: UserRepository) -> None:
        """A hash other than the expected one is not replaced."""
        await repository.add(new_user())
        assert await repository.replace_password_hash(new_user().subject, expected="another", new="new") is False, (
            "replace_password_hash accepted another hash than the stored one: it is not a compare-and-swap"
        )
        assert await repository.find(new_user().subject) == new_user(), (
            "a refused replace_password_hash changed the user"
        )

    async def test_change_password_needs_the_expected_hash(self, repository: UserRepository) -> None:
        """If the stored hash is not the expected one, hash and version stay."""
        await repository.add(new_user())
        assert await repository.change_password(new_user().subject, new="new", expected="another") is None, (
            "change_password accepted another hash than the stored one: it is not a compare-and-swap"
        )
        assert await repository.find(new_user().subject) == new_user(), "a refused change_password changed the user"

    @pytest.mark.parametrize("subject", ["nobody", "nobody\0", "nobody\ud800"])
    async def test_unknown_user_is_not_changed(self, repository: UserRepository, subject: str) -> None:
        """A change of an unknown user returns ``None`` and creates no user."""
        unknown = Subject(subject)
        assert await repository.change_password(unknown, new="new", expected=None) is None, (
            "change_password returned a user for an unknown id"
        )
        assert await repository.set_disabled(unknown, disabled=True) is None, (
            "set_disabled returned a user for an unknown id"
        )
        changed = await repository.set_scope(unknown, scope=Scope())
        assert changed is None, "set_scope returned a user for an unknown id"
        assert await repository.delete(unknown) is False, "delete returned True for an unknown id"
        assert await repository.find(unknown) is None, "a change of an unknown user created one"

    async def test_unknown_user_gets_no_hash(self, repository: UserRepository) -> None:
        """Replacing the hash of an unknown user returns ``False`` and creates no user."""
        assert await repository.replace_password_hash(Subject("nobody"), expected="old", new="new") is False, (
            "replace_password_hash returned True for an unknown user"
        )
        assert await repository.find(Subject("nobody")) is None, "replace_password_hash created an unknown user"


class UserConcurrency(RepositoryContract[UserRepository]):
    """Of racing acts, only as many succeed as may succeed, and no change is lost."""

    @pytest.mark.proof("stores")
    @pytest.mark.parametrize("shared", ["username", "subject"])
    async def test_one_of_many_adds_wins(self, proof: Counts, shared: str) -> None:
        """All racers but one are refused, and nothing of the losers is found."""
        racers = await self.racers()
        for round_ in range(proof.count(f"races for one {shared}", small=10, full=200)):
            rivals = [new_user(round_ * RACERS + racer, **{shared: f"shared-{round_}"}) for racer in range(RACERS)]
            acts = (connection.add(rival) for connection, rival in zip(racers, rivals, strict=True))
            results = await asyncio.gather(*acts, return_exceptions=True)
            assert results.count(None) == 1, (
                f"{results.count(None)} of {RACERS} racing calls of add with one {shared} succeeded, not one"
            )
            assert sum(isinstance(result, AlreadyExists) for result in results) == RACERS - 1, (
                "a call of add that lost the race raised something else than AlreadyExists"
            )
            winner = rivals[results.index(None)]
            by_id = [await racers[0].find(rival.subject) for rival in rivals]
            by_name = [await racers[0].find_by_username(rival.username) for rival in rivals]
            assert {user for user in (*by_id, *by_name) if user is not None} == {winner}, (
                "a part of a user is found whose add was refused"
            )

    @pytest.mark.proof("stores")
    async def test_one_of_many_hash_replacements_wins(self, proof: Counts) -> None:
        """Exactly one racer wins, and its hash is stored."""
        racers = await self.racers()
        for number in range(proof.count("races to replace", small=10, full=200)):
            user = new_user(number)
            await racers[0].add(user)
            won = await asyncio.gather(
                *(
                    connection.replace_password_hash(user.subject, expected=user.password_hash, new=f"racer {racer}")
                    for racer, connection in enumerate(racers)
                )
            )
            assert sum(won) == 1, (
                f"{sum(won)} of {RACERS} racing calls of replace_password_hash won: it is not a compare-and-swap"
            )
            assert await racers[-1].find(user.subject) == replace(user, password_hash=f"racer {won.index(True)}"), (
                "the stored hash is not the one of the call that returned True"
            )

    @pytest.mark.proof("stores")
    async def test_one_of_many_password_changes_wins(self, proof: Counts) -> None:
        """Exactly one racer changes the password, and the version goes up by one."""
        racers = await self.racers()
        for number in range(proof.count("races to change a password", small=10, full=200)):
            user = new_user(number)
            await racers[0].add(user)
            changed = await asyncio.gather(
                *(
                    connection.change_password(user.subject, new=f"racer {racer}", expected=user.password_hash)
                    for racer, connection in enumerate(racers)
                )
            )
            assert sum(each is not None for each in changed) == 1, (
                "not exactly one of the racing calls of change_password made the change: it is not a compare-and-swap"
            )
            winner = next(each for each in changed if each is not None)
            assert winner == replace(user, password_hash=f"racer {changed.index(winner)}", credential_version=2), (
                "change_password did not return the user with its own hash and the next version"
            )
            assert await racers[-1].find(user.subject) == winner, (
                "the stored user is not the one that the call which made the change returned"
            )

    async def test_racing_changes_are_all_counted(self) -> None:
        """Each racing change of password or scope raises the version, and racing disables raise it once."""
        racers = await self.racers()
        user = new_user()
        await racers[0].add(user)
        await asyncio.gather(
            *(connection.change_password(user.subject, new="new", expected=None) for connection in racers),
            *(connection.set_disabled(user.subject, disabled=True) for connection in racers),
            *(connection.set_scope(user.subject, scope=Scope.parse("orders:read")) for connection in racers),
        )
        found = await racers[-1].find(user.subject)
        assert found is not None, "find returned None for a user that was added"
        expected = (1 + 2 * RACERS + 1, True, "orders:read")
        assert (found.credential_version, found.disabled, found.scope.text) == expected, (
            "racing changes did not raise the credential version once each: a change was lost"
        )

    @pytest.mark.proof("stores")
    async def test_one_of_many_deletions_wins(self, proof: Counts) -> None:
        """Exactly one racer deletes the user, and no racing change brings the user back."""
        racers = await self.racers()
        for number in range(proof.count("races to delete", small=5, full=200)):
            user = new_user(number)
            await racers[0].add(user)
            deleted, _ = await asyncio.gather(
                asyncio.gather(*(connection.delete(user.subject) for connection in racers)),
                asyncio.gather(*(each.set_disabled(user.subject, disabled=True) for each in racers)),
            )
            assert sum(deleted) == 1, f"{sum(deleted)} of {RACERS} racing calls of delete returned True, not one"
            found = await racers[-1].find(user.subject)
            assert found is None, "a change that raced with delete brought the user back"


class UserRepositoryContract(UserBehaviour, UserAtomicity, UserConcurrency):
    """All tiers."""
