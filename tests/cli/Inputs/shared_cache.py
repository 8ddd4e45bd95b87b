# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Several processes and one cache of objects: shared_cache.py FOLDER COMMAND...

COMMAND trains with --log; --cache-dir and --log are added. Two processes fill a cold cache at once; others are killed by the system in the middle of writing to
it, or at any time. Every run that ends has the losses of one without a cache."""
import os
import pathlib
import resource
import signal
import subprocess
import sys

folder, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
count = 0


def start(cache, limit=None):
    """A run that may write files of so many bytes; a larger one kills it."""
    global count
    count += 1
    log = folder / f"{count}.csv"

    def little():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    flags = ["--no-cache"] if cache is None else ["--cache-dir", str(folder / cache)]
    run = subprocess.Popen([*command, *flags, "--log", str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=little if limit else None)
    run.log = log
    return run


def finish(run):
    output, _ = run.communicate()
    assert run.returncode == 0, run.returncode
    return run.log.read_bytes(), "from the cache" in output


alone, _ = finish(start(None))
assert alone.count(b"\n") > 10
for attempt in range(3):
    runs = [start(f"cold-{attempt}"), start(f"cold-{attempt}")]
    assert [finish(run)[0] for run in runs] == [alone] * 2
    assert finish(start(f"cold-{attempt}")) == (alone, True)
    assert not list((folder / f"cold-{attempt}").glob("*.tmp"))

# In the middle of a file, whose first bytes are there.
run = start("killed", limit=8192)
_, errors = run.communicate()
assert run.returncode == 1 and f"was ended by signal {signal.SIGXFSZ.value}" in errors, (run.returncode, errors)
left = list((folder / "killed").glob("*.tmp"))
assert len(left) == 1 and left[0].stat().st_size == 8192
assert finish(start("killed")) == (alone, False)

# Anywhere.
killed = 0
for delay in (0.1, 0.3, 0.5, 0.7, 0.9, 1.1):
    run = start("killed-anywhere")
    try:
        run.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        killed += 1
assert killed > 0
assert finish(start("killed-anywhere"))[0] == alone
assert finish(start("killed-anywhere")) == (alone, True)
assert finish(start("killed")) == (alone, True)
print("the same losses in", count, "runs")
