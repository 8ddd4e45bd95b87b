// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// How long it takes to go once through the memory that a step must touch: arrays of one size, of which some are only read, some updated in place, some
/// only written. Prints the microseconds of the fastest pass, with stores through the caches or past them, and GB/s.
///
/// usage: benchmark-bandwidth THREADS MEBIBYTES READ UPDATE WRITE      (the size of an array, then how many)
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

typedef float Vector __attribute__((vector_size(64)));

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void store(Vector *to, Vector value, bool past) {
#if defined(__x86_64__)
  if (past) {
    for (int part = 0; part < 4; ++part)
      _mm_stream_ps(reinterpret_cast<float *>(to) + 4 * part, reinterpret_cast<__m128 *>(&value)[part]);
    return;
  }
#endif
  *to = value;
}

struct Arrays {
  std::vector<std::vector<Vector>> read, update, write;

  /// Goes through the part of a thread, in all arrays at once. The result is there so that no read can be left out.
  float pass(int thread, int threads, size_t size, bool past) {
    Vector sum = {};
    for (size_t i = size * thread / threads; i < size * (thread + 1) / threads; ++i) {
      for (std::vector<Vector> &array : read)
        sum += array[i];
      for (std::vector<Vector> &array : update)
        array[i] = array[i] * 0.5f + 1.0f;
      for (std::vector<Vector> &array : write)
        store(&array[i], sum, past);
    }
    return sum[0];
  }
};

/// Seconds of the fastest pass in half a second, and of at least five.
double measure(Arrays &arrays, int threads, size_t size, bool past) {
  std::barrier turn(threads);
  double best = 1e9;
  bool more = true;
  auto work = [&](int thread) {
    double begin = now();
    for (int passes = 0; more; ++passes) {
      turn.arrive_and_wait();
      double start = now();
      [[maybe_unused]] volatile float sum = arrays.pass(thread, threads, size, past);
      turn.arrive_and_wait();
      if (thread == 0) {
        best = std::min(best, now() - start);
        more = passes < 5 || now() - begin < 0.5;
      }
      turn.arrive_and_wait();
    }
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back(work, thread);
  work(0);
  return best;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 6)
    return std::fprintf(stderr, "usage: benchmark-bandwidth THREADS MEBIBYTES READ UPDATE WRITE\n"), 1;
  const int threads = std::max(1, std::atoi(argv[1]));
  const size_t size = std::atof(argv[2]) * (1 << 20) / sizeof(Vector);
  const std::vector<Vector> array(size);
  Arrays arrays;
  arrays.read.assign(std::atoi(argv[3]), array);
  arrays.update.assign(std::atoi(argv[4]), array);
  arrays.write.assign(std::atoi(argv[5]), array);
  double seconds = std::min(measure(arrays, threads, size, false), measure(arrays, threads, size, true));
  double moved = sizeof(Vector) * size * (arrays.read.size() + 2.0 * arrays.update.size() + arrays.write.size());
  std::printf("pass %.1f us  %.1f GB/s\n", 1e6 * seconds, 1e-9 * moved / seconds);
}
