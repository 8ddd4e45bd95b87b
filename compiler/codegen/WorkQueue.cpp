// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/WorkQueue.h"

namespace costate::codegen {

WorkQueue::WorkQueue(unsigned threads) {
  for (unsigned helper = 1; helper < threads; ++helper)
    helpers.emplace_back([this] { drain(); });
}

WorkQueue::~WorkQueue() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    tasks = {};
    closed = true;
  }
  changed.notify_all();
  for (std::thread &helper : helpers)
    helper.join();
}

void WorkQueue::add(size_t size, std::function<void()> task) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    tasks.push({size, std::move(task)});
  }
  changed.notify_one();
}

void WorkQueue::drain() {
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return closed || !tasks.empty(); });
    if (tasks.empty())
      return;
    std::function<void()> work = tasks.top().work;
    tasks.pop();
    lock.unlock();
    work();
    lock.lock();
  }
}

void WorkQueue::finish() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    closed = true;
  }
  changed.notify_all();
  drain();
  for (std::thread &helper : helpers)
    helper.join();
  helpers.clear();
}

} // namespace costate::codegen
