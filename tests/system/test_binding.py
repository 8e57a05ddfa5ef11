"""Binding and listening on an address."""

import errno
import os
import socket
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from app.adapters.http.server import binding
from app.adapters.http.server.binding import bind
from app.adapters.http.server.listening import ListeningSocket, release
from app.domain.errors import ConfigurationError


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


_HAS_IPV6: Final = _has_ipv6()


async def test_bound_socket_refuses_connections_until_it_listens() -> None:
    """A bound socket refuses connections until it listens. Its text is its URL."""
    (bound,) = await bind("127.0.0.1", 0)
    with bound:
        address = bound.getsockname()
        assert str(bound) == f"http://127.0.0.1:{address[1]}"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        bound.listen()
        socket.create_connection(address).close()


async def test_port_in_use_is_reported() -> None:
    """If another process listens on the port, before or after it is bound, the error names address and port."""
    with ExitStack() as closing:
        first, *_ = [closing.enter_context(each) for each in await bind("127.0.0.1", 0)]
        port = first.getsockname()[1]
        late, *_ = [closing.enter_context(each) for each in await bind("127.0.0.1", port)]
        first.listen()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            late.listen()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            await bind("127.0.0.1", port)


def _connects(family: socket.AddressFamily, address: tuple[object, ...] | str) -> bool:
    with socket.socket(family) as client:
        try:
            client.connect(address)
        except ConnectionRefusedError:
            return False
        return True


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


@pytest.mark.skipif(not _HAS_IPV6, reason="this machine has no IPv6")
@pytest.mark.parametrize(
    ("host", "families"),
    [("::", {4, 6}), ("*", {4, 6}), ("0.0.0.0", {4}), ("::1", {6})],  # noqa: S104  # what is tested
)
async def test_who_reaches_an_address(host: str, families: set[int]) -> None:
    """Clients of IPv4 and of IPv6 reach ``::`` and ``*``. An address of one family is reached by this family alone."""
    (bound,) = await bind(host, 0)
    with bound:
        bound.listen()
        port = bound.getsockname()[1]
        reached = {4: _connects(socket.AF_INET, ("127.0.0.1", port)), 6: _connects(socket.AF_INET6, ("::1", port))}
        assert {family for family, is_reached in reached.items() if is_reached} == families


async def test_everywhere_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without IPv6, ``*`` is all addresses of IPv4, and ``::`` is an error."""
    real = binding._bind

    def without_ipv6(family: socket.AddressFamily, address: tuple[object, ...]) -> ListeningSocket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, address)

    monkeypatch.setattr(binding, "_bind", without_ipv6)
    (bound,) = await bind("*", 0)
    with bound:
        assert str(bound).startswith("http://0.0.0.0:")
    with pytest.raises(ConfigurationError, match="Cannot listen on :: port 0: Address family not supported"):
        await bind("::", 0)


async def test_a_name_with_several_addresses_has_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """If any free port is asked for, all addresses of a name get the same one. An address that this machine does not
    have is left out, as ``localhost`` can have one of IPv6 on a machine without it.
    """
    found = [(socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET, ("127.0.0.2", 0)), (socket.AF_INET, ("192.0.2.1", 0))]

    async def addresses(*_: object) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        return list(found)

    monkeypatch.setattr(binding, "_addresses", addresses)
    with ExitStack() as closing:
        first, second = [closing.enter_context(each) for each in await bind("localhost", 0)]
        assert [first.getsockname()[0], second.getsockname()[0]] == ["127.0.0.1", "127.0.0.2"]
        assert first.getsockname()[1] == second.getsockname()[1]
    del found[:2]
    with pytest.raises(ConfigurationError, match="Cannot listen on localhost port 0: "):
        await bind("localhost", 0)


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
@pytest.mark.parametrize("umask", [0o000, 0o077])
async def test_file_of_a_socket(tmp_path: Path, mode: int, umask: int) -> None:
    """The file has the mode of the setting, whatever the umask is. It accepts connections when it listens, and is gone
    with its lock at the end.
    """
    path = tmp_path / "keyturn.sock"
    before = os.umask(umask)
    try:
        bound = await bind(f"unix:{path}", 8_080, mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert str(bound[0]) == f"unix:{path}"
    assert not _connects(socket.AF_UNIX, str(path))
    bound[0].listen()
    assert _connects(socket.AF_UNIX, str(path))
    release(bound)
    assert _names(tmp_path) == []


async def test_a_stale_file_is_replaced(tmp_path: Path) -> None:
    """The file and the lock of an instance that was killed do not keep the next one from its start."""
    path = tmp_path / "keyturn.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    path.with_name("keyturn.sock.lock").touch(0o600)
    bound = await bind(f"unix:{path}", 0)
    bound[0].listen()
    assert _connects(socket.AF_UNIX, str(path))
    release(bound)


async def test_a_file_in_use_is_not_taken(tmp_path: Path) -> None:
    """The file of an instance that starts or runs, of another program, and of no socket stay as they are."""
    path = tmp_path / "keyturn.sock"
    starting = await bind(f"unix:{path}", 0)
    with pytest.raises(ConfigurationError, match=f"Cannot listen on unix:{path}: another instance of Keyturn uses it"):
        await bind(f"unix:{path}", 0)
    starting[0].listen()
    assert _connects(socket.AF_UNIX, str(path))
    release(starting)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(ConfigurationError, match=r"another program listens there\. Set KEYTURN_HOST"):
            await bind(f"unix:{path}", 0)
        assert _connects(socket.AF_UNIX, str(path))
    path.unlink()
    path.write_text("notes")
    with pytest.raises(ConfigurationError, match="this is a file of another kind"):
        await bind(f"unix:{path}", 0)
    assert path.read_text() == "notes"
    assert _names(tmp_path) == ["keyturn.sock"]


async def test_the_end_leaves_the_file_of_a_successor(tmp_path: Path) -> None:
    """An instance whose file was replaced by somebody does not remove the new one."""
    path = tmp_path / "keyturn.sock"
    bound = await bind(f"unix:{path}", 0)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as successor:
        successor.bind(str(path))
        release(bound)
        assert path.is_socket()


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """The error names the path and the setting."""
    with pytest.raises(ConfigurationError, match=f"unix:{tmp_path}/none/a.sock: No such file .*KEYTURN_HOST.*folder"):
        await bind(f"unix:{tmp_path}/none/a.sock", 0)
