// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tape against finite differences, which share nothing with it.

#ifndef COSTATE_TESTS_ORACLE_GRADIENTS_H
#define COSTATE_TESTS_ORACLE_GRADIENTS_H

#include "costate/tests/oracle/Tape.h"

namespace costate::oracle {

/// A computation on nodes; failure after an error.
using Computation = llvm::function_ref<llvm::FailureOr<Nodes>(const Nodes &)>;

struct GradientReport {
  /// What is wrong; empty if nothing.
  std::string error;
  /// Per input, whether some derivative by one of its elements is not zero.
  std::vector<bool> isNonzero;
};

/// Compares derivatives of `f` at `inputs` by all reals. Reverse: the gradient of <u, f(x)> for a random u, against differences of fourth order
/// with step 1e-3 * max(1, |x|), within `tolerance` relative to the largest element. Forward: <u, Jv> = <J'u, v> for a random v, within 1e-9.
/// `f` must be smooth within two steps of the inputs; elements whose differences are not finite are left out.
GradientReport checkGradient(Computation f, llvm::ArrayRef<Array> inputs, double tolerance = 1e-7);

} // namespace costate::oracle

#endif
