// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/Walls.h"

#include "costate/runtime/Memory.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace costate::tool {

double threadSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// As many chains as hide the latency of a multiply-add.
template <typename Vector, int chains> __attribute__((always_inline)) inline double measureChains() {
  volatile float keep = 1e-9f; // neither known nor without effect
  Vector sums[chains] = {}, a = {keep}, b = {keep};
  double best = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    double start = threadSeconds();
    constexpr int steps = 1000000;
    for (int step = 0; step < steps; ++step) {
#pragma GCC unroll 24
      for (int chain = 0; chain < chains; ++chain)
        sums[chain] = sums[chain] * a + b;
    }
    best = std::max(best, 2.0 * sizeof(Vector) / sizeof(float) * chains * steps / (threadSeconds() - start) * 1e-9);
  }
  for (Vector &sum : sums)
    keep = keep + sum[0];
  return best;
}

typedef float Vector256 __attribute__((vector_size(32)));
typedef float Vector512 __attribute__((vector_size(64)));
__attribute__((target("avx2,fma"), noinline)) double measurePeak256() { return measureChains<Vector256, 12>(); }
__attribute__((target("avx512f"), noinline)) double measurePeak512() { return measureChains<Vector512, 24>(); }

typedef float Vector __attribute__((vector_size(64)));

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

/// In memory as models have it.
class Array {
public:
  explicit Array(size_t size) : memory(size * sizeof(Vector)) {}
  Vector &operator[](size_t i) const { return reinterpret_cast<Vector *>(memory.data())[i]; }

private:
  runtime::Buffer memory;
};

struct Arrays {
  std::vector<Array> read, update, write;

  /// Goes through the part of a thread, in all arrays at once. The result is there so that no read can be left out.
  float pass(int thread, int threads, size_t size, bool past) {
    Vector sum = {};
    for (size_t i = size * thread / threads; i < size * (thread + 1) / threads; ++i) {
      for (const Array &array : read)
        sum += array[i];
      for (const Array &array : update)
        array[i] = array[i] * 0.5f + 1.0f;
      for (const Array &array : write)
        store(&array[i], sum, past);
    }
    return sum[0];
  }
};

/// Seconds of the fastest pass in a while, and of at least five.
double measure(Arrays &arrays, int threads, size_t size, bool past, double seconds) {
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
        more = passes < 5 || now() - begin < seconds;
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

double multiplyAddPeak() { return __builtin_cpu_supports("avx512f") ? measurePeak512() : measurePeak256(); }

double streamBandwidth(int threads, int64_t bytes, Streams streams, double seconds) {
  const size_t size = std::max<int64_t>(bytes / int64_t(sizeof(Vector)), 16);
  auto make = [&](std::vector<Array> &arrays, int count) {
    while (count-- > 0)
      arrays.emplace_back(size);
  };
  Arrays arrays;
  make(arrays.read, streams.read);
  make(arrays.update, streams.update);
  make(arrays.write, streams.write);
  double fastest = std::min(measure(arrays, threads, size, false, seconds), measure(arrays, threads, size, true, seconds));
  return double(sizeof(Vector) * size) * (streams.read + 2 * streams.update + streams.write) / fastest * 1e-9;
}

} // namespace costate::tool
