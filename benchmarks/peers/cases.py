# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured. The models of Costate are models/NAME.costate; a peer builds the same from the numbers here."""
import json
import statistics
import sys
import time
from dataclasses import dataclass

import numpy as np


@dataclass
class Case:
    name: str
    batch: int
    optimizer: str
    rate: float
    sizes: tuple = ()  # of an MLP
    side: int = 0  # of the images of a convolutional net: conv 1-16, pool, conv 16-32, pool, dense

    @property
    def kind(self):
        return "mlp" if self.sizes else "conv"

    @property
    def flat(self):
        return 32 * (self.side // 4) ** 2

    @property
    def multiply_adds(self):
        """Of the products of a step: forward, gradient of each weight, gradient of each input but the first."""
        if self.sizes:
            products = [n * m for n, m in zip(self.sizes, self.sizes[1:])]
        else:
            products = [9 * 16 * self.side**2, 9 * 16 * 32 * (self.side // 2) ** 2, self.flat * 10]
        return self.batch * (3 * sum(products) - products[0])


CASES = [
    Case("mlp_8_32_1", 1, "sgd", 1e-2, sizes=(8, 32, 1)),
    Case("mlp_784_128_10", 32, "adam", 1e-3, sizes=(784, 128, 10)),
    Case("mlp_784_256_10", 128, "adamw", 1e-3, sizes=(784, 256, 10)),
    Case("mlp_256_1024_1024_256", 256, "adamw", 1e-3, sizes=(256, 1024, 1024, 256)),
    Case("conv_8x8", 32, "adam", 1e-3, side=8),
    Case("conv_28x28", 64, "adam", 1e-3, side=28),
]


def data_of(case):
    random = np.random.default_rng(0)
    shape = (case.batch, case.sizes[0]) if case.sizes else (case.batch, case.side, case.side, 1)
    x = random.standard_normal(shape, np.float32)
    y = random.standard_normal((case.batch, 1), np.float32) if case.optimizer == "sgd" else (np.arange(case.batch) % 2).astype(np.int32)
    return x, y


def serve(make, version):
    """Answers NAME SECONDS with the median microseconds of a step. A case is built when it is first asked for."""
    print(version, flush=True)
    running = {}
    for line in sys.stdin:
        name, seconds = line.split()
        if name not in running:
            running[name] = make(next(case for case in CASES if case.name == name))
            running[name](3)
        run = running[name]
        begin = time.perf_counter()
        run(1)
        steps = max(1, int(1e-3 / max(time.perf_counter() - begin, 1e-7)))
        samples = []
        end = time.perf_counter() + float(seconds)
        while len(samples) < 5 or time.perf_counter() < end:
            begin = time.perf_counter()
            run(steps)
            samples.append(1e6 * (time.perf_counter() - begin) / steps)
        print(json.dumps(statistics.median(samples)), flush=True)
