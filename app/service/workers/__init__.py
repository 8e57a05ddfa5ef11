"""Several processes that serve one port: a parent and its workers. Each worker is an instance.

May import: the rest of the service, the adapters, the domain, the ports, gunicorn.
"""

from .running import import_workers, run_workers
from .temporary_folder import check_temporary_folder

__all__ = ["check_temporary_folder", "import_workers", "run_workers"]
