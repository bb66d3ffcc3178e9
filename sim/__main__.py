"""The command: `cascadelab`, or `python -m sim`."""

import os
import signal


def _end(number: int, frame: object) -> None:
    os._exit(130)


# Before anything else is loaded, for that takes a moment: Ctrl-C within it ends us, and without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)

from sim.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
