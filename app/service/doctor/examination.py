"""What the checks look at, and what earlier checks found out for later ones."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from ...ports.session_store import Rehearsal
from ..container import Container
from ..open_stores import opened
from ..settings import Settings
from ..settings.declared import PREFIX

USERS = "users"
SESSIONS = "sessions"


@dataclass(slots=True, kw_only=True)
class Examination:
    """The variables, the settings in them, and the URL at which clients reach the service, if it is given.

    ``faults`` has a sentence for each fault of the settings, and ``unread`` the settings that have no value for it.
    ``rehearsals`` has an entry for each store that can be used. ``is_running`` says whether the service answered at the
    URL, with ``date`` as its Date header, at ``asked_at`` by the clock of this machine (seconds since the epoch).
    ``listens_here`` says whether an instance answers at the address of the settings.
    """

    variables: Mapping[str, str] = field(repr=False)
    settings: Settings
    faults: Sequence[str]
    unread: Collection[str]
    url: str | None = None
    rehearsals: dict[str, Rehearsal] = field(default_factory=dict)
    is_running: bool = False
    listens_here: bool = False
    jwks_uri: str | None = None
    date: str | None = None
    asked_at: float = 0.0

    def container(self) -> Container:
        """Return the parts of a new instance. Its stores are not open."""
        return Container(settings=self.settings)

    @staticmethod
    def variable(name: str) -> str:
        """Return the variable of a setting."""
        return f"{PREFIX}{name.upper()}"

    @property
    def stores_are_usable(self) -> bool:
        """Return whether each store passed its check."""
        return SESSIONS in self.rehearsals and USERS in self.rehearsals

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Container]:
        """Yield an instance as it is when the start has opened the stores and compared the clocks.

        A store that the start would upgrade first is not open. Raises ``ConfigurationError`` and ``StoreUnavailable``.
        """
        container = self.container()
        stores = container.distinct_stores()
        names = (SESSIONS, USERS) if len(stores) > 1 else (SESSIONS,)
        prepared = [each for name, each in zip(names, stores, strict=True) if not self.rehearsals[name].upgrade]
        async with AsyncExitStack() as cleanup:
            for store in stores:
                cleanup.push_async_callback(store.close)
            await cleanup.enter_async_context(opened(prepared))
            await container.clock_watch().check()
            yield container
