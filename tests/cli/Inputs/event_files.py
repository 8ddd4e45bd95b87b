# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the event files of a folder as their format says, and compares them with what the run printed and logged.

event_files.py FOLDER FILES EVERY LOG.csv PRINTED: FILES event files, with the metrics of each step of LOG whose number EVERY divides, and those of the epochs that
PRINTED has, once each; what a later file says about a step and those after it takes the place of what an earlier one said.
"""
import csv
import re
import struct
import sys
import time
from pathlib import Path


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283  # the check value of the catalogue


def records(data):
    at = 0
    while at < len(data):
        (size,), (check,) = struct.unpack_from("<Q", data, at), struct.unpack_from("<I", data, at + 8)
        assert check == masked(data[at:at + 8])
        record = data[at + 12:at + 12 + size]
        (check,) = struct.unpack_from("<I", data, at + 12 + size)
        assert check == masked(record)
        yield record
        at += 16 + size
    assert at == len(data)


def fields(message):
    """Field numbers and values of a protocol buffer: bytes for what has a length, numbers else."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            size = varint()
            value, at = message[at:at + size], at + size
        else:
            form, size = {1: ("<d", 8), 5: ("<f", 4)}[key & 7]
            (value,), at = struct.unpack_from(form, message, at), at + size
        yield key >> 3, value


folder, files, every, log, printed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]).read_text()
WALL_TIME, STEP, FILE_VERSION, SUMMARY, SESSION_LOG = 1, 2, 3, 5, 7
found = {}  # (tag, step) -> value
paths = sorted(folder.iterdir())
assert len(paths) == files, paths
for number, path in enumerate(paths):
    assert re.fullmatch(r"events\.out\.tfevents\.\d{10}\..+", path.name), path
    first, *events = [dict(fields(record)) for record in records(path.read_bytes())]
    assert first[FILE_VERSION] == b"brain.Event:2"
    if number > 0:  # a run that goes on
        start = events.pop(0)
        assert dict(fields(start[SESSION_LOG])) == {1: 1}, start
        found = {(tag, step): value for (tag, step), value in found.items() if step < start[STEP]}
    before = first[WALL_TIME]
    for event in events:
        assert before <= event[WALL_TIME] <= time.time() and event[WALL_TIME] > time.time() - 600
        before = event[WALL_TIME]
        for field, value in fields(event[SUMMARY]):
            value = dict(fields(value))
            key = value[1].decode(), event.get(STEP, 0)
            assert field == 1 and key not in found, key
            found[key] = value[2]

single = lambda value: struct.unpack("<f", struct.pack("<f", float(value)))[0]
rows = list(csv.DictReader(open(log)))
expected = {}
for row in rows:
    step = int(row.pop("step"))
    if step % every == 0:
        expected.update({(f"{metric}/step", step): single(value) for metric, value in row.items()})
        expected["hyper/lr", step] = single(1e-3)
        expected["hyper/weight_decay", step] = single(1e-2)
assert {key: value for key, value in found.items() if key[0].endswith("/step") or key[0].startswith("hyper/")} == expected

epochs = re.findall(r"^epoch (\d+)/(\d+)(.*)\(", printed, re.M)
assert epochs
for epoch, count, metrics in epochs:
    last = len(rows) * int(epoch) // int(count) - 1
    for name, value in re.findall(r"(\w+) ([0-9.e+-]+)", metrics):
        split, metric = re.fullmatch(r"(val_|test_|)(\w+)", name).groups()
        kept = found.pop((f"{metric}/{split.rstrip('_') or 'train'}", last))
        assert f"{kept:.5g}" == f"{float(value):.5g}", (epoch, name, kept)
assert found.keys() == expected.keys()
