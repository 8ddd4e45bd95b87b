// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory of handles and data (Buffer) and of kernels at work (Scratch); all of it is 64-byte aligned.
#ifndef COSTATE_RUNTIME_MEMORY_H
#define COSTATE_RUNTIME_MEMORY_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace costate::runtime {

/// Where memory comes from: the system, or a host (see costate_context_options).
struct Allocator {
  void *(*take)(void *host, size_t bytes, size_t alignment) = nullptr; // null: the system
  void (*giveBack)(void *host, void *block, size_t bytes) = nullptr;
  void *host = nullptr;

  /// 64-byte aligned; bytes is a multiple of 64. nullptr if there is none.
  void *allocate(size_t bytes) const noexcept;
  void release(void *block, size_t bytes) const noexcept;
};

/// Memory of fixed size, zero at first.
class Buffer {
public:
  Buffer() = default;
  /// Throws std::bad_alloc, also if bytes < 0.
  explicit Buffer(int64_t bytes, const Allocator &allocator = {});
  Buffer(Buffer &&) = default;
  Buffer &operator=(Buffer &&) = default;
  std::byte *data() const { return memory.get(); }
  int64_t size() const { return bytes; }
  /// Keeps the memory for those who need it longer than the buffer is there.
  std::shared_ptr<std::byte> share() const { return memory; }

private:
  std::shared_ptr<std::byte> memory;
  int64_t bytes = 0;
};

/// Short-lived memory of kernels: Halide's internal allocations, buffers of extern kernels. Blocks return to free lists by size and stay with
/// the context, so a training step allocates from the system in its first call only.
class Scratch {
public:
  explicit Scratch(const Allocator &allocator = {}) : allocator(allocator) {}
  ~Scratch(); // frees all blocks, released or not
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  /// Uninitialised memory, usable up to the next multiple of 64 bytes; nullptr if there is none. Any thread.
  void *allocate(size_t bytes) noexcept { return take(bytes, allocator); }
  /// The same for those who cannot do without: from the system where a host has none, which is `refused` then.
  void *allocateAnyway(size_t bytes, bool &refused) noexcept;
  /// Takes back what `allocate` gave (or nullptr). Any thread.
  void release(void *memory) noexcept;
  /// Bytes taken from the allocator or the system so far.
  size_t reserved() const noexcept { return total.load(std::memory_order_relaxed); }

private:
  struct Block;
  void *take(size_t bytes, const Allocator &from) noexcept;
  // Four size classes an octave: at most a quarter of a block is unused.
  static constexpr size_t kClasses = 4 * 64;

  const Allocator allocator;
  std::atomic_flag lock; // held for a few instructions
  std::array<Block *, kClasses> released{};
  Block *blocks = nullptr; // all of them, for the destructor
  std::atomic<size_t> total{0};
};

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_MEMORY_H
