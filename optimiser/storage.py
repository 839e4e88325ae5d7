"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optimiser.errors import Fault, InputError
from optimiser.texts import say


@contextmanager
def whole_folder(target: Path, force: bool = False) -> Iterator[Path]:
    """A temporary sibling to write into; it takes the name `target` only when everything in it is on disk.

    Raises
    ------
    InputError
        When `target` exists and `force` is not given, or can't be written.
    """
    if target.exists() and not force:
        raise InputError([Fault(str(target), 0, "", say("faults.exists"), say("faults.new_folder"),
                                say("faults.force"))])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise InputError([Fault(str(target), 0, "", error.strerror or str(error), say("faults.writable_folder"),
                                say("faults.check_path"))]) from None
    try:
        temporary.chmod(0o755)
        yield temporary
        _sync(temporary)
        _take_name(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _sync(folder: Path) -> None:
    """Everything below a folder is on disk before its name is."""
    for path in [*sorted(folder.rglob("*")), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _take_name(temporary: Path, target: Path) -> None:
    """Rename; an old folder steps aside first and is removed only when the new one stands."""
    old = temporary.with_suffix(".old")
    aside = target.exists()
    if aside:
        target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        if aside:
            old.rename(target)
        raise
    _sync_name(target.parent)
    if aside:
        shutil.rmtree(old, ignore_errors=True)


def _sync_name(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
