"""Several processes that serve one port: a parent and its workers. Each worker is an instance.

May import: the rest of the service, the adapters, the domain, the ports, gunicorn.
"""

from .running import run_workers

__all__ = ["run_workers"]
