"""The list of common passwords."""

import gzip
from functools import cached_property
from importlib.resources import files
from typing import Final

from ...ports.common_passwords import CommonPasswords

_FILE: Final = "common-passwords.txt.gz"


class ListedPasswords(CommonPasswords):
    """Reads the list at its first use. It is installed with the package; SOURCE.md names its authors."""

    def __contains__(self, password: str) -> bool:
        return password.casefold() in self._listed

    @cached_property
    def _listed(self) -> frozenset[str]:
        compressed = files(__package__).joinpath(_FILE).read_bytes()
        return frozenset(line.casefold() for line in gzip.decompress(compressed).decode("utf-8").splitlines())
