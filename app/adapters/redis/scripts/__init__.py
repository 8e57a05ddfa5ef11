"""The scripts: each runs on the server as one atomic act."""

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class Script:
    """A script in Lua, and the name by which a server that has seen it knows it: its SHA-1 in hexadecimal digits.

    What it writes must be ``confirmed`` by replicas where there are some, or may be lost with the server.
    """

    text: str
    name: str
    confirmed: bool

    @classmethod
    def read(cls, file: str, *, confirmed: bool = True) -> "Script":
        """Return the script in a file of this package."""
        text = files(__name__).joinpath(file).read_text("utf-8")
        return cls(text, sha1(text.encode(), usedforsecurity=False).hexdigest(), confirmed)


ADD: Final = Script.read("add.lua")
ADD_KEY: Final = Script.read("add_key.lua")
ADOPT: Final = Script.read("adopt.lua")
ADVANCE: Final = Script.read("advance.lua")
CLEAR_BUDGETS: Final = Script.read("clear_budgets.lua", confirmed=False)
FIND: Final = Script.read("find.lua")
GIVE_BACK: Final = Script.read("give_back.lua", confirmed=False)
INDEX: Final = Script.read("index.lua")
REMOVE_KEY: Final = Script.read("remove_key.lua")
REPLACE_KEY: Final = Script.read("replace_key.lua")
REVOKE: Final = Script.read("revoke.lua")
TAKE: Final = Script.read("take.lua", confirmed=False)
