"""The settings, as ``keyturn serve --help`` lists them."""

from dataclasses import fields

from ..service.settings import Settings


def settings_help() -> str:
    """Return a line for each environment variable."""
    lines = ["The settings are environment variables; NAME_FILE names a file that holds a secret:", ""]
    for each in fields(Settings):
        about = each.metadata
        default = f" (default {about['default']})" if about["default"] else ""
        lines.append(f"  {about['name']:<34} {about['help']}{default}")
    return "\n".join(lines)
