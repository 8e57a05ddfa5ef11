"""The rows of operations inside one process, without HTTP."""

from collections.abc import Sequence
from typing import Final

from .laboratory import Laboratory
from .operations import MANY_KEYS, MINT, MINT_AMONG_MANY_KEYS, SIGN, VALIDATE_NEW, VALIDATE_SEEN, VERIFY
from .rounds import Reading, Row
from .store_rows import SIGNATURE

_VERIFICATION: Final = "raw verification"


def operation_rows(lab: Laboratory) -> Sequence[Row]:
    """Return the rows."""
    return (
        Row(
            name="mint an access token",
            probe=lab.operation(MINT),
            limit=lab.operation(SIGN),
            limit_name=SIGNATURE,
            reading=Reading.SHARE,
        ),
        Row(
            name=f"mint an access token among {MANY_KEYS} keys",
            probe=lab.operation(MINT_AMONG_MANY_KEYS),
            limit=lab.operation(MINT),
            limit_name="mint with one key",
            reading=Reading.TIMES,
            aim=1.05,
        ),
        Row(
            name="validate a token not seen before",
            probe=lab.operation(VALIDATE_NEW),
            limit=lab.operation(VERIFY),
            limit_name=_VERIFICATION,
            reading=Reading.TIMES,
            aim=3.0,
        ),
        Row(
            name="validate a token seen before",
            probe=lab.operation(VALIDATE_SEEN),
            limit=lab.operation(VERIFY),
            limit_name=_VERIFICATION,
            reading=Reading.TIMES,
            cost_aim=5e-6,
        ),
        Row(
            name=f"{SIGNATURE}, other core idle",
            probe=lab.operation(SIGN),
            limit=lab.operation(SIGN, while_busy_as="POST /auth/refresh"),
            limit_name="the same while the client is busy",
            reading=Reading.TIMES,
        ),
    )
