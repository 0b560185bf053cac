"""Where a frozen program begins."""

import sys

from assistant_app.__main__ import main

sys.exit(main())
