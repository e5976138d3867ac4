"""Become a program that runs as another user and does not outlive its parent. A script of its own.

    python -I -S launch.py PARENT UID GID FOLDER PROGRAM [ARGUMENT ...]

Started by `process.command` with the user's rights we have; imports nothing of ours, because after the change
of user neither this file nor the interpreter may be readable any more. UID -1 keeps the user. PROGRAM
replaces us, so its process id is ours.

Why a script and no `preexec_fn`: that runs Python between fork and exec, which deadlocks in a process with
threads.
"""

import os
import signal
import sys

if sys.platform == "linux":
    import ctypes  # here and not later: after the change of user Python's own library may be out of reach

_PR_SET_PDEATHSIG = 1
_FAILED = 71  # EX_OSERR


def main(parent: int, uid: int, gid: int, folder: str, command: list[str]) -> None:
    """Never returns: replaced by `command`, or exits 71 with a sentence on stderr."""
    try:
        os.chdir(folder)  # as who we are: the other user may not be able to walk there
        if uid >= 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        os.umask(0o077)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and ignored signals survive exec
        if sys.platform == "linux":
            _die_with(parent)
        os.execv(command[0], command)  # noqa: S606  # no shell is what we want
    except OSError as exc:
        sys.stderr.write(f"FATAL:  clarion could not start {command[0]} as user id {uid}: {exc}\n")
        sys.exit(_FAILED)


def _die_with(parent: int) -> None:
    """Let the kernel send SIGINT (PostgreSQL's fast shutdown) when the parent's thread that forked us ends.

    Set after setuid, which clears it. Where the parent died before it was set, we have a new parent by now.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:
        raise OSError("the process that started it has ended")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])
