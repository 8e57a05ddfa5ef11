"""The page on the HTTP API names every error."""

import re
from typing import Final

from app.adapters.errors.problem import PROBLEM
from app.adapters.http.api.table import ROUTES

from .console import ROOT

_PAGE: Final = (ROOT / "docs" / "http-api.md").read_text()


def test_table_lists_all_errors() -> None:
    """The table lists the status and the code of each error that a route outside ``/oauth/`` can have."""
    rows = re.findall(r"^\| (\d{3} `.*?) \|", _PAGE, re.MULTILINE)
    listed = {(int(status), code) for row in rows for status, code in re.findall(r"(\d{3}) `([a-z-]+)`", row)}
    routes = [route for route in ROUTES if route.error_format is PROBLEM]
    texts = [PROBLEM.text(error) for route in routes for error in route.all_errors()]
    assert {(text.status.value, text.code) for text in texts} <= listed
