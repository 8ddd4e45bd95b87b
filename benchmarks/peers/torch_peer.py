# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases in PyTorch, compiled by torch.compile; as jax_peer.py."""
import torch
from torch import nn

from cases import data_of, serve

torch.set_num_threads(2)


def make(case):
    torch.manual_seed(0)
    if case.kind == "mlp":
        layers = []
        for n, m in zip(case.sizes, case.sizes[1:]):
            layers += [nn.Linear(n, m), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
    else:
        model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                              nn.Flatten(), nn.Linear(case.flat, 10))
    parameters = model.parameters()
    rule = {
        "sgd": lambda: torch.optim.SGD(parameters, lr=case.rate, fused=True),
        "adam": lambda: torch.optim.Adam(parameters, lr=case.rate, fused=True),
        "adamw": lambda: torch.optim.AdamW(parameters, lr=case.rate, weight_decay=1e-2, fused=True),
    }[case.optimizer]()
    x, y = (torch.from_numpy(array) for array in data_of(case))
    if case.kind == "conv":
        x = x.permute(0, 3, 1, 2).contiguous()
    y = y if case.optimizer == "sgd" else y.long()
    measure = nn.MSELoss() if case.optimizer == "sgd" else nn.CrossEntropyLoss()

    @torch.compile
    def loss(x, y):
        return measure(model(x), y)

    def run(steps):
        for _ in range(steps):
            rule.zero_grad(set_to_none=True)
            loss(x, y).backward()
            rule.step()

    return run


serve(make, f"torch {torch.__version__}")
