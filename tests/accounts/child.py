"""A process that makes calls through an account: `python -m tests.accounts.child hold|balance …`.

hold NAME SECONDS    takes permits until the time is over; prints when each began and ended, by
                     time.monotonic(), which all processes of a machine share
balance NAME THREADS asks for the balance from many threads at once; prints the result of each
"""

import os
import random
import sys
import threading
import time

import django

django.setup()

from mailings import accounts
from mailings.smsc.api.errors import SmscError


def say(line: str) -> None:
    """Print a line in one piece, as many threads print."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def hold(name: str, seconds: float) -> None:
    account = accounts.default_account(name)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with accounts.slot(account, "add", wait=0.3):
                began = time.monotonic()
                time.sleep(random.uniform(0.1, 0.8))
                say(f"{began:.4f} {time.monotonic():.4f}")
        except accounts.CannotCall:
            time.sleep(0.05)


def balance(name: str, threads: int) -> None:
    account = accounts.default_account(name)
    start = threading.Barrier(threads)

    def one(number: int) -> None:
        start.wait()
        try:
            with accounts.slot(account, "balance", f"{os.getpid()}:{number}", wait=20) as client:
                client.balance()
        except accounts.CannotCall as error:
            say(error.reason)
        except SmscError as error:
            say(type(error).__name__)
        else:
            say("answered")

    running = [threading.Thread(target=one, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


if __name__ == "__main__":
    mode, account_name, number = sys.argv[1:]
    if mode == "hold":
        hold(account_name, float(number))
    else:
        balance(account_name, int(number))
