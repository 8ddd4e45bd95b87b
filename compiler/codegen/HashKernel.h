// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_COMPILER_CODEGEN_HASH_KERNEL_H
#define COSTATE_COMPILER_CODEGEN_HASH_KERNEL_H

#include "costate/dialects/kernel/Kernel.h"

#include <string>

namespace costate::codegen {

/// 32 hexadecimal digits that depend on what a kernel computes and on its schedule, not on locations, hints or names (of the kernel,
/// its values, its stages, or loops made by splits): kernels of one hash compile to the same code, here and in other processes. Key of
/// deduplication, and with target and version of the cache on disk.
std::string hashKernel(kernel::DefineOp kernel);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_HASH_KERNEL_H
