"""The command `optimiser`, also `python -m optimiser`: Ctrl-C ends it in a line from its first moment to its last."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Load the commands, which takes a moment that Ctrl-C must not break in the middle, and run one."""
    asked: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    from optimiser.cli import INTERRUPTED
    from optimiser.cli import main as command
    from optimiser.texts import say

    signal.signal(signal.SIGINT, before)
    if asked:
        print(say("cli.interrupted"), file=sys.stderr)
        sys.exit(INTERRUPTED)
    try:
        command()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is done is done; the interpreter only closes down


if __name__ == "__main__":
    main()
