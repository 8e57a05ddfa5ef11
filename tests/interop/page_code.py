"""The code of the page "Verify in another language", as a reader puts it together."""

import re
from pathlib import Path
from typing import Final

from tests.documentation.console import ROOT

_PACKAGES: Final = Path(__file__).with_name("node") / "node_modules"


def code_of_the_page(folder: Path) -> Path:
    """Return the file with the code, in ``folder``. It finds the packages of the tests."""
    page = (ROOT / "docs/verify-in-another-language.md").read_text()
    (folder / "node_modules").symlink_to(_PACKAGES)
    file = folder / "keyturn.mjs"
    file.write_text("".join(re.findall(r"^```js\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)))
    return file
