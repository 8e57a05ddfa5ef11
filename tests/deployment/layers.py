"""Layers over the file system of this machine, as containers have them: an overlay, which only one process sees."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from tests.system.environments import SITE_PACKAGES

PACKAGES: Final = "/srv/packages"
"""Where the packages of these tests are inside of every layer."""

_SHELL: Final = ("unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc")
_BIND: Final = (
    'mount --rbind /proc "$root/proc"; mount --rbind /dev "$root/dev"; '
    f'mount --bind {SITE_PACKAGES} "$root{PACKAGES}"; '
)


class Layer:
    """A folder with what differs from this machine's files. A process can run in the two together."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self._work = folder / "work"
        self._root = folder / "root"
        for each in (self.files, self._work, self._root):
            each.mkdir(parents=True)
        self.path(PACKAGES).mkdir(parents=True)

    def path(self, inside: str) -> Path:
        """Return where the file ``inside`` of the layer is on this machine."""
        return self.files / inside.lstrip("/")

    def let_everybody_enter(self, path: Path) -> None:
        """Let every user reach ``path``, which may be in a home. Only processes in the layer can."""
        for each in [*reversed(path.parents), path]:
            if each.is_dir() and not each.stat().st_mode & 0o001:
                self.path(str(each)).mkdir(mode=0o755, parents=True, exist_ok=True)

    def changing(self, *command: str, folder: str) -> list[str]:
        """Return a command that runs ``command`` as root in a folder of the layer. What it writes is in the layer."""
        script = f"{self._mount()}{_BIND}"
        return [
            *_SHELL,
            script + 'folder="$1"; shift; exec chroot "$root" env -C "$folder" "$@"',
            "sh",
            folder,
            *command,
        ]

    def confined(
        self, *command: str, user: str, folder: str, volumes: Mapping[str, Path], variables: Sequence[str] = ()
    ) -> list[str]:
        """Return a command that runs ``command`` as another user, where nothing can be written but the volumes.

        ``volumes`` are folders of this machine by their paths inside. ``user`` is ``UID:GID``.
        """
        for inside in volumes:
            self.path(inside).mkdir(parents=True, exist_ok=True)
        bound = "".join(f'mount --bind {outside} "$root{inside}"; ' for inside, outside in volumes.items())
        uid, _, gid = user.partition(":")
        drop = f"setpriv --reuid={uid} --regid={gid} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all"
        script = f'{self._mount()}mount -o remount,bind,ro "$root"; {_BIND}{bound}'
        inside = f'exec chroot "$root" {drop} env -C {folder} "$@"'
        return [*_SHELL, script + inside, "sh", *variables, *command]

    def _mount(self) -> str:
        overlay = f"lowerdir=/,upperdir={self.files},workdir={self._work}"
        return f'root={self._root}; mount -t overlay overlay -o {overlay} "$root"; '


def _can_mount() -> bool:
    """Return whether layers can be mounted here: a container may refuse it, also to root."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    with TemporaryDirectory() as folder:
        command = Layer(Path(folder)).changing("true", folder="/")
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not _can_mount(), reason="only root can mount layers, with overlayfs and unshare")
