// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wrong rules, planted in what the compiler is given, to see that random programs find them.

#ifndef COSTATE_TESTS_RANDOM_PLANTS_H
#define COSTATE_TESTS_RANDOM_PLANTS_H

#include "mlir/IR/BuiltinOps.h"

#include <functional>
#include <string>
#include <vector>

namespace costate::random {

struct Plant {
  /// What is wrong, as "the derivative of sine is sine".
  std::string name;
  /// Changes a module before it is compiled.
  std::function<void(mlir::ModuleOp)> apply;
};

/// Wrong values, and wrong derivatives behind right values (by functions with a rule of their own).
std::vector<Plant> allPlants();

} // namespace costate::random

#endif
