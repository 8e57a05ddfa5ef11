"""Handlers of gRPC that know their access, and end with the refusal that their own checks raised."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from contextvars import ContextVar, copy_context
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, Final, NamedTuple

import grpc

from ...domain.errors import KeyturnError
from ...domain.tokens.errors import InvalidToken
from .access import Access, comes_from
from .grpc_refusals import GrpcRefusal


class Call(NamedTuple):
    """The access of a call, and the context that gRPC has for it."""

    access: Access
    context: Any


CALL: Final[ContextVar[Call | None]] = ContextVar("keyturn_call", default=None)
"""The call that runs. Tasks that a handler creates have it too."""

Refuse = Callable[[KeyturnError], GrpcRefusal]
_Behaviour = Callable[[Any, Any], Any]

_MAKERS: Final = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def refusing(answer: GrpcRefusal) -> Any:
    """Return the handler of a refused call. It serves each kind of calls, because it waits for no message."""

    async def abort(_: Any, context: Any) -> None:
        await context.abort(answer.code, answer.details, answer.metadata)

    return grpc.stream_stream_rpc_method_handler(abort)


def knowing(handler: Any, access: Access, refuse: Refuse) -> Any:
    """Return ``handler``, of any kind, with ``access`` in its context. What its checks raise ends the call."""
    kind = bool(handler.request_streaming), bool(handler.response_streaming)
    serve = _serving(handler, *kind)
    return _MAKERS[kind](
        _guarded(serve, access, refuse, streams=kind[1]),
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def _serving(handler: Any, streams_in: bool, streams_out: bool) -> _Behaviour:  # noqa: FBT001  # the words of gRPC in order
    names = ("unary", "stream")
    serve: _Behaviour = getattr(handler, f"{names[streams_in]}_{names[streams_out]}")
    return serve


def _guarded(serve: _Behaviour, access: Access, refuse: Refuse, *, streams: bool) -> _Behaviour:
    """Return the behaviour in the form that the server expects: a coroutine, or what runs on a thread."""
    generates = _is(isasyncgenfunction, serve)
    if not generates and not _is(iscoroutinefunction, serve):
        return _on_thread(serve, access, refuse, streams=streams)

    async def guarded(request: Any, context: Any) -> Any:
        CALL.set(Call(access, context))
        try:
            if generates:
                return await _write_each(serve(request, context), context)
            return await serve(request, context)
        except (Exception, asyncio.CancelledError) as error:
            refusal = access.refusal
            if refusal is None or not (_is_the_end(error, refusal) or comes_from(error, refusal)):
                raise
            answer = refuse(refusal)
        return await context.abort(answer.code, answer.details, answer.metadata)

    return guarded


async def _write_each(responses: AsyncIterator[Any], context: Any) -> None:
    """Send the responses here, so that a cancellation during a write arrives here too."""
    async with aclosing(responses):  # type: ignore[type-var]  # it is a generator
        async for each in responses:
            await context.write(each)


def _on_thread(serve: _Behaviour, access: Access, refuse: Refuse, *, streams: bool) -> _Behaviour:
    """Return the behaviour of a synchronous handler. Threads are shared, so the access is in a context of its own."""

    def guarded(request: Any, context: Any) -> Any:
        inside = copy_context()
        inside.run(CALL.set, Call(access, context))
        try:
            return inside.run(serve, request, context)
        except Exception as error:
            _abort(error, context)
            raise

    def each(request: Any, context: Any) -> Iterator[Any]:
        inside, ended = copy_context(), object()
        inside.run(CALL.set, Call(access, context))
        try:
            responses = iter(inside.run(serve, request, context))
            while (response := inside.run(next, responses, ended)) is not ended:
                yield response
        except Exception as error:
            _abort(error, context)
            raise

    def _abort(error: Exception, context: Any) -> None:
        if access.refusal is not None and comes_from(error, access.refusal):
            answer = refuse(access.refusal)
            context.abort(answer.code, answer.details, answer.metadata)

    return each if streams else guarded


def _is_the_end(error: BaseException, refusal: KeyturnError) -> bool:
    """Return whether ``while_valid`` cancelled a call that waited outside of its block, to send a response."""
    return isinstance(error, asyncio.CancelledError) and isinstance(refusal, InvalidToken)


def _is(kind: Callable[[Any], bool], serve: Any) -> bool:
    """Return whether a function is of a kind, or an object that is called as one."""
    return kind(serve) or kind(getattr(serve, "__call__", None))  # noqa: B004  # gRPC looks at both too
