// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/Walls.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

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

struct Triad {
  float *a;
  const float *b, *c;
  int64_t begin, end;
};

} // namespace

double multiplyAddPeak() { return __builtin_cpu_supports("avx512f") ? measurePeak512() : measurePeak256(); }

double streamBandwidth(costate_context *context, int64_t bytes) {
  int64_t size = std::max<int64_t>(bytes / (3 * int64_t(sizeof(float))), 1024);
  constexpr int64_t worthThreads = 1 << 16;
  int64_t parts = size > worthThreads ? costate_context_threads(context) : 1, part = (size + parts - 1) / parts;
  std::vector<float> a(size), b(size, 1.0f), c(size, 2.0f);
  std::vector<Triad> tasks;
  for (int64_t i = 0; i < parts; ++i)
    tasks.push_back({a.data(), b.data(), c.data(), i * part, std::min(size, (i + 1) * part)});
  auto run = [](costate_context *, int64_t index, void *closure) -> int32_t {
    auto [a, b, c, begin, end] = static_cast<const Triad *>(closure)[index];
#pragma clang loop vectorize(enable)
    for (int64_t i = begin; i < end; ++i)
      a[i] = b[i] + 0.5f * c[i];
    return COSTATE_OK;
  };
  // Long enough for the clock; the fastest of several.
  int64_t repeats = std::max<int64_t>(1, (1 << 22) / size);
  double best = 1e9;
  for (int sample = 0; sample < 8; ++sample) {
    double start = now();
    for (int64_t i = 0; i < repeats; ++i)
      costate_parallel_for(context, run, parts, tasks.data());
    best = std::min(best, (now() - start) / repeats);
  }
  return 3.0 * sizeof(float) * size / best * 1e-9;
}

} // namespace costate::tool
