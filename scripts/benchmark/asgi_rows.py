"""The rows of GET requests to ASGI applications with a guard, on uvicorn."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from . import servers
from .laboratory import Laboratory
from .load import Server
from .rounds import Reading, Row


@contextmanager
def asgi_rows(lab: Laboratory, service: Server) -> Iterator[Sequence[Row]]:
    """Start the applications of asgi_routes.py and yield the rows."""
    with servers.asgi_routes(service, lab.jwk_set(service)) as (starlette, guarded, fastapi, guarded_fastapi):
        access_tokens = lab.signed_in.access_tokens(service)
        yield [
            Row(
                name=f"GET of a guarded route of {name}",
                probe=lab.gets(f"guarded {name}", behind, "/hello", access_tokens),
                limit=lab.gets(f"unguarded {name}", plain, "/hello", access_tokens),
                limit_name=f"the same route of {name} without a guard",
                reading=Reading.EXTRA,
            )
            for name, plain, behind in (("Starlette", starlette, guarded), ("FastAPI", fastapi, guarded_fastapi))
        ]
