// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/ThreadPool.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace costate::runtime {

// Waking a sleeping thread costs 10 to 20 us, a training step of a small model less. Workers therefore stay awake for some tens of
// microseconds after a loop, so that loops back to back find them ready, and sleep afterwards, so that an idle process uses no CPU.
constexpr int kSpins = 2000;

static inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#endif
}

ThreadPool::ThreadPool(int32_t threads, HostLoop host) : size(threads), host(host) {
  try {
    for (int32_t i = 1; i < threads && !host.run; ++i)
      workers.emplace_back([this] { work(); });
  } catch (...) {
    join();
    throw;
  }
}

ThreadPool::~ThreadPool() { join(); }

void ThreadPool::join() noexcept {
  stopping = true;
  posted.fetch_add(1);
  posted.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

int32_t ThreadPool::run(int64_t items, Body itemBody, void *itemData) noexcept {
  if (items <= 1 || (workers.empty() && !host.run) || busy) {
    for (int64_t i = 0; i < items; ++i)
      if (int32_t code = itemBody(itemData, i))
        return code;
    return 0;
  }
  busy = true;
  body = itemBody;
  data = itemData;
  count = items;
  failed.store(false, std::memory_order_relaxed);
  if (host.run) {
    host.run(host.pool, items, [](void *self, int64_t index) { static_cast<ThreadPool *>(self)->runItem(index); }, this);
    busy = false;
    return failed.load(std::memory_order_relaxed) ? failedCode : 0;
  }
  unfinished.store(items, std::memory_order_relaxed);
  // Publishes the members above. Sequentially consistent together with `sleepers`: a worker that goes to sleep has either seen these
  // items, or is counted here and woken.
  unclaimed.store(items);
  posted.fetch_add(1);
  if (sleepers.load() > 0)
    posted.notify_all();

  drain();
  int spins = 0;
  for (int64_t left; (left = unfinished.load(std::memory_order_acquire)) != 0;) {
    if (++spins < kSpins)
      pause();
    else
      unfinished.wait(left, std::memory_order_acquire);
  }
  busy = false;
  return failed.load(std::memory_order_relaxed) ? failedCode : 0;
}

void ThreadPool::drain() noexcept {
  // Holding one unfinished item keeps the loop's members in place, so finished items are subtracted once, at the end.
  int64_t finished = 0;
  int64_t left = unclaimed.load(std::memory_order_acquire);
  while (left > 0) {
    if (!unclaimed.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    runItem(count - left);
    ++finished;
    left = unclaimed.load(std::memory_order_acquire);
  }
  if (finished > 0 && unfinished.fetch_sub(finished, std::memory_order_acq_rel) == finished)
    unfinished.notify_one();
}

void ThreadPool::runItem(int64_t index) noexcept {
  if (!failed.load(std::memory_order_relaxed))
    if (int32_t code = body(data, index))
      fail(index, code);
}

void ThreadPool::fail(int64_t index, int32_t code) noexcept {
  std::lock_guard lock(failure);
  if (failed.load(std::memory_order_relaxed) && failedIndex <= index)
    return;
  failedIndex = index;
  failedCode = code;
  failed.store(true, std::memory_order_relaxed);
}

void ThreadPool::work() noexcept {
  while (true) {
    drain();
    for (int spins = 0; spins < kSpins && unclaimed.load(std::memory_order_relaxed) == 0 && !stopping.load(std::memory_order_relaxed); ++spins)
      pause();
    uint32_t seen = posted.load();
    sleepers.fetch_add(1);
    if (unclaimed.load() == 0 && !stopping.load())
      posted.wait(seen);
    sleepers.fetch_sub(1);
    if (stopping.load())
      return;
  }
}

} // namespace costate::runtime
