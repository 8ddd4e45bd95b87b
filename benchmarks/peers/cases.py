# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured: steps of small models, updates of parameters whose gradient is given, losses with their gradients. The model that Costate compiles is
models/NAME.costate, or made here; a peer builds the same from the numbers here."""
import json
import math
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MODELS = Path(__file__).parent / "models"


@dataclass
class Case:
    name: str

    entry = "train_step"
    peers = ("jax",)
    processes = 5  # of each program: how fast memory is depends on the pages that a process gets
    batch = None
    multiply_adds = 0
    streams = (0, 0, 0, 0)  # what must be touched: the MiB of an array, and how many are read, updated in place and written
    output_bytes = 0  # of results that a peer allocates and Costate is given

    def model(self):
        return (MODELS / f"{self.name}.costate").read_text()


@dataclass(kw_only=True)
class Step(Case):
    """A training step of an MLP of these sizes, or of a convolutional net on square images: conv 1-16, pool, conv 16-32, pool, dense."""

    batch: int
    optimizer: str
    rate: float
    sizes: tuple = ()
    side: int = 0

    peers = ("jax", "torch.compile")

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

    def data(self):
        random = np.random.default_rng(0)
        shape = (self.batch, self.sizes[0]) if self.sizes else (self.batch, self.side, self.side, 1)
        x = random.standard_normal(shape, np.float32)
        labels = (np.arange(self.batch) % 2).astype(np.int32)
        return x, random.standard_normal((self.batch, 1), np.float32) if self.optimizer == "sgd" else labels


@dataclass(kw_only=True)
class Update(Case):
    """The update of parameters in place; the gradient lies in memory, as large as they are. Moments are m and v of Adam, all numbers those of `rates`."""

    optimizer: str
    leaves: list  # shapes, outputs in the last axis
    peers: tuple
    processes: int = 5

    rates = dict(lr=1e-3, weight_decay=1e-2)

    @property
    def streams(self):
        return sum(map(math.prod, self.leaves)) * 4 / 2**20, 1, 3, 0

    def model(self):
        params = "".join(f"  param p{i} : f32{list(shape)} = normal(std=0.1)\n" for i, shape in enumerate(self.leaves))
        rule = f"{self.optimizer}({', '.join(f'{name}={rate}' for name, rate in self.rates.items())})"
        return f"model {self.name} {{\n{params}  state g = params\n  step {{ update params with {rule} from g }}\n}}\n"

    def data(self):
        random = np.random.default_rng(0)
        return [np.float32(0.1) * random.standard_normal(shape, np.float32) for shape in self.leaves]


@dataclass(kw_only=True)
class Loss(Case):
    """A loss and its gradients, of arrays with these shapes and, if there is a batch, of labels below `classes`."""

    arrays: dict
    batch: int = None
    classes: int = 0
    multiply_adds: int = 0

    entry = "predict"

    @property
    def output_bytes(self):
        return 4 * sum(map(math.prod, self.arrays.values()))

    @property
    def streams(self):
        return self.output_bytes / 2**20, 1, 0, 1

    def data(self):
        random = np.random.default_rng(0)
        arrays = [random.standard_normal(shape, np.float32) for shape in self.arrays.values()]
        if "w" in self.arrays:
            arrays[1] *= np.float32(sum(self.arrays["w"]) / 2) ** -0.5  # as the model: other weights make probabilities that are no normal numbers
        return arrays + ([random.integers(0, self.classes, self.batch).astype(np.int32)] if self.batch else [])


def resnet_50():
    """The shapes of its 161 parameters: kernels [height, width, in, out], gain and bias of each norm, the last layer."""
    shapes, channels = [(7, 7, 3, 64), (64,), (64,)], 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            convolutions = [(1, channels, width), (3, width, width), (1, width, 4 * width)]
            convolutions += [(1, channels, 4 * width)] if block == 0 else []
            for size, n, m in convolutions:
                shapes += [(size, size, n, m), (m,), (m,)]
            channels = 4 * width
    return shapes + [(channels, 1000), (1000,)]


CASES = [
    Step("mlp_8_32_1", batch=1, optimizer="sgd", rate=1e-2, sizes=(8, 32, 1)),
    Step("mlp_784_128_10", batch=32, optimizer="adam", rate=1e-3, sizes=(784, 128, 10)),
    Step("mlp_784_256_10", batch=128, optimizer="adamw", rate=1e-3, sizes=(784, 256, 10)),
    Step("mlp_256_1024_1024_256", batch=256, optimizer="adamw", rate=1e-3, sizes=(256, 1024, 1024, 256)),
    Step("conv_8x8", batch=32, optimizer="adam", rate=1e-3, side=8),
    Step("conv_28x28", batch=64, optimizer="adam", rate=1e-3, side=28),
    Update("adamw_64Mi", optimizer="adamw", leaves=[(64 * 2**20,)], peers=("jax", "torch"), processes=10),
    Update("adamw_3000_tensors", optimizer="adamw", leaves=[(3500,)] * 3000, peers=("jax", "torch"), processes=3),
    Update("lamb_resnet_50", optimizer="lamb", leaves=resnet_50(), peers=("jax", "torch", "torch.compile"), processes=3),
    Update("adamp_resnet_50", optimizer="adamp", leaves=resnet_50(), peers=("torch", "torch.compile"), processes=3),
    Loss("softmax_cross_entropy", batch=4096, arrays={"x": (4096, 1000)}, classes=1000),
    Loss("linear_cross_entropy", batch=2048, arrays={"x": (2048, 256), "w": (256, 32000)}, classes=32000, multiply_adds=3 * 2048 * 256 * 32000),
    Loss("info_nce", arrays={"a": (4096, 256), "b": (4096, 256)}, multiply_adds=3 * 4096 * 4096 * 256),
]


def resident_bytes(key):
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith(key))


def answer(make):
    """The program of a peer, NAME SECONDS [VARIANT]: the median microseconds of a call of what `make` gives, and the memory that calls need at most beside
    what the process held before the first and the results. `make` gives two functions: one compiles, one makes so many calls."""
    name, seconds, *variant = sys.argv[1:]
    case = next(case for case in CASES if case.name == name)
    prepare, run = make(case, *variant)
    begin = time.perf_counter()
    prepare()
    compiled = time.perf_counter() - begin
    held = resident_bytes("VmRSS") + case.output_bytes
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM forgets what was before
    run(3)
    begin = time.perf_counter()
    run(1)
    calls = max(1, int(1e-3 / max(time.perf_counter() - begin, 1e-7)))
    samples = []
    end = time.perf_counter() + float(seconds)
    while len(samples) < 5 or time.perf_counter() < end:
        begin = time.perf_counter()
        run(calls)
        samples.append(1e6 * (time.perf_counter() - begin) / calls)
    extra = max(0, resident_bytes("VmHWM") - held)
    print(json.dumps({"us": statistics.median(samples), "compile_s": compiled, "extra_bytes": extra}))
