// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Arguments and results of kernels in tests: scalars and arrays whose elements are attributes, so that a comparison is one of bits.
#ifndef COSTATE_TESTS_SCHEDULES_KERNEL_VALUE_H
#define COSTATE_TESTS_SCHEDULES_KERNEL_VALUE_H

#include "costate/dialects/kernel/Kernel.h"

#include <random>
#include <vector>

namespace costate::tests {

/// A scalar (rank 0 and no buffer) or a dense row-major array.
struct KernelValue {
  mlir::Type type;             ///< of an element; index for an extent
  std::vector<int64_t> shape;  ///< extents
  std::vector<mlir::TypedAttr> elements;

  size_t offset(llvm::ArrayRef<int64_t> index) const; ///< of an element; the index must lie inside
};

/// Zeros.
KernelValue makeArray(mlir::Type type, llvm::ArrayRef<int64_t> shape);
KernelValue makeIndex(mlir::MLIRContext &context, int64_t value);
KernelValue makeFloat(mlir::MLIRContext &context, double value);

/// Random elements. Floats: normal, of which one in eight is a special value (zeros, infinities, NaN, denormals) if `special`.
/// Integers lie in [0, limit).
KernelValue makeRandomArray(mlir::Type type, llvm::ArrayRef<int64_t> shape, std::mt19937 &random, bool special = false, int64_t limit = 8);

/// Equal bits, where one NaN equals another.
bool areSame(mlir::Attribute a, mlir::Attribute b);

} // namespace costate::tests

#endif // COSTATE_TESTS_SCHEDULES_KERNEL_VALUE_H
