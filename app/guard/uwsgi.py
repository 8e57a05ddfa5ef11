"""What uWSGI says of itself to the applications that it runs."""

from importlib import import_module

from ..domain.errors import ConfigurationError


def check_threads() -> None:
    """Raise ``ConfigurationError`` under a uWSGI without ``enable-threads``: between two requests it runs no thread, so
    the guard would not hear of revoked sessions.
    """
    try:
        options = import_module("uwsgi").opt
    except ImportError:
        return
    if not {"enable-threads", "threads"} & options.keys():
        raise ConfigurationError(
            "This uWSGI runs no threads of its application, and the guard follows its issuer on one: start uWSGI with"
            " --enable-threads."
        )
