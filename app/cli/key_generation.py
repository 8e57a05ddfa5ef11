"""``keyturn keys generate``: make a signing key, without a running service or a store."""

import time
from datetime import UTC, datetime
from pathlib import Path

from ..adapters.keys.directory import create_key_file, has_keys
from ..domain.keys.signing_key import ALWAYS
from .call import Call


def generate(call: Call, directory: Path) -> None:
    """Make a key, and show when it starts to sign."""
    settings = call.settings
    activates_at = float(int(time.time()) + settings.key_policy.lead()) if has_keys(directory) else ALWAYS
    path = create_key_file(
        directory, bits=settings.key_size, passphrase=settings.key_passphrase, activates_at=activates_at
    )
    start = "now" if activates_at == ALWAYS else datetime.fromtimestamp(activates_at, UTC).isoformat()
    call.show(
        {"file": str(path), "activates_at": activates_at},
        f"{path} signs from {start} on. Use it with KEYTURN_KEYS_DIR={directory}",
    )
