# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The metrics of split-metrics.costate over its test data from the scores of `costate run`, by their definitions, beside what `costate train` says."""
import json
import sys

import numpy as np

folder, data = sys.argv[1:]
score, y = np.load(f"{folder}/scores.npy")[:, 0], np.load(data)["y_test"]
pairs = score[y == 1][:, None] - score[y == 0][None, :]
wanted = {"auc": np.mean((pairs > 0) + 0.5 * (pairs == 0)), "above": np.sum(score > 0.5 + 0.25 * 0.5)}
one, many = (json.loads(open(f"{folder}/{name}.txt").read().splitlines()[-1]) for name in ("one", "many"))
print(*[abs(one["test_" + name] - wanted[name]) < 1e-6 for name in wanted], all(one["test_" + name] == many["test_" + name] for name in wanted))
