"""Files below a root, opened step by step and without following a link.

A path that was looked at and then opened may have become another one in between. What is opened
relative to a folder that is held open cannot.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def open_folder(root: Path, folder: Path, *, make: bool = True, mode: int = 0o777) -> Iterator[int]:
    """Open a folder below a root, step by step and without following a link; make what is missing.

    The root itself may be a link: whoever wrote the settings meant it.
    """
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for step in folder.relative_to(root).parts:
            if step == "..":
                raise OSError(errno.EACCES, "it leads out of its root", str(folder))
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(step, mode, dir_fd=handle)
            inner = os.open(step, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


@contextmanager
def open_file(name: str, folder: int) -> Iterator[int]:
    """Open a file in an open folder for reading; OSError for a link, a device or anything else."""
    file = os.open(name, _FILE, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no file", name)
        yield file
    finally:
        os.close(file)
