// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of the oracle for ops of plugins: see Interpretable.td.

#ifndef COSTATE_TESTS_ORACLE_INTERPRETABLE_H
#define COSTATE_TESTS_ORACLE_INTERPRETABLE_H

#include "costate/tests/oracle/Algebra.h"

#include "mlir/IR/OpDefinition.h"

#include "costate/tests/oracle/Interpretable.h.inc"

#endif
