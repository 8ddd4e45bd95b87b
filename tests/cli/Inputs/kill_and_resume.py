# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kills a training run several times where it stands, and lets it go on: kill_and_resume.py CHECKPOINT COMMAND...

Each run is killed once it has written a checkpoint further than the one it found. The last one may end. Prints how many were killed."""
import os
import signal
import subprocess
import sys
import time

checkpoint, command = sys.argv[1], sys.argv[2:]


def written():
    return os.stat(checkpoint).st_mtime_ns if os.path.exists(checkpoint) else 0


killed = 0
while killed < 3:
    before = written()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and written() == before:
        time.sleep(0.001)
    time.sleep(0.02 * killed)
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        sys.exit(f"the run ended by itself, with {process.returncode}, before it was killed {killed + 1} times")
    killed += 1
print("killed", killed)
sys.exit(subprocess.call(command))
