"""Make the packages for Linux: python packaging/linux/packages.py TREE_DIR DIST_DIR [--quick].

Exit codes: 0 made, 1 not (one sentence on stderr says why), 2 wrong usage.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from linux_packages.build import Build
from linux_packages.product import current_release


def main(arguments: Sequence[str] | None = None) -> int:
    """Make everything that the arguments ask for; return the exit code."""
    parser = argparse.ArgumentParser(description="Makes .deb files, tarballs and what is in the AppImage.")
    parser.add_argument("trees", type=Path, help="folder with assistant-app and assistant-app-voice, frozen")
    parser.add_argument("dist", type=Path, help="folder for the packages")
    parser.add_argument("--quick", action="store_true", help="pack quickly, not small, to try something")
    options = parser.parse_args(arguments)
    work = options.dist.absolute() / ".packages"
    try:
        Build(options.trees, options.dist.absolute(), work, current_release(), options.quick).run()
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed with exit code {error.returncode}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
