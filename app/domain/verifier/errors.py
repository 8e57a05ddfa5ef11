"""What an issuer has not told, or told wrongly."""

from ..errors import KeyturnError, Unavailable


class IssuerFault(KeyturnError):
    """What the issuer told cannot be used, or it told nothing; the description names the fault for the operator."""


class KeysUnknown(Unavailable):
    """The keys of the issuer were never fetched: no token can be judged."""

    description = "The keys of the issuer are not known yet; try again."


class RevocationsUnknown(Unavailable):
    """Which sessions were revoked lately is not known, and the route does not go on without that."""

    description = "Which sessions were revoked lately is not known at present; try again."
