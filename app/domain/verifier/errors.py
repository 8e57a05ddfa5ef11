"""Errors: unusable answers of the issuer, and missing knowledge about it."""

from ..errors import KeyturnError, Unavailable


class IssuerFault(KeyturnError):
    """The issuer did not answer, or its answer cannot be used. The description tells the operator why."""


class KeysUnknown(Unavailable):
    """The keys of the issuer were never fetched, so no token can be validated."""

    description = "The keys of the issuer are not known yet; try again."


class RevocationsUnknown(Unavailable):
    """The revocation feed is stale, and the route refuses requests in that case."""

    description = "Which sessions were revoked lately is not known at present; try again."
