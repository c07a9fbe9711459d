#!/bin/sh
# Compiles requirements*.txt and package-lock.json anew. The machine's own pip settings are ignored, so that the
# hashes are those of the index's files for every platform. Extras stay in the lock: pip before 23.3 does not
# accept a pinned "coverage" when a package requires "coverage[toml]".
set -eu
cd "$(dirname "$0")/.."
export PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL
[ -x build/lock/bin/pip-compile ] || {
    .venv/bin/python -m venv build/lock
    build/lock/bin/python -m pip --quiet install pip-tools
}
compile() {
    build/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --no-strip-extras --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links "$@"
}
compile --output-file requirements.txt pyproject.toml
compile --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
# A lock file for Node alone, because it is installed only where the machine has no Node.
.venv/bin/python -c 'import pathlib, tomllib
print(*tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]["optional-dependencies"]["node"], sep="\n")
' >build/node.in
compile --output-file requirements-node.txt build/node.in
npm install --package-lock-only --ignore-scripts --silent
