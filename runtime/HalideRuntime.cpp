// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that CPU kernels compiled by Halide (no_runtime, user_context) call, in place of Halide's own runtime: loops go to the
// context's pool, memory comes from its scratch, errors to its message. With no_asserts only halide_do_par_for, halide_malloc, halide_free and
// costate_store_row are referenced; the halide_error functions serve kernels compiled with assertions, for tests of schedules.
#include "costate/runtime/Context.h"

#include <HalideRuntime.h>
#include <algorithm>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

using namespace costate::runtime;

static costate_context *contextOf(void *userContext) { return static_cast<costate_context *>(userContext); }

/// Records the message and returns the code of costate.h, which the kernel hands on to its caller.
template <typename... Parts>
static int fail(void *userContext, const Parts &...parts) noexcept {
  if (userContext) {
    try {
      contextOf(userContext)->error.record(COSTATE_INTERNAL, text("kernel: ", parts...));
    } catch (const std::bad_alloc &) {
      contextOf(userContext)->error.record(COSTATE_OUT_OF_MEMORY, "out of memory");
      return COSTATE_OUT_OF_MEMORY;
    }
  }
  return COSTATE_INTERNAL;
}

extern "C" {

int halide_do_par_for(void *userContext, halide_task_t task, int min, int size, uint8_t *closure) {
  struct Loop {
    void *userContext;
    halide_task_t task;
    int min;
    uint8_t *closure;
  } loop{userContext, task, min, closure};
  auto item = [](void *data, int64_t index) -> int32_t {
    Loop &loop = *static_cast<Loop *>(data);
    return loop.task(loop.userContext, loop.min + static_cast<int>(index), loop.closure);
  };
  if (userContext)
    return contextOf(userContext)->pool.run(size, item, &loop);
  for (int i = 0; i < size; ++i)
    if (int code = item(&loop, i))
      return code;
  return 0;
}

void *halide_malloc(void *userContext, size_t bytes) {
  bool refused;
  void *memory = contextOf(userContext)->scratch.allocateAnyway(bytes, refused); // the kernel does not ask whether it got any
  if (refused)
    contextOf(userContext)->error.record(COSTATE_OUT_OF_MEMORY, "kernel: out of memory");
  return memory;
}

void halide_free(void *userContext, void *memory) { contextOf(userContext)->scratch.release(memory); }

/// Bytes of an array up to which its rows stay in the caches. With 48 MiB of third-level cache (Xeon, 2.8 GHz) both ways take the same time for 4 MB,
/// from 8 MB on the other one takes a sixth to a fourth less.
static constexpr int64_t kKept = 6 << 20;

int32_t costate_store_row(void *to, const void *from, int64_t bytes, int64_t all) {
  auto *target = static_cast<char *>(to);
  auto *source = static_cast<const char *>(from);
#ifdef __SSE2__
  if (all > kKept) {
    // Whole lines, which are written without being read.
    constexpr int64_t kLine = 64;
    int64_t head = std::min<int64_t>(bytes, -reinterpret_cast<uintptr_t>(target) % kLine), lines = (bytes - head) / kLine;
    std::memcpy(target, source, head);
    target += head, source += head, bytes -= head;
    for (; lines > 0; --lines, target += kLine, source += kLine, bytes -= kLine)
      for (int64_t part = 0; part < kLine; part += sizeof(__m128i))
        _mm_stream_si128(reinterpret_cast<__m128i *>(target + part), _mm_loadu_si128(reinterpret_cast<const __m128i *>(source + part)));
    _mm_sfence(); // before other threads hear that the row is there
  }
#endif
  std::memcpy(target, source, bytes);
  return COSTATE_OK;
}

void halide_error(void *userContext, const char *message) { fail(userContext, message); }

// ==== Assertions of kernels =========================================================================================================

int halide_error_out_of_memory(void *userContext) {
  if (userContext)
    contextOf(userContext)->error.record(COSTATE_OUT_OF_MEMORY, "kernel: out of memory");
  return COSTATE_OUT_OF_MEMORY;
}

int halide_error_access_out_of_bounds(void *userContext, const char *name, int axis, int minTouched, int maxTouched, int minValid, int maxValid) {
  return fail(userContext, "requires axis ", axis, " of '", name, "' to cover [", minTouched, ", ", maxTouched, "], but got [", minValid, ", ",
              maxValid, ']');
}

int halide_error_bad_dimensions(void *userContext, const char *name, int32_t given, int32_t required) {
  return fail(userContext, "requires '", name, "' to have rank ", required, ", but got ", given);
}

int halide_error_bad_type(void *userContext, const char *name, uint32_t given, uint32_t required) {
  return fail(userContext, "requires '", name, "' to have type code ", required, ", but got ", given);
}

int halide_error_buffer_allocation_too_large(void *userContext, const char *name, uint64_t size, uint64_t largest) {
  return fail(userContext, "requires '", name, "' to have at most ", largest, " bytes, but got ", size);
}

int halide_error_buffer_argument_is_null(void *userContext, const char *name) {
  return fail(userContext, "requires buffer '", name, "', but got none");
}

int halide_error_buffer_extents_negative(void *userContext, const char *name, int axis, int extent) {
  return fail(userContext, "requires axis ", axis, " of '", name, "' to have an extent >= 0, but got ", extent);
}

int halide_error_buffer_extents_too_large(void *userContext, const char *name, int64_t size, int64_t largest) {
  return fail(userContext, "requires '", name, "' to have at most ", largest, " elements, but got ", size);
}

int halide_error_constraint_violated(void *userContext, const char *name, int value, const char *requiredName, int required) {
  return fail(userContext, "requires ", name, " to be ", requiredName, " = ", required, ", but got ", value);
}

int halide_error_constraints_make_required_region_smaller(void *userContext, const char *name, int axis, int min, int extent, int requiredMin,
                                                          int requiredExtent) {
  return fail(userContext, "requires axis ", axis, " of '", name, "' to start at ", requiredMin, " with extent ", requiredExtent, ", but got ",
              min, " and ", extent);
}

int halide_error_device_dirty_with_no_device_support(void *userContext, const char *name) {
  return fail(userContext, "requires '", name, "' on the host, but its last value is on a device");
}

int halide_error_explicit_bounds_too_small(void *userContext, const char *function, const char *variable, int minBound, int maxBound,
                                           int minRequired, int maxRequired) {
  return fail(userContext, "requires bounds [", minRequired, ", ", maxRequired, "] of ", variable, " in '", function, "', but got [", minBound,
              ", ", maxBound, ']');
}

int halide_error_host_is_null(void *userContext, const char *name) { return fail(userContext, "requires memory of '", name, "', but got none"); }

int halide_error_requirement_failed(void *userContext, const char *condition, const char *message) {
  return fail(userContext, "requires ", condition, ": ", message);
}

int halide_error_split_factor_not_positive(void *userContext, const char *function, const char *original, const char *, const char *,
                                           const char *factor, int value) {
  return fail(userContext, "requires the factor ", factor, " that splits ", original, " of '", function, "' to be positive, but got ", value);
}

int halide_error_unaligned_host_ptr(void *userContext, const char *name, int alignment) {
  return fail(userContext, "requires '", name, "' to be aligned to ", alignment, " bytes");
}

} // extern "C"
