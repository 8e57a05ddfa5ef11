"""The declared public paths: a path is public only if it has one reading."""

from itertools import product

import pytest
from starlette._utils import get_route_path

from app.adapters.guards.public_paths import WEBSOCKET, PublicPaths

PUBLIC = PublicPaths(["/", "/welcome", "GET /items", "/static/*", "WEBSOCKET /news"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/welcome"),
        (WEBSOCKET, "/welcome"),
        ("GET", "/items"),
        ("HEAD", "/items"),
        ("GET", "/static/a/b.css"),
        ("GET", "/static/"),
        (WEBSOCKET, "/news"),
    ],
)
def test_declared_paths_are_public(method: str, path: str) -> None:
    """A path without a method is public for all of them, and ``GET`` includes ``HEAD``."""
    assert PUBLIC.admits(method, path, path.encode())
    assert PUBLIC.admits(method, path, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/welcome/"),
        ("GET", "/Welcome"),
        ("GET", "/welcome/more"),
        ("GET", "//welcome"),
        ("GET", "welcome"),
        ("GET", ""),
        ("POST", "/items"),
        ("get", "/items"),
        (WEBSOCKET, "/items"),
        ("GET", "/news"),
        ("WEBSOCKET", "/news"),
        ("GET", "/static"),
        ("GET", "/staticx"),
        ("GET", "/static/../orders"),
        ("GET", "/static/.."),
        ("GET", "/static/./x"),
        ("GET", "/static//orders"),
        ("GET", "/static/..\\orders"),
        ("GET", "/static/..;/orders"),
        ("GET", "/static/\0"),
        ("GET", "/static/\n"),
    ],
)
def test_other_and_ambiguous_paths_are_not(method: str, path: str) -> None:
    """Another case, slash or method is not the declared path. A path that could be read in two ways is not public."""
    assert not PUBLIC.admits(method, path, path.encode())


@pytest.mark.parametrize("encoded", ["%2f", "%2F", "%5c", "%2e%2e", "%2E", "%252f", "%3b", "%00"])
def test_encoded_separators_are_not_public(encoded: str) -> None:
    """The path as sent counts too: an application may read an encoded slash as a slash, or keep it."""
    assert not PUBLIC.admits("GET", "/static/x/y", f"/static/x{encoded}y".encode())


def test_a_mounted_application_declares_its_own_paths() -> None:
    """The path may include the place at which the application is mounted, or not."""
    for path in ("/api/welcome", "/welcome", "/api"):
        assert PUBLIC.admits("GET", path, None, mounted_at="/api")


PLACES = ["", "/", "//", "/api", "/api/", "/api//", "api", "api/", "//api", "/a/../api", "/a/api", "/a/api/"]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_public_is_what_starlette_routes(place: str) -> None:
    """Wherever a server says that the application is mounted, Starlette routes a public path to the declared one."""
    declared = PublicPaths(["/", "/welcome", "/static/*"])
    for before, path in product([*PLACES, "/api/api"], ["/welcome", "welcome", "/", "", "/static/x", "/orders"]):
        if declared.admits("GET", before + path, None, mounted_at=place):
            routed = get_route_path({"path": before + path, "root_path": place}) or "/"
            assert routed in ("/", "/welcome") or routed.startswith("/static/"), (before + path, routed)


@pytest.mark.parametrize("place", ["/", "/api/", "api", "//api", "/x/../api"])
@pytest.mark.parametrize("path", ["/welcome", "/api/welcome", "/x/../api/welcome"])
def test_nothing_is_public_below_a_faulty_place(place: str, path: str) -> None:
    """``--root-path /api/`` makes a public path ask for a token: Starlette routes ``/api/welcome`` as a whole then."""
    assert not PUBLIC.admits("GET", path, None, mounted_at=place)


@pytest.mark.parametrize("path", ["/static/api/orders", "/api/static/api/orders", "/apiary/welcome", "/static/x/api"])
def test_the_place_must_not_stand_in_the_path_again(path: str) -> None:
    """Litestar drops everything up to the place, so it would serve ``/orders`` for the first path."""
    assert not PUBLIC.admits("GET", path, None, mounted_at="/api")


@pytest.mark.parametrize(
    "declared", ["welcome", "/a//b", "/a/../b", "/a?b", "/a%20b", "get /a", "/a*", "/a/*/b", "", "GET", "/a b", "/a;b"]
)
def test_a_faulty_declaration_is_refused(declared: str) -> None:
    """The error names the text and shows how to write one."""
    with pytest.raises(ValueError, match="is no public path: write '/welcome'"):
        PublicPaths([declared])


def test_a_text_is_no_list() -> None:
    """Each character of a text would be a path: ``/`` would be public by mistake."""
    with pytest.raises(TypeError, match="in a list"):
        PublicPaths("/welcome")
