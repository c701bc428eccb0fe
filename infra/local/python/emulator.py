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

from ministack.services import lambda_svc  # noqa: E402


def seen(event: object) -> object:
    """Give an HTTP API's event the address that the API saw, which the emulator always says is 127.0.0.1.

    The front of the portal appends it to X-Forwarded-For, as an HTTP API does with the address of the connection.
    """
    http = event.get("requestContext", {}).get("http") if isinstance(event, dict) else None
    forwarded = event.get("headers", {}).get("x-forwarded-for") if isinstance(http, dict) else None
    if forwarded:
        http["sourceIp"] = forwarded.split(",")[-1].strip()
    return event


execute = lambda_svc._execute_function_with_config_scope
lambda_svc._execute_function_with_config_scope = lambda record, event, *rest, **named: execute(
    record, seen(event), *rest, **named
)

try:
    main()
finally:
    # Function processes share our group; the emulator's own clean-up may have been cut short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
