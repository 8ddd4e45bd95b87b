// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a costate_context holds, and the one place where failures and exceptions of the library become codes of the C interface.
#ifndef COSTATE_RUNTIME_CONTEXT_H
#define COSTATE_RUNTIME_CONTEXT_H

#include "costate/runtime/Memory.h"
#include "costate/runtime/Status.h"
#include "costate/runtime/ThreadPool.h"

#include <exception>
#include <new>

namespace costate::runtime {

/// Code and message of the first failure since `clear`. `record` may be called by several threads at once; the others are called while no
/// parallel loop runs.
class ErrorSlot {
public:
  void clear() noexcept {
    if (taken.load(std::memory_order_relaxed)) {
      taken.store(false, std::memory_order_relaxed);
      failure = COSTATE_OK;
      words[0] = 0;
    }
  }
  void record(int32_t code, std::string_view message) noexcept;
  int32_t code() const noexcept { return failure; }
  const char *message() const noexcept { return words; }

private:
  std::atomic<bool> taken{false};
  int32_t failure = COSTATE_OK;
  char words[1024] = "";
};

/// Where calls of kernels are written down.
struct Trace {
  costate_trace_event *events = nullptr;
  int64_t capacity = 0, count = 0, begin = 0;
};

/// Who is shown what a model prints; without a function, stderr.
struct Printer {
  costate_printer_fn function = nullptr;
  void *user = nullptr;
};

} // namespace costate::runtime

struct costate_context {
  costate_context(int32_t threads, const costate::runtime::Allocator &allocator, const costate::runtime::HostLoop &loop)
      : allocator(allocator), scratch(allocator), pool(threads, loop) {}

  costate::runtime::ErrorSlot error;
  costate::runtime::Allocator allocator;
  costate::runtime::Scratch scratch;
  costate::runtime::ThreadPool pool;
  costate::runtime::Trace trace;
  costate::runtime::Printer printer;
};

namespace costate::runtime {

/// Runs the body of a function of the C interface: a callable that returns a Status. Returns its code; the message goes to the context.
template <typename Body>
int32_t guarded(costate_context *context, Body &&body) noexcept {
  context->error.clear();
  try {
    Status status = body();
    if (!status.ok())
      context->error.record(status.code(), status.message());
    return status.code();
  } catch (const std::bad_alloc &) {
    context->error.record(COSTATE_OUT_OF_MEMORY, "out of memory");
    return COSTATE_OUT_OF_MEMORY;
  } catch (const std::exception &exception) {
    context->error.record(COSTATE_INTERNAL, exception.what());
    return COSTATE_INTERNAL;
  } catch (...) {
    context->error.record(COSTATE_INTERNAL, "unknown exception");
    return COSTATE_INTERNAL;
  }
}

/// What a caller must name, as "an entry". Errors: InvalidArgument if it is NULL.
inline Status requireName(const char *what, const char *name) { return name ? Status() : invalidArgument("requires ", what, ", but got NULL"); }

/// Scratch memory of a kernel for the life of a scope; `get` is nullptr if there is none.
template <typename T>
class ScratchArray {
public:
  ScratchArray(costate_context *context, int64_t size) : scratch(context->scratch), memory(scratch.allocate(size * sizeof(T))) {}
  ~ScratchArray() { scratch.release(memory); }
  ScratchArray(const ScratchArray &) = delete;
  ScratchArray &operator=(const ScratchArray &) = delete;
  T *get() const { return static_cast<T *>(memory); }

private:
  Scratch &scratch;
  void *memory;
};

/// Calls body(index) -> costate_code for each index in [0, count): on the pool if the loop is worth waking it, which costs about as much as
/// `operations` = 30000 simple ones.
template <typename Body>
int32_t parallelFor(costate_context *context, int64_t count, int64_t operations, Body &&body) noexcept {
  if (operations < 30000) {
    for (int64_t i = 0; i < count; ++i)
      if (int32_t code = body(i))
        return code;
    return COSTATE_OK;
  }
  using Callable = std::remove_reference_t<Body>;
  return context->pool.run(
      count, [](void *data, int64_t index) -> int32_t { return (*static_cast<Callable *>(data))(index); }, &body);
}

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_CONTEXT_H
