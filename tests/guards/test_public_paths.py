"""The declared public paths: a path is public only if it has one reading."""

import pytest

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


@pytest.mark.parametrize("place", ["/api", "/api/"])
def test_a_mounted_application_declares_its_own_paths(place: str) -> None:
    """The path may include the place at which the application is mounted, or not."""
    assert PUBLIC.admits("GET", "/api/welcome", None, mounted_at=place)
    assert PUBLIC.admits("GET", "/welcome", None, mounted_at=place)
    assert PUBLIC.admits("GET", "/api", None, mounted_at=place)


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
