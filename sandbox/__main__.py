"""`python -m sandbox`: the sandbox without Django."""

import argparse
import sys

from sandbox.command import add_arguments, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in for the provider.")
    add_arguments(parser)
    run(vars(parser.parse_args()), _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
