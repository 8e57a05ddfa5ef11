"""An instance: one process that serves as the settings say."""

from .adapters.http.binding import BACKLOG
from .adapters.http.runner import Runner
from .application import create_application
from .settings import Settings


def create_runner(settings: Settings, *, accept_at_once: int = BACKLOG) -> Runner:
    """Return what runs the application, new and not started; its start raises what the application's start raises."""
    return Runner(
        create_application(settings),
        shutdown_timeout=settings.shutdown_timeout,
        access_log=settings.access_log,
        drain_delay=settings.drain_delay,
        accept_at_once=accept_at_once,
    )
