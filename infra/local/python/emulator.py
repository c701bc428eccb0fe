"""Runs the AWS emulator for as long as whoever started it holds our standard input open.

The emulator starts the functions as children, so it must never outlive the stack, however that ends.
"""

import os
import signal
import sys
import threading
import time


def watch() -> None:
    """Wait for the end of standard input, then stop everything in our process group."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(3)
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=watch, daemon=True).start()
sys.argv = ["ministack"]

from ministack.app import main  # noqa: E402

try:
    main()
finally:
    # Function processes share our group; the emulator's own clean-up may have been cut short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
