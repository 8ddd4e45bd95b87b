// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What this machine can do at most, measured now: times are compared with it.
#ifndef COSTATE_TOOLS_COSTATE_WALLS_H
#define COSTATE_TOOLS_COSTATE_WALLS_H

#include "costate/runtime/costate.h"

namespace costate::tool {

/// Seconds that this thread has run, which other programs do not lengthen.
double threadSeconds();

/// GFLOP/s of one thread in f32: independent multiply-adds on the widest registers. In time of the thread.
double multiplyAddPeak();

/// GB/s of a = b + s*c on arrays of so many bytes together, on the threads of the context: of the cache that holds them, or of the memory.
double streamBandwidth(costate_context *context, int64_t bytes);

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_WALLS_H
