// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// How long it takes to go once through the memory that a step must touch. Prints microseconds and GB/s.
///
/// usage: benchmark-bandwidth THREADS MEBIBYTES READ UPDATE WRITE      (the size of an array, then how many)
#include "costate/tools/costate/Walls.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  if (argc != 6)
    return std::fprintf(stderr, "usage: benchmark-bandwidth THREADS MEBIBYTES READ UPDATE WRITE\n"), 1;
  const double bytes = std::atof(argv[2]) * (1 << 20);
  const costate::tool::Streams streams{std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5])};
  double rate = costate::tool::streamBandwidth(std::max(1, std::atoi(argv[1])), bytes, streams, 0.5);
  double moved = bytes * (streams.read + 2 * streams.update + streams.write);
  std::printf("pass %.1f us  %.1f GB/s\n", moved / rate * 1e-3, rate);
}
