#!/usr/bin/env bash
# Opens the window, or converses in the terminal where there is no display. Arguments are passed on.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -eq 0 && -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} && $(uname) == Linux ]]; then
    echo "There is no display here, so Assistant answers in this terminal." >&2
    set -- chat
fi
exec .venv/bin/python -m assistant_app "$@"
