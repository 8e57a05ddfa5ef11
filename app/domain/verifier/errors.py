"""Errors: unusable responses of the issuer, and keys or revocations that are not known."""

from ..errors import KeyturnError, Unavailable


class IssuerFault(KeyturnError):
    """The issuer did not answer, or its response cannot be used. The description gives the operator the reason."""


class KeysUnknown(Unavailable):
    """The keys of the issuer were never fetched, so no token can be validated."""

    description = "The keys of the issuer are not known yet; try again."


class RevocationsUnknown(Unavailable):
    """The revocation feed is stale, and the route refuses requests in that case."""

    description = "It is not known at present which sessions were revoked; try again."
