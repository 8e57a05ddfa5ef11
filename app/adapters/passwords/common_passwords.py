"""The passwords that everybody tries first."""

import gzip
from functools import cached_property
from importlib.resources import files
from typing import Final

from ...ports.common_passwords import CommonPasswords

_LIST: Final = "common-passwords.txt.gz"


class ListedPasswords(CommonPasswords):
    """A list that is installed with the package; SOURCE.md beside it says whose it is. It is read at its first use."""

    def __contains__(self, password: str) -> bool:
        return password.casefold() in self._listed

    @cached_property
    def _listed(self) -> frozenset[str]:
        packed = files(__package__).joinpath(_LIST).read_bytes()
        return frozenset(line.casefold() for line in gzip.decompress(packed).decode("utf-8").splitlines())
