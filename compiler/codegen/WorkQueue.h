// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Tasks of one compilation on a few threads, the longest first, so that kernels and host code fill all cores together.
#ifndef COSTATE_COMPILER_CODEGEN_WORKQUEUE_H
#define COSTATE_COMPILER_CODEGEN_WORKQUEUE_H

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace costate::codegen {

class WorkQueue {
public:
  /// threads: at least 1, the caller of `finish` among them; the others start now and take what is added.
  explicit WorkQueue(unsigned threads);
  /// Waits for the tasks that run; those that nobody took yet are dropped.
  ~WorkQueue();
  WorkQueue(const WorkQueue &) = delete;
  WorkQueue &operator=(const WorkQueue &) = delete;

  /// size: of the code that the task makes, in operations; only its order matters. A task does not throw.
  void add(size_t size, std::function<void()> task);

  /// Works on this thread too until every task is done. Nothing is added afterwards.
  void finish();

private:
  struct Task {
    size_t size;
    std::function<void()> work;
    bool operator<(const Task &other) const { return size < other.size; }
  };
  void drain();

  std::mutex mutex;
  std::condition_variable changed;
  std::priority_queue<Task> tasks;
  bool closed = false;
  std::vector<std::thread> helpers;
};

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_WORKQUEUE_H
