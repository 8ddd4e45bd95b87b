# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data of a linear model without noise: linear_data.py DATA.npz X.npy"""
import sys

import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(16, 3)).astype(np.float32)
np.savez(sys.argv[1], x_train=x, y_train=(x @ [1, -2, 3] + 0.5).astype(np.float32))
np.save(sys.argv[2], rng.normal(size=(5, 3)).astype(np.float32))
