#!/usr/bin/env bash
# Makes the packages for Linux in dist/: freezes the programs, has them test themselves, packs them.
# `--quick` packs quickly, not small. `--frozen` packs what was frozen before.
set -euo pipefail
cd "$(dirname "$0")/.."

quick=() freeze=yes
for option; do
    case $option in
    --quick) quick=(--quick) ;;
    --frozen) freeze= ;;
    *)
        echo "usage: scripts/package.sh [--quick] [--frozen]" >&2
        exit 2
        ;;
    esac
done

scripts/setup.sh package
python=build/package/venv/bin/python
trees=build/package/tree
if [[ -n $freeze ]]; then
    rm -rf "$trees"
    "$python" packaging/pyinstaller/freeze.py "$trees" build/package/work
fi
"$python" packaging/linux/packages.py "$trees" dist "${quick[@]}"
