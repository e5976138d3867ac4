"""Stop a program when a pipe closes: what PR_SET_PDEATHSIG does on Linux, for other systems. A script of its
own.

    python -I -S watch.py PID < PIPE

The parent holds the pipe's other end and writes one byte when it has stopped the program itself; the end of
the pipe without that byte means that the parent died.
"""

import os
import signal
import sys

if __name__ == "__main__" and not os.read(0, 1):
    try:
        os.kill(int(sys.argv[1]), signal.SIGINT)  # PostgreSQL's fast shutdown
    except ProcessLookupError:
        pass
