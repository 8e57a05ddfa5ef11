"""What uWSGI says of itself to the applications that it runs."""

from importlib import import_module
from typing import Any

from ..domain.errors import ConfigurationError


def check_threads() -> None:
    """Raise ``ConfigurationError`` under a uWSGI without ``enable-threads``: between two requests it runs no thread, so
    the guard would not hear of revoked sessions.
    """
    uwsgi = _uwsgi()
    if uwsgi is not None and "enable-threads" not in uwsgi.opt and int(uwsgi.opt.get("threads", 1)) <= 1:
        raise ConfigurationError(
            "This uWSGI runs no threads of its application, and the guard follows its issuer on one: start uWSGI with"
            " --enable-threads."
        )


def is_before_fork() -> bool:
    """Return whether this is the process from which uWSGI forks its workers. It forks without telling Python, so that a
    thread that runs at that moment leaves the lock of the interpreter locked in the worker.
    """
    uwsgi = _uwsgi()
    return uwsgi is not None and uwsgi.worker_id() == 0


def _uwsgi() -> Any:
    """Return the module that exists inside uWSGI only, or ``None``."""
    try:
        return import_module("uwsgi")
    except ImportError:
        return None
