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

/// Memory of fixed size, zero at first.
class Buffer {
public:
  Buffer() = default;
  /// Throws std::bad_alloc, also if bytes < 0.
  explicit Buffer(int64_t bytes);
  std::byte *data() const { return memory.get(); }
  int64_t size() const { return bytes; }

private:
  struct Free {
    void operator()(std::byte *memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory;
  int64_t bytes = 0;
};

/// Short-lived memory of kernels: Halide's internal allocations, buffers of extern kernels. Blocks return to free lists by size and stay with
/// the context, so a training step allocates from the system in its first call only.
class Scratch {
public:
  Scratch() = default;
  ~Scratch(); // frees all blocks, released or not
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  /// Uninitialised memory, usable up to the next multiple of 64 bytes; nullptr if the system has none. Any thread.
  void *allocate(size_t bytes) noexcept;
  /// Takes back what `allocate` gave (or nullptr). Any thread.
  void release(void *memory) noexcept;
  /// Bytes taken from the system so far.
  size_t reserved() const noexcept { return total.load(std::memory_order_relaxed); }

private:
  struct Block;
  // Four size classes an octave: at most a quarter of a block is unused.
  static constexpr size_t kClasses = 4 * 64;

  std::atomic_flag lock; // held for a few instructions
  std::array<Block *, kClasses> released{};
  Block *blocks = nullptr; // all of them, for the destructor
  std::atomic<size_t> total{0};
};

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_MEMORY_H
