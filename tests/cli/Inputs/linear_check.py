# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Are the predictions those of the model behind linear_data.py? linear_check.py X.npy Y.npy"""
import sys

import numpy as np

x, y = np.load(sys.argv[1]), np.load(sys.argv[2])
assert y.shape == (2 * len(x) + 1,), y.shape
np.testing.assert_allclose(y[: len(x)], x @ [1, -2, 3] + 0.5, atol=1e-3)
