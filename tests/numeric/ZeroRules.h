// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops without their rules, to see that the tests of an op fail without them.

#ifndef COSTATE_TESTS_NUMERIC_ZERO_RULES_H
#define COSTATE_TESTS_NUMERIC_ZERO_RULES_H

#include "costate/tests/numeric/Executors.h"

namespace costate::numeric {

/// What is wrong with an op: its results are zero; its derivatives, backward or forward, are zero, or one everywhere; all its lanes are zero.
enum class Fault { ZeroValue, ZeroVjp, ZeroJvp, OneVjp, OneJvp, ZeroBatch };

/// `executor` as it is when the op `name` ("graph.sine") has the fault. The rules of an op are those of its registration in the module's context; they
/// are put back before the program runs.
Executor withFault(const Executor &executor, llvm::StringRef name, Fault fault);

} // namespace costate::numeric

#endif
