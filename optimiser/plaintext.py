"""Text files as they come from outside: plain UTF-8 of a bounded size, or one clear fault."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from optimiser.errors import Fault, InputError
from optimiser.texts import say

_END = re.compile(r"\r\n|\n|\r")
_EUROPEAN = re.compile(r"[\x00-\x7f\xa0-\u017f\u2010-\u203a\u20ac]*")


def read_text(path: Path, limit: int) -> str:
    """The text of a UTF-8 file of at most `limit` bytes; anything else is one clear fault.

    Raises
    ------
    InputError
        When the file is missing, no plain file, too large, not UTF-8, or begins with a byte-order mark.
    """
    file = str(path)

    def refused(row: int, got: str, expected: str, hint: str) -> InputError:
        return InputError([Fault(file, row, "", got, expected, hint)])

    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # a pipe or a device would never end
            folder = stat.S_ISDIR(state.st_mode)
            raise refused(0, say("faults.a_folder" if folder else "faults.no_plain_file"), say("faults.readable_file"),
                          say("faults.file_in_it" if folder else "faults.check_path"))
        if state.st_size > limit:
            raise refused(0, f"{state.st_size} bytes", say("faults.at_most_bytes", limit=limit), say("faults.split"))
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refused(0, reason, say("faults.readable_file"), say("faults.check_path")) from None
    if data.startswith(b"\xef\xbb\xbf"):
        raise refused(1, say("faults.bom"), say("faults.utf8"), say("faults.save_without_bom"))
    zero = data.find(b"\x00")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or zero >= 0:
        raise refused(data[:max(zero, 0)].count(b"\n") + 1, say("faults.zero_byte"), say("faults.utf8"),
                      say("faults.save_as_utf8"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        got = say("faults.byte", byte=f"0x{data[error.start]:02x}")
        raise refused(row, got, say("faults.utf8"), say("faults.save_as_utf8")) from None


def mojibake(text: str) -> bool:
    """Whether this was UTF-8 that somebody read as Windows-1252, as `Ã©` for `é`: then all of it can be turned back."""
    if text.isascii():
        return False
    try:
        return bool(_EUROPEAN.fullmatch(text.encode("cp1252").decode("utf-8")))
    except UnicodeError:
        return False


class Lines(Iterator[str]):
    """The lines of a text, with their ends, one by one; a row of a table that runs on too long ends them.

    The reader of the rows says with `new_row` that a row is complete. What is too long is never held as rows.
    """

    def __init__(self, text: str, longest: int):
        self.text, self.longest = text, longest
        self.at = self.row = 0

    def __next__(self) -> str:
        if self.at >= len(self.text):
            raise StopIteration
        found = _END.search(self.text, self.at)
        begin, self.at = self.at, found.end() if found else len(self.text)
        if self.at - self.row > self.longest:
            raise OverflowError
        return self.text[begin:self.at]

    def new_row(self) -> None:
        """The lines given so far are whole rows."""
        self.row = self.at
