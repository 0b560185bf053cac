#!/usr/bin/env bash
# Writes the lock files in requirements/ from pyproject.toml: exact versions with PyPI's hashes.
# Extra package sources of this machine (pip.conf, environment) are left out, so the hashes are PyPI's.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
    env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX -u UV_EXTRA_INDEX_URL \
        .venv/bin/uv pip compile --no-config --universal --python-version 3.11 --generate-hashes \
        --system-certs --custom-compile-command "make lock" --quiet "$@"
}

lock pyproject.toml --output-file requirements/app.txt
lock pyproject.toml --extra dev --constraint requirements/app.txt --output-file requirements/dev.txt
lock pyproject.toml --extra package --constraint requirements/dev.txt --output-file requirements/package.txt
# Torch itself is left out, and what only its CUDA build needs: scripts/setup.sh chooses the build.
lock --group voice --constraint requirements/dev.txt --excludes requirements/cuda.txt --no-emit-package torch \
    --output-file requirements/voice.txt
