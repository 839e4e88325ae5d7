"""Folders and files that appear whole or not at all.

What is being written stands beside its final name, as `.NAME.part`, locked by its writer. When all of it is on disk it
takes the name in one step of the file system. With `force` it swaps names with what stood there, in one step too where
the system can (Linux); elsewhere the old folder waits as `.NAME.old` while the new one takes its place. Whoever is
killed leaves only such siblings, no longer locked: the next one to write (or read) that name puts them right.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.texts import say

PART, OLD = ".part", ".old"  # how the name of what is not whole yet ends, and of what is being replaced
# What a disk says when it can't go on.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBUSY, errno.EXDEV)
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)  # what a system says when a name is not free for a folder
CANT_SWAP = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
HERE, SWAP = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
FILE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW


@contextmanager
def whole_folder(target: Path | str, force: bool = False, mark: str = "status.json") -> Iterator[Path]:
    """A temporary sibling to write into; it takes the name `target` only when everything in it is on disk.

    Parameters
    ----------
    target : Path or str
        The folder to write.
    force : bool
        Replace what stands there, if it is a folder of the same kind.
    mark : str
        File by which a folder of this kind is known: only such a folder, or an empty one, is ever replaced.

    Raises
    ------
    InputError
        When `target` exists and `force` is not given, when it is something else than this kind of folder, can't be
        written, or is being written by another run: nobody should compute for hours what then has no place.
    OptimiserError
        When the disk is full or fails.
    """
    target = Path(target)
    part = _sibling(target, PART)
    with _handles() as held:
        try:
            settle(target)
            _refuse_loss(target, force, mark)
            missing = [folder for folder in target.parents if not folder.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
            held.append(_claim(part))
        except BlockingIOError:
            raise InputError([Fault(str(target), 0, "", say("run.being_written"), say("faults.new_folder"),
                                    say("run.wait", part=part))]) from None
        except OSError as error:
            raise InputError([Fault(str(target), 0, "", say("faults.no_place", reason=error.strerror or error),
                                    say("faults.writable_folder"),
                                    say("faults.check_path"))]) from None
        try:
            yield part
            for path in [*sorted(part.rglob("*")), part]:
                sync(path)
            _take_name(part, target, force, mark, held)
            for folder in {target.parent, *(made.parent for made in missing)}:
                sync(folder)
            _tidy(part, target, held)
        except BaseException as error:
            _tidy(part, target, held)
            if isinstance(error, OSError) and error.errno in FULL:
                raise OptimiserError(say("run.disk", folder=target, reason=error.strerror)) from None
            raise


def settle(target: Path) -> None:
    """Put right what a run into `target` that was killed has left, unless another run is writing there now.

    A folder that had just stepped aside for its replacement gets its name back; all else that was not whole goes.
    """
    part = _sibling(target, PART)
    if os.path.lexists(part) or os.path.lexists(_sibling(target, OLD)):
        with suppress(OSError), _handles() as held:
            held.append(_claim(part))
            _tidy(part, target, held)


def being_written(target: Path) -> bool:
    """Whether something that is to take this name stands beside it, not whole yet."""
    return os.path.lexists(_sibling(target, PART))


def next_free(parent: Path, name: str) -> Path:
    """`parent/name`, or with the first free number behind it; a name that is being written to is not free."""
    for number in itertools.count(1):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        settle(folder)
        if not os.path.lexists(folder) and not os.path.lexists(_sibling(folder, PART)):
            return folder
    raise AssertionError("unreachable: numbers don't end")


def write_whole(files: dict[Path, bytes]) -> None:
    """Write files so that each holds the old bytes or the new ones, never half of them.

    None takes its name before all of them are on disk: a disk that is full changes nothing. Who writes the same files
    at the same time waits. A kill in the very moment between two names leaves the first file new and the second old.

    Raises
    ------
    OSError
        When a file can't be written.
    """
    left: dict[Path, Path] = {}  # temporary files that are ours
    with ExitStack() as locks:
        path = Path()
        try:
            for path, content in files.items():
                part = _sibling(path, PART)
                while (handle := _lock(part, FILE, wait=True, fresh=True)) is None:
                    pass  # who held it has just ended
                left[path] = part
                file = locks.enter_context(os.fdopen(handle, "r+b"))
                file.truncate()
                file.write(content)
                file.flush()
                os.fsync(handle)
            for path in files:
                left[path].replace(path)
                del left[path]
            for folder in {path.parent for path in files}:
                sync(folder)
        except BaseException as error:
            for part in left.values():
                part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(path)) from None
            raise


@contextmanager
def _handles() -> Iterator[list[int]]:
    """A list of open handles, all closed in the end; the locks they hold end with them."""
    held: list[int] = []
    try:
        yield held
    finally:
        for handle in held:
            os.close(handle)


def _sibling(path: Path, ending: str) -> Path:
    return path.parent / f".{path.name}{ending}"


def _refuse_loss(target: Path, force: bool, mark: str) -> None:
    """Nothing that stands already is replaced, unless it was asked for and can have been meant."""
    if not os.path.lexists(target):
        return
    ours = target.is_dir() and not target.is_symlink() and ((target / mark).is_file() or not any(target.iterdir()))
    if not (ours and force):
        raise InputError([Fault(str(target), 0, "", say("faults.exists" if target.is_dir() else "faults.exists_file"),
                                say("faults.new_folder"), say("faults.force" if ours else "faults.other_name"))])


def _claim(part: Path) -> int:
    """An empty temporary folder, ours alone as long as the handle is open; BlockingIOError when it is another's."""
    while True:
        fresh = False
        with suppress(FileExistsError):
            part.mkdir()
            fresh = True
        try:
            lock = _lock(part, FOLDER, fresh=fresh)
        except FileNotFoundError:
            lock = None
        if lock is None:
            continue  # its writer has just ended
        try:
            if not any(part.iterdir()):
                return lock
            shutil.rmtree(part)  # its writer was killed
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def _lock(path: Path, how: int, wait: bool = False, fresh: bool = False) -> int | None:
    """An open handle that holds the lock of a path until it is closed or its process dies.

    None when the path names something else by the time the lock is held. Where a file system knows no locks, only what
    is `fresh` counts as free.
    """
    handle = os.open(path, how, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            if not fresh:
                raise BlockingIOError from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.lstat(path)):
                return handle
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def sync(path: Path) -> None:
    """What stands in a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_name(part: Path, target: Path, force: bool, mark: str, held: list[int]) -> None:
    """Give the folder its final name, in one step; what is replaced then stands under the temporary or the old name."""
    while True:
        _refuse_loss(target, force, mark)
        try:
            part.rename(target)  # a folder takes a free name, or that of an empty folder, and no other
            return
        except OSError as error:
            if error.errno not in TAKEN:
                raise
        with suppress(FileNotFoundError):  # it has gone meanwhile
            if force:
                held.append(os.open(target, FOLDER))
                with suppress(OSError):  # locked, nobody takes it for an abandoned one before it is removed
                    fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _exchange(part, target):
                    target.rename(_sibling(target, OLD))
                    part.rename(target)
                return


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system or the file system can't."""
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None:
        return False
    if swap(HERE, os.fsencode(one), HERE, os.fsencode(other), SWAP) == 0:
        return True
    number = ctypes.get_errno()
    if number in CANT_SWAP:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _tidy(part: Path, target: Path, held: list[int]) -> None:
    """Remove what is left beside a target, if it is ours; what stepped aside for nothing gets its name back first."""
    old = _sibling(target, OLD)
    if os.path.lexists(target):
        shutil.rmtree(old, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            old.rename(target)
    with suppress(FileNotFoundError):
        found = os.lstat(part)
        if any(os.path.samestat(os.fstat(handle), found) for handle in held):
            shutil.rmtree(part, ignore_errors=True)
