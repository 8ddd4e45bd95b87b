// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An allocator of a host that knows its blocks and can fail.
#ifndef COSTATE_TESTS_RUNTIME_HOSTALLOCATOR_H
#define COSTATE_TESTS_RUNTIME_HOSTALLOCATOR_H

#include <cstddef>
#include <cstdlib>
#include <map>
#include <mutex>

namespace costate {

struct HostAllocator {
  std::mutex lock;
  std::map<std::byte *, size_t> blocks;
  int calls = 0, failing = 0; // fails in that call, from 1; 0: never
  int wrong = 0;              // blocks that came back with another size or were never given, sizes and alignments that were not promised

  static void *allocate(void *memory, size_t bytes, size_t alignment) {
    HostAllocator &self = *static_cast<HostAllocator *>(memory);
    std::lock_guard hold(self.lock);
    self.wrong += bytes == 0 || alignment != 64 || bytes % alignment != 0;
    if (++self.calls == self.failing)
      return nullptr;
    void *block = std::aligned_alloc(alignment, bytes);
    self.blocks[static_cast<std::byte *>(block)] = bytes;
    return block;
  }
  static void release(void *memory, void *block, size_t bytes) {
    HostAllocator &self = *static_cast<HostAllocator *>(memory);
    std::lock_guard hold(self.lock);
    auto found = self.blocks.find(static_cast<std::byte *>(block));
    if (found == self.blocks.end() || found->second != bytes) {
      ++self.wrong;
      return;
    }
    self.blocks.erase(found);
    std::free(block);
  }
  bool owns(const void *address) {
    std::lock_guard hold(lock);
    auto next = blocks.upper_bound(const_cast<std::byte *>(static_cast<const std::byte *>(address)));
    return next != blocks.begin() && static_cast<const std::byte *>(address) < std::prev(next)->first + std::prev(next)->second;
  }
};

} // namespace costate

#endif // COSTATE_TESTS_RUNTIME_HOSTALLOCATOR_H
