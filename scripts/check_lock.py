"""`make check-lock`: the lock files meet every requirement, extras included, and the oldest pip accepts them.

Two checks of each file. Its pins are compared with pyproject.toml and with the requirements of the locked
packages themselves. Then the oldest pip that we support (requirements-pip.txt) does a dry run with hashes.
"""

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PIP = ROOT / "requirements-pip.txt"


def main() -> int:
    """Exit code 0 if the lock files are right; else 1, with the faults on standard error."""
    found = [
        f"{name}: {wrong}"
        for name, wanted in locks(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]).items()
        for wrong in unmet(wanted, read_lock((ROOT / name).read_text()), asked_for)
    ]
    if found:
        print(*found, "Pin the dependencies anew: make lock.", sep="\n", file=sys.stderr)
        return 1
    python = oldest_pip()
    for names in (["requirements.txt"], ["requirements-dev.txt", "requirements-node.txt"]):
        refused = dry_run(python, [ROOT / name for name in names])
        if refused:
            print(f"{' and '.join(names)}: the oldest pip refuses it.\n{refused}", file=sys.stderr)
            return 1
    return 0


def locks(project: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each lock file, the requirements in pyproject.toml's table `project` that it has to meet."""
    extras = project["optional-dependencies"]
    return {
        "requirements.txt": project["dependencies"],
        "requirements-dev.txt": project["dependencies"] + extras["dev"],
        "requirements-node.txt": extras["node"],
    }


def read_lock(text: str) -> dict[str, Requirement]:
    """The pins of a lock file by canonical package name."""
    lines = (line.removesuffix("\\").strip() for line in text.splitlines())
    pins = [Requirement(line) for line in lines if line and not line.startswith(("#", "--"))]
    return {canonicalize_name(pin.name): pin for pin in pins}


def unmet(
    wanted: Iterable[str], lock: Mapping[str, Requirement], asks: Callable[[str], Iterable[str]]
) -> list[str]:
    """A sentence for each requirement that the lock does not meet in name, version or extras.

    Checks `wanted` and, transitively, the requirements of each locked package, which `asks` returns. Markers
    are evaluated for this machine, with the extras that the pin itself names: pip before 23.3 sees no others.
    """
    found = []
    waiting = [("pyproject.toml", text, frozenset({""})) for text in wanted]
    seen: set[str] = set()
    while waiting:
        asker, text, extras = waiting.pop(0)
        requirement = Requirement(text)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        pin = lock.get(name)
        if pin is None or not meets(pin, requirement):
            found.append(f"{asker} asks for {requirement}; the lock has {pin or 'nothing'}.")
        elif name not in seen:
            seen.add(name)
            waiting += [(name, more, frozenset({"", *pin.extras})) for more in asks(name)]
    return found


def meets(pin: Requirement, requirement: Requirement) -> bool:
    """Whether a pin has a version that the requirement allows, and all of its extras."""
    version = next(iter(pin.specifier)).version
    return requirement.specifier.contains(version, prereleases=True) and requirement.extras <= pin.extras


def asked_for(name: str) -> list[str]:
    """A package's requirements; none if it is not installed, as Node's wheel on a machine with Node."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def oldest_pip() -> str:
    """A Python with the oldest pip: ours if it has that very one, else a new environment under build/."""
    (pin,) = read_lock(OLDEST_PIP.read_text()).values()
    if pin.specifier.contains(metadata.version("pip")):
        return sys.executable
    home = ROOT / "build/oldest-pip"
    python = str(home / "bin/python")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
    subprocess.run(
        [*pip(python), "install", "--require-hashes", "--requirement", str(OLDEST_PIP)], check=True
    )
    return python


def dry_run(python: str, lock: list[Path]) -> str:
    """pip's errors when asked to install these files into an empty environment; "" if there are none."""
    options = ["--dry-run", "--ignore-installed", "--require-hashes"]
    files = [word for path in lock for word in ("--requirement", str(path))]
    done = subprocess.run(
        [*pip(python), "install", *options, *files], capture_output=True, text=True, check=False
    )
    return (done.stderr.strip() or f"pip ended with {done.returncode}.") if done.returncode else ""


def pip(python: str) -> list[str]:
    """The command for pip, with no output but errors."""
    return [python, "-m", "pip", "--disable-pip-version-check", "-qq"]


if __name__ == "__main__":
    sys.exit(main())
