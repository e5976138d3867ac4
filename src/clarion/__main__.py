"""`python -m clarion` is `clarion`."""

import sys

from clarion.cli import main

if __name__ == "__main__":
    sys.exit(main())
