"""`make check-lock`: the lock meets every requirement, extras included, and the oldest pip can install it.

Two looks at each file of the lock. Its lines are held against pyproject.toml and against what the locked
packages ask for themselves. Then pip reads it in hash mode, in a dry run: the oldest pip that we promise
(requirements-pip.txt).
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
    """0 when the lock holds; else 1, and what is wrong on standard error."""
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
    """By file of the lock: the requirements of pyproject.toml's table `project` that it has to meet."""
    extras = project["optional-dependencies"]
    return {
        "requirements.txt": project["dependencies"],
        "requirements-dev.txt": project["dependencies"] + extras["dev"],
        "requirements-node.txt": extras["node"],
    }


def read_lock(text: str) -> dict[str, Requirement]:
    """What a file of the lock pins, by the package's canonical name."""
    lines = (line.removesuffix("\\").strip() for line in text.splitlines())
    pins = [Requirement(line) for line in lines if line and not line.startswith(("#", "--"))]
    return {canonicalize_name(pin.name): pin for pin in pins}


def unmet(
    wanted: Iterable[str], lock: Mapping[str, Requirement], asks: Callable[[str], Iterable[str]]
) -> list[str]:
    """A sentence for each requirement that the lock does not meet by name, version and all its extras.

    Requirements are `wanted` and, in turn, what `asks` tells of each locked package, where markers hold on
    this machine with the extras that the lock names: pip before 23.3 sees no others.
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
    """Whether a pin of the lock is a version that is asked for, and names each extra that is asked for."""
    version = next(iter(pin.specifier)).version
    return requirement.specifier.contains(version, prereleases=True) and requirement.extras <= pin.extras


def asked_for(name: str) -> list[str]:
    """What a package asks for; nothing when it is not installed (Node, where the machine has its own)."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def oldest_pip() -> str:
    """A Python with the oldest pip: ours when it has that one already, else one made under build/."""
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
    """What pip says against installing these files from nothing; empty when it would do so."""
    options = ["--dry-run", "--ignore-installed", "--require-hashes"]
    files = [word for path in lock for word in ("--requirement", str(path))]
    done = subprocess.run(
        [*pip(python), "install", *options, *files], capture_output=True, text=True, check=False
    )
    return (done.stderr.strip() or f"pip ended with {done.returncode}.") if done.returncode else ""


def pip(python: str) -> list[str]:
    """How pip is called: it says nothing but errors."""
    return [python, "-m", "pip", "--disable-pip-version-check", "-qq"]


if __name__ == "__main__":
    sys.exit(main())
