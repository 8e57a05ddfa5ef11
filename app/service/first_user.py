"""Whether anybody can sign in: the store of a service that is set up has no user at first."""

from typing import Final

from aiohttp import web

from .. import COMMAND
from ..domain.errors import StoreUnavailable
from ..domain.login.accounts import Accounts
from .settings import Settings

_IN_MEMORY: Final = (
    "There is no user yet, and no command can add one to a service that keeps its users in memory. Set"
    " KEYTURN_BOOTSTRAP_USERNAME and KEYTURN_BOOTSTRAP_PASSWORD, or KEYTURN_DATABASE_URL."
)
_IN_STORE: Final = (
    f"There is no user yet. Make an administrator: {COMMAND} users add NAME --scope 'account keyturn:admin'"
)


class FirstUser:
    """Whether a user is missing: ``is_missing`` is set when an instance has started."""

    def __init__(self) -> None:
        self.is_missing = False


FIRST_USER: Final = web.AppKey("keyturn_first_user", FirstUser)


def has_demo_user(settings: Settings) -> bool:
    """Return whether the start makes a user to try the service with, who exists until the process ends."""
    return settings.is_local and settings.database_url == "memory://" and settings.bootstrap_username is None


async def is_missing(accounts: Accounts) -> bool:
    """Return whether the store has no user. A store that cannot be asked may have one."""
    try:
        return not await accounts.list_users(after="", limit=1)
    except StoreUnavailable:
        return False


def how_to_add(settings: Settings) -> str:
    """Return the sentence for a store without users: how an administrator is made."""
    return _IN_MEMORY if settings.database_url == "memory://" else _IN_STORE
