# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The lit suite of tests/**/*.{mlir,test,costate}; values of this build come from lit.site.cfg.py, which includes this file.
import os

import lit.formats

config.name = "costate"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".costate"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)

# Programs are found by name: those of this build first, then FileCheck, not, split-file and the like.
config.environment["PATH"] = os.pathsep.join([config.costate_bin, config.llvm_bin, os.environ["PATH"]])

config.substitutions.append(("%source", config.costate_source))  # the root of the tree
config.substitutions.append(("%build", config.costate_build))  # the root of this build
for program in ("cmake", "cxx", "cc", "lit", "python"):
    config.substitutions.append((f"%{program}", getattr(config, program)))
