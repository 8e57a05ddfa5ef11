"""Why a client is refused. The log has the reason; the client gets the same answer for each (RFC 6749 §5.2)."""

from enum import StrEnum


class ClientRefusal(StrEnum):
    """The values of ``InvalidClient.reason``. None of them says anything that only the client knows."""

    NO_CLIENT = "no_client"
    """The request names no client."""

    UNREADABLE_HEADER = "unreadable_header"
    """The header ``Authorization`` is not HTTP Basic, or its credential cannot be decoded."""

    OTHER_CLIENT_ID = "other_client_id"
    """The parameter ``client_id`` is not the client of the credential."""

    UNKNOWN_CLIENT = "unknown_client"
    """No client of this id is registered."""

    NO_CREDENTIAL = "no_credential"
    """The client must authenticate, and sent only its id."""

    WRONG_METHOD = "wrong_method"
    """The client is registered to authenticate in another way."""

    WRONG_SECRET = "wrong_secret"  # noqa: S105  # a reason
    """The secret is wrong, or was replaced."""

    WRONG_ASSERTION_TYPE = "wrong_assertion_type"
    """``client_assertion_type`` is missing, or names another type than a JWT (RFC 7523 §2.2)."""

    MALFORMED_ASSERTION = "malformed_assertion"
    """The assertion is not a JWT, or it is too long."""

    WRONG_HEADER = "wrong_header"
    """The header of the assertion has another algorithm, or a member other than ``alg``, ``kid`` and ``typ``."""

    WRONG_SIGNATURE = "wrong_signature"
    """None of the client's keys made the signature."""

    WRONG_CLAIM = "wrong_claim"
    """A claim is missing, or has another type: ``iss``, ``sub``, ``aud``, ``exp``, ``jti`` or ``nbf``."""

    WRONG_ISSUER = "wrong_issuer"
    """``iss`` is not the client id."""

    WRONG_AUDIENCE = "wrong_audience"
    """``aud`` is neither the issuer nor the token endpoint of this service."""

    SEVERAL_AUDIENCES = "several_audiences"
    """``aud`` has not exactly one value."""

    EXPIRED = "expired"
    """``exp`` is in the past."""

    EXPIRES_TOO_LATE = "expires_too_late"
    """``exp`` is more than five minutes ahead."""

    NOT_YET_VALID = "not_yet_valid"
    """``nbf`` is in the future."""

    USED_BEFORE = "used_before"
    """The client used this ``jti`` before."""

    TOO_MANY_ASSERTIONS = "too_many_assertions"
    """The client used more assertions than the memory holds for one client, or the memory is full."""
