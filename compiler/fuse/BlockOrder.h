// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The order of the ops of a block, where passes have written some of them in front of what they use.
#ifndef COSTATE_COMPILER_FUSE_BLOCK_ORDER_H
#define COSTATE_COMPILER_FUSE_BLOCK_ORDER_H

#include "mlir/IR/Block.h"

namespace costate::fuse {

/// Puts each op behind those whose values it uses, close to the present order. Ops with effects keep theirs.
void sortByValues(mlir::Block &block);

/// Bytes of an array that caches do not hold.
inline constexpr int64_t kLarge = 4 << 20;

/// Moves calls of kernels up behind one that reads or makes an array of `kLarge` bytes or more which they read too, if nothing that they need comes
/// between: an array is gone through in one go then (InterleaveCalls).
void joinReaders(mlir::Block &block);

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_BLOCK_ORDER_H
