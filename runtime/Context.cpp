// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Context.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <system_error>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
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
  costate_context_options options{};
  options.threads = threads;
  return costate_context_create_with(&options, out);
}

int32_t costate_context_create_with(const costate_context_options *options, costate_context **out) {
  *out = nullptr;
  int32_t threads = options->threads;
  if (threads < 0 || threads > 1024 || !options->allocate != !options->release)
    return COSTATE_INVALID_ARGUMENT;
  try {
    *out = new costate_context(threads == 0 ? std::min(usableCpus(), 1024) : threads, {options->allocate, options->release, options->memory},
                               {options->parallel_for, options->pool});
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
  context->error.record(code, message ? message : "");
  return code;
}

int32_t costate_fail_extent(costate_context *context, const char *requirement, int64_t got) {
  return guarded(context, [&] { return costate::runtime::invalidArgument(requirement, ", but got ", got); });
}

int32_t costate_fail_extern(costate_context *context, const char *who, int32_t code) {
  char message[1024]; // as the slot has it, which is cleared
  std::snprintf(message, sizeof message, "%s", context->error.message());
  return guarded(context, [&] {
    using costate::runtime::Status;
    bool isCode = code > COSTATE_OK && code <= COSTATE_INTERRUPTED;
    return Status(isCode ? costate_code(code) : COSTATE_INVALID_ARGUMENT,
                  message[0] ? costate::runtime::text(who, ": ", message) : costate::runtime::text(who, " returned ", code));
  });
}

int32_t costate_parallel_for(costate_context *context, costate_body_fn body, int64_t count, void *closure) {
  auto item = [=](int64_t index) { return body(context, index, closure); };
  return context->pool.run(
      count, [](void *data, int64_t index) { return (*static_cast<decltype(item) *>(data))(index); }, &item);
}

static int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void costate_context_trace(costate_context *context, costate_trace_event *events, int64_t capacity) {
  context->trace = {events, events ? capacity : 0, 0, 0};
}

int64_t costate_context_trace_count(const costate_context *context) { return context->trace.count; }

int32_t costate_trace_begin(costate_context *context, int64_t) {
  if (context->trace.events)
    context->trace.begin = nanoseconds();
  return COSTATE_OK;
}

int32_t costate_trace_end(costate_context *context, int64_t call) {
  costate::runtime::Trace &trace = context->trace;
  if (!trace.events)
    return COSTATE_OK;
  if (trace.count < trace.capacity)
    trace.events[trace.count] = {call, trace.begin, nanoseconds()};
  ++trace.count;
  return COSTATE_OK;
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
  case COSTATE_REQUIREMENT: return "requirement not met";
  }
  return "unknown code";
}

const char *costate_version(void) { return COSTATE_VERSION; }

// Asked of the CPU itself: the compiler's __builtin_cpu_supports lives in a static library that a shared one cannot always link.
uint64_t costate_cpu_isa(void) {
  uint64_t isa = 0;
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  auto add = [&](bool has, uint64_t bit) { isa |= has ? bit : 0; };
  auto bit = [](unsigned word, int position) { return (word >> position & 1) != 0; };
  __get_cpuid(1, &a, &b, &c, &d);
  unsigned saved = 0; // register files that the operating system keeps
  if (bit(c, 27))
    asm("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
  bool avx = (saved & 0x6) == 0x6 && bit(c, 28), avx512 = avx && (saved & 0xe0) == 0xe0;
  add(bit(c, 19), COSTATE_ISA_SSE41);
  add(avx, COSTATE_ISA_AVX);
  add(avx && bit(c, 29), COSTATE_ISA_F16C);
  add(avx && bit(c, 12), COSTATE_ISA_FMA);
  a = b = c = d = 0;
  __get_cpuid_count(7, 0, &a, &b, &c, &d);
  add(avx && bit(b, 5), COSTATE_ISA_AVX2);
  avx512 = avx512 && bit(b, 16) && bit(b, 28) && bit(b, 31) && bit(b, 17) && bit(b, 30); // F, CD, VL, DQ, BW
  add(avx512, COSTATE_ISA_AVX512);
  bool vnni = bit(c, 11);
  a = b = c = d = 0;
  __get_cpuid_count(7, 1, &a, &b, &c, &d);
  add(avx512 && vnni && bit(a, 5), COSTATE_ISA_AVX512_BF16_VNNI);
#endif
  return isa;
}
