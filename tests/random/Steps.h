// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of random programs, a group of ops a function.

#ifndef COSTATE_TESTS_RANDOM_STEPS_H
#define COSTATE_TESTS_RANDOM_STEPS_H

#include "costate/tests/random/Draft.h"

namespace costate::random {

/// Each step adds one or a few ops of the graph dialect and keeps their values, or does nothing if it finds no operands.
class Steps : public Draft {
public:
  using Draft::Draft;

protected:
  /// Any of the steps.
  void step();

private:
  void smooth();
  void arithmetic();
  /// Functions with jumps or kinks.
  void jumps();
  void logic();
  void reduce();
  void contract();
  void convolve();
  void layout();
  void index();
  void sorting();
  void draw();
  /// Leaves of an arena; a positive definite matrix and a system with its factor; a matrix and its other factors.
  void factor();

  std::optional<Entry> findInteger(bool wantBool);
};

} // namespace costate::random

#endif
