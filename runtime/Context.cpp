// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Context.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#if defined(__linux__)
#include <sched.h>
#endif

using namespace costate::runtime;

void ErrorSlot::record(int32_t code, std::string_view message) noexcept {
  if (taken.exchange(true, std::memory_order_relaxed))
    return;
  size_t size = std::min(message.size(), sizeof words - 1);
  std::memcpy(words, message.data(), size);
  words[size] = 0;
  failure = code;
}

/// CPUs that this process may run on: fewer than the machine has, under taskset or in a container.
static int32_t usableCpus() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
#endif
  return std::max<int32_t>(1, static_cast<int32_t>(std::thread::hardware_concurrency()));
}

// ==== costate.h: contexts ===========================================================================================================

int32_t costate_context_create(int32_t threads, costate_context **out) {
  *out = nullptr;
  if (threads < 0 || threads > 1024)
    return COSTATE_INVALID_ARGUMENT;
  try {
    *out = new costate_context(threads == 0 ? std::min(usableCpus(), 1024) : threads);
    return COSTATE_OK;
  } catch (const std::exception &) { // no memory, or no thread to be had
    return COSTATE_OUT_OF_MEMORY;
  }
}

void costate_context_destroy(costate_context *context) { delete context; }

int32_t costate_context_threads(const costate_context *context) { return context->pool.threads(); }

const char *costate_context_last_error(const costate_context *context) { return context->error.message(); }

int32_t costate_context_last_code(const costate_context *context) { return context->error.code(); }

int32_t costate_fail(costate_context *context, int32_t code, const char *message) {
  context->error.record(code, message);
  return code;
}

int32_t costate_parallel_for(costate_context *context, costate_body_fn body, int64_t count, void *closure) {
  auto item = [=](int64_t index) { return body(context, index, closure); };
  return context->pool.run(
      count, [](void *data, int64_t index) { return (*static_cast<decltype(item) *>(data))(index); }, &item);
}

const char *costate_code_name(int32_t code) {
  switch (code) {
  case COSTATE_OK: return "ok";
  case COSTATE_INVALID_ARGUMENT: return "invalid argument";
  case COSTATE_NOT_FOUND: return "not found";
  case COSTATE_IO: return "input or output error";
  case COSTATE_NON_FINITE: return "non-finite loss";
  case COSTATE_UNIMPLEMENTED: return "unimplemented";
  case COSTATE_INTERNAL: return "internal error";
  case COSTATE_OUT_OF_MEMORY: return "out of memory";
  case COSTATE_INTERRUPTED: return "interrupted";
  }
  return "unknown code";
}

const char *costate_version(void) { return COSTATE_VERSION; }

uint64_t costate_cpu_isa(void) {
  uint64_t isa = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  auto add = [&](bool has, uint64_t bit) { isa |= has ? bit : 0; };
  add(__builtin_cpu_supports("sse4.1"), COSTATE_ISA_SSE41);
  add(__builtin_cpu_supports("avx"), COSTATE_ISA_AVX);
  add(__builtin_cpu_supports("f16c"), COSTATE_ISA_F16C);
  add(__builtin_cpu_supports("fma"), COSTATE_ISA_FMA);
  add(__builtin_cpu_supports("avx2"), COSTATE_ISA_AVX2);
  add(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vl") &&
          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"),
      COSTATE_ISA_AVX512);
  add(__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni"), COSTATE_ISA_AVX512_BF16_VNNI);
#endif
  return isa;
}
