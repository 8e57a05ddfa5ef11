"""The pattern of a request's route, for all who must not repeat a path: tokens end up in paths."""

from aiohttp import web


def route_pattern(request: web.BaseRequest) -> str:
    """Return the pattern, such as ``/auth/sessions/{sid}``; "" for what has no route, or was not HTTP."""
    match = getattr(request, "_match_info", None)  # what was not HTTP has none, and asking openly for it fails
    resource = None if match is None else match.route.resource
    return "" if resource is None else resource.canonical
