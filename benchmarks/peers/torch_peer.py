# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases in PyTorch; see `answer` in cases.py. The variant `compile` is what torch.compile makes of a case, with fused optimizers in steps."""
import torch
from torch import nn
from torch.nn import functional

from cases import Step, answer

torch.set_num_threads(2)


def make_step(case):
    torch.manual_seed(0)
    if case.sizes:
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
    x, y = (torch.from_numpy(array) for array in case.data())
    if not case.sizes:
        x = x.permute(0, 3, 1, 2).contiguous()
    y = y if case.optimizer == "sgd" else y.long()
    measure = nn.MSELoss() if case.optimizer == "sgd" else nn.CrossEntropyLoss()

    @torch.compile
    def loss(x, y):
        return measure(model(x), y)

    def step():
        rule.zero_grad(set_to_none=True)
        loss(x, y).backward()
        rule.step()

    return step


def lamb(params, grads, ms, vs, c1, c2, lr, weight_decay, beta1=0.9, beta2=0.999, eps=1e-6):
    """One operation at a time over all tensors, as optimizers of PyTorch with foreach=True. c1 and c2 correct the moments."""
    torch._foreach_lerp_(ms, grads, 1 - beta1)
    torch._foreach_mul_(vs, beta2)
    torch._foreach_addcmul_(vs, grads, grads, 1 - beta2)
    roots = torch._foreach_div(vs, c2)
    torch._foreach_sqrt_(roots)
    torch._foreach_add_(roots, eps)
    steps = torch._foreach_div(ms, c1)
    torch._foreach_div_(steps, roots)
    torch._foreach_add_(steps, params, alpha=weight_decay)
    size, length = (torch.stack(torch._foreach_norm(tensors)) for tensors in (params, steps))
    ratio = torch.where((size > 0) & (length > 0), size / length, 1.0)
    torch._foreach_mul_(steps, list((-lr * ratio).unbind()))
    torch._foreach_add_(params, steps)


VIEWS = lambda x: x.reshape(x.shape[0], -1), lambda x: x.reshape(1, -1)  # outputs stand in the first axis


def project(p, grad, step, delta, wd_ratio, eps):
    """The reference implementation of AdamP: the first view whose gradient is nearly orthogonal decides, and no other is evaluated."""
    for view in VIEWS:
        if functional.cosine_similarity(view(grad), view(p), dim=1, eps=eps).abs_().max() < delta / view(p).shape[1] ** 0.5:
            unit = view(p) / view(p).norm(dim=1, keepdim=True).add_(eps)
            return step - (unit * (unit * view(step)).sum(dim=1, keepdim=True)).view_as(p), wd_ratio
    return step, 1.0


def project_without_branches(p, grad, step, delta, wd_ratio, eps):
    """The same for a compiler, which cannot go through a branch that hangs on data."""
    result, decay = step, torch.ones(())
    for view in reversed(VIEWS):
        near = functional.cosine_similarity(view(grad), view(p), dim=1, eps=eps).abs().max() < delta / view(p).shape[1] ** 0.5
        unit = view(p) / (view(p).norm(dim=1, keepdim=True) + eps)
        along = (unit * (unit * view(step)).sum(dim=1, keepdim=True)).view_as(p)
        result = torch.where(near, step - along, result)
        decay = torch.where(near, wd_ratio, decay)
    return result, decay


def adamp(params, grads, ms, vs, c1, c2, lr, weight_decay, beta1=0.9, beta2=0.999, eps=1e-8, delta=0.1, wd_ratio=0.1, project=project):
    for p, grad, m, v in zip(params, grads, ms, vs):
        m.lerp_(grad, 1 - beta1)
        v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        step, decay = m / ((v / c2).sqrt_().add_(eps)), 1.0
        if p.ndim > 1:
            step, decay = project(p, grad, step, delta, wd_ratio, eps)
        p.mul_(1 - lr * weight_decay * decay).sub_(step * (lr / c1))


def compiled_adamp(*args, **rates):
    return adamp(*args, **rates, project=project_without_branches)


def make_update(case, compiled):
    params = [torch.from_numpy(leaf).movedim(-1, 0).contiguous() for leaf in case.data()]
    grads = [p.clone() for p in params]
    if case.optimizer == "adamw":
        for p, grad in zip(params, grads):
            p.grad = grad
        return torch.optim.AdamW(params, **case.rates, fused=True).step
    ms, vs = ([torch.zeros_like(p) for p in params] for _ in range(2))
    rule = {"lamb": lamb, "adamp": compiled_adamp if compiled else adamp}[case.optimizer]
    rule = torch.compile(rule, fullgraph=True, dynamic=False) if compiled else rule
    count = 0

    @torch.no_grad()
    def step():
        nonlocal count
        count += 1
        rule(params, grads, ms, vs, *(torch.tensor(1 - beta**count) for beta in (0.9, 0.999)), **case.rates)

    return step


def make(case, variant=""):
    step = make_step(case) if isinstance(case, Step) else make_update(case, variant == "compile")

    def run(steps):
        for _ in range(steps):
            step()

    return step, run  # the first call compiles


answer(make)
