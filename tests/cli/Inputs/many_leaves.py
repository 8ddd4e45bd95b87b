# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes a model of N equal layers with leaves of rank 2, 1 and 0, an optimizer of its own, two groups, a frozen layer and tied weights; and data
# for it.  usage: many_leaves.py N MODEL.costate DATA.npz [residual]
import sys

import numpy as np

MODEL = """
optimizer signed(lr, beta1=0.9, beta2=0.99, weight_decay=0) {
  state m = zeros_like(param)
  param <- param - lr*(sign(beta1*m + (1 - beta1)*grad) + weight_decay*param)
  m     <- beta2*m + (1 - beta2)*grad
}
net layer(n)(x : f32[.., n]) -> f32[.., n] {
  param w : f32[n, n] = normal(std=0.5)
  param b : f32[n]    = zeros()
  param s : f32[]     = ones()
  %ss*tanh(x @ w + b)
}
net tower(depth)(x) {
  net layers = [layer(4) for i in 0..depth]
  h = x
  each layer in layers { h <- layer(h) }
  h
}
model deep {
  input  x : f32[batch, 4]
  target y : f32[batch]
  net f = tower(%s)
  group gains = "*.s"
  freeze "f.layers.0.*"
  tie "f.layers.2.w" to "f.layers.1.w"
  loss = mse(sum(f(x), axis=-1), y)
  step { update f with signed(lr=1e-3, weight_decay=1e-2), gains(weight_decay=0) from grad(loss, f) }
}
"""

with open(sys.argv[2], "w") as file:
    file.write(MODEL % ("x + " if "residual" in sys.argv else "", int(sys.argv[1])))
random = np.random.default_rng(0)
np.savez(sys.argv[3], x_train=random.normal(size=(64, 4)).astype("f"), y_train=random.normal(size=64).astype("f"))
