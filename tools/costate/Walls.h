// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What this machine can do at most, measured now: times are compared with it.
#ifndef COSTATE_TOOLS_COSTATE_WALLS_H
#define COSTATE_TOOLS_COSTATE_WALLS_H

#include <cstdint>

namespace costate::tool {

/// Seconds that this thread has run, which other programs do not lengthen.
double threadSeconds();

/// GFLOP/s of one thread in f32: independent multiply-adds on the widest registers. In time of the thread.
double multiplyAddPeak();

/// Arrays that are only read, updated in place, only written.
struct Streams {
  int read, update, write;
};

/// GB/s of going once through such arrays, of so many bytes each, in all of them at once: of the cache that holds them, or of the memory. With stores
/// through the caches or past them, whichever is faster; each is tried for so many seconds.
double streamBandwidth(int threads, int64_t bytes, Streams streams, double seconds);

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_WALLS_H
