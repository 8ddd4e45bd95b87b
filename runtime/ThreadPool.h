// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The threads of a context. One loop runs at a time; the thread that starts it takes part. Work is handed out by index, one item at a time,
// so what an item computes cannot depend on how many threads there are.
#ifndef COSTATE_RUNTIME_THREADPOOL_H
#define COSTATE_RUNTIME_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace costate::runtime {

/// A loop on threads of the host: see costate_context_options.
struct HostLoop {
  void (*run)(void *pool, int64_t count, void (*body)(void *closure, int64_t index), void *closure) = nullptr;
  void *pool = nullptr;
};

class ThreadPool {
public:
  /// Computes item `index` of a loop; 0 or a costate_code.
  using Body = int32_t (*)(void *data, int64_t index);

  /// A pool of `threads` >= 1 threads, the caller of `run` included, or of none where the host has a loop. Throws std::system_error if the system gives no thread.
  explicit ThreadPool(int32_t threads, HostLoop host = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int32_t threads() const { return size; }

  /// Runs body(data, i) for each i in [0, count); returns after the last. A call from inside a body runs on the calling thread alone.
  /// Returns 0, or the code of the lowest failing index among the items that ran; after a failure the rest is skipped. Allocates nothing.
  int32_t run(int64_t count, Body body, void *data) noexcept;

private:
  void work() noexcept;
  void drain() noexcept;
  void runItem(int64_t index) noexcept;
  void fail(int64_t index, int32_t code) noexcept;
  void join() noexcept;

  // The loop in progress. Written only while `unfinished` is 0, read only by threads that hold an item of it, hence plain members.
  Body body = nullptr;
  void *data = nullptr;
  int64_t count = 0;
  bool busy = false;

  // On cache lines of their own: all threads write the first two, sleepers read the third.
  alignas(64) std::atomic<int64_t> unclaimed{0};  // items not yet taken; item count - unclaimed is the next
  alignas(64) std::atomic<int64_t> unfinished{0}; // items whose body has not returned
  alignas(64) std::atomic<uint32_t> posted{0};    // loops started; what idle workers sleep on
  std::atomic<int32_t> sleepers{0};
  std::atomic<bool> stopping{false};

  std::atomic<bool> failed{false};
  std::mutex failure;
  int64_t failedIndex = 0;
  int32_t failedCode = 0;

  const int32_t size;
  const HostLoop host;
  std::vector<std::thread> workers;
};

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_THREADPOOL_H
