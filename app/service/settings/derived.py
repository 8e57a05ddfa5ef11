"""What follows from the settings."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ...domain.keys.policy import KeyPolicy
from ...domain.network import is_loopback
from .declared import DeclaredSettings

_THIRTY_DAYS: Final = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedSettings(DeclaredSettings):
    """The settings, and what they say together."""

    @property
    def is_public(self) -> bool:
        """Tell whether clients reach the service over TLS."""
        return urlsplit(self.issuer).scheme == "https"

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine can reach the service."""
        return is_loopback(self.host)

    @property
    def key_source(self) -> str:
        """Return where the signing keys come from: ``generated``, ``environment``, ``file``, ``directory`` or
        ``shared``.
        """
        if self.signing_key is not None:
            return "environment"
        if self.signing_key_file is not None:
            return "file"
        if self.keys_dir is not None:
            return "directory"
        return "generated" if self.key_encryption_key is None else "shared"

    @property
    def can_make_keys(self) -> bool:
        """Tell whether new signing keys can be put where they come from."""
        return self.key_source in ("directory", "shared")

    @property
    def key_policy(self) -> KeyPolicy:
        """Return when keys may sign and are gone; keys that cannot be made here do not rotate by themselves."""
        period = self.key_rotation_period
        if period is None:
            period = _THIRTY_DAYS if self.can_make_keys else 0
        return KeyPolicy(
            period=period or None,
            jwks_max_age=self.jwks_max_age,
            access_token_lifetime=self.access_token_ttl,
            leeway=self.clock_leeway,
        )
