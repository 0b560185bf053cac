#!/usr/bin/env bash
# Tests the packages of dist/ (or of the folder that is named) in clean systems of Debian 12 and 13:
# `scripts/package_test.sh [--suite bookworm] [--quick] [FOLDER]`. What was found is in
# build/package-test/: report.json, report.txt, pictures, and a log of every command.
#
# It needs root, because only root can make such systems, and the environment that `make test` sets up,
# for the screen, the microphone and the keyboard are those of the tests. Clean systems are kept in
# ${XDG_CACHE_HOME:-~/.cache}/assistant-app/debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."

root=()
if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
        echo "Only root can make clean systems; run this as root." >&2
        exit 2
    fi
    root=(sudo --preserve-env=http_proxy,https_proxy)
fi
# Nobody's data, keys, screen or language decide about a test.
exec "${root[@]}" env -u DISPLAY -u WAYLAND_DISPLAY -u ASSISTANT_HOME -u DBUS_SESSION_BUS_ADDRESS \
    XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" LC_ALL=C.UTF-8 LANGUAGE=en PYTHONPATH="$PWD" \
    .venv/bin/python packaging/test/package_test.py "$@"
