// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Memory.h"

#include "costate/runtime/costate.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace costate::runtime {

void *Allocator::allocate(size_t bytes) const noexcept {
  return take ? take(host, bytes, COSTATE_ALIGNMENT) : std::aligned_alloc(COSTATE_ALIGNMENT, bytes);
}

void Allocator::release(void *block, size_t bytes) const noexcept {
  if (giveBack)
    giveBack(host, block, bytes);
  else
    std::free(block);
}

Buffer::Buffer(int64_t bytes, const Allocator &allocator) : bytes(bytes) {
  if (bytes < 0 || bytes > INT64_MAX / 2)
    throw std::bad_alloc();
  size_t rounded = (std::max<size_t>(bytes, 1) + COSTATE_ALIGNMENT - 1) / COSTATE_ALIGNMENT * COSTATE_ALIGNMENT;
  auto *block = static_cast<std::byte *>(allocator.allocate(rounded));
  if (!block)
    throw std::bad_alloc();
  std::memset(block, 0, rounded);
  memory.reset(block, [allocator, rounded](std::byte *block) { allocator.release(block, rounded); });
}

/// Precedes each block, in a cache line of its own.
struct alignas(COSTATE_ALIGNMENT) Scratch::Block {
  Block *nextReleased;
  Block *nextBlock;
  size_t sizeClass, bytes;
  Allocator from;
};

/// Class of a size >= 64: two bits below the leading one, rounded up, and the size that the class holds.
static size_t classOf(size_t bytes, size_t &capacity) {
  size_t octave = std::bit_width(bytes - 1) - 1; // 2^octave < bytes <= 2^(octave + 1)
  size_t step = size_t(1) << (octave - 2);
  size_t quarter = (bytes - (size_t(1) << octave) + step - 1) / step; // 1..4
  capacity = (size_t(1) << octave) + quarter * step;
  return 4 * octave + quarter - 1;
}

class SpinLock {
public:
  explicit SpinLock(std::atomic_flag &flag) : flag(flag) {
    while (flag.test_and_set(std::memory_order_acquire))
      flag.wait(true, std::memory_order_relaxed);
  }
  ~SpinLock() {
    flag.clear(std::memory_order_release);
    flag.notify_one();
  }

private:
  std::atomic_flag &flag;
};

Scratch::~Scratch() {
  while (Block *block = blocks) {
    blocks = block->nextBlock;
    Allocator from = block->from;
    from.release(block, block->bytes);
  }
}

void *Scratch::allocateAnyway(size_t bytes, bool &refused) noexcept {
  void *memory = allocate(bytes);
  refused = !memory;
  return memory || !allocator.take ? memory : take(bytes, {});
}

void *Scratch::take(size_t bytes, const Allocator &from) noexcept {
  if (bytes > SIZE_MAX / 4)
    return nullptr;
  size_t capacity;
  size_t sizeClass = classOf(bytes < 256 ? 256 : bytes, capacity); // from 256 on, a class is a multiple of 64 bytes
  {
    SpinLock hold(lock);
    if (Block *block = released[sizeClass]) {
      released[sizeClass] = block->nextReleased;
      return block + 1;
    }
  }
  size_t whole = sizeof(Block) + capacity;
  void *memory = from.allocate(whole);
  if (!memory)
    return nullptr;
  total.fetch_add(whole, std::memory_order_relaxed);
  Block *block = new (memory) Block{nullptr, nullptr, sizeClass, whole, from};
  SpinLock hold(lock);
  block->nextBlock = blocks;
  blocks = block;
  return block + 1;
}

void Scratch::release(void *memory) noexcept {
  if (!memory)
    return;
  Block *block = static_cast<Block *>(memory) - 1;
  SpinLock hold(lock);
  block->nextReleased = released[block->sizeClass];
  released[block->sizeClass] = block;
}

} // namespace costate::runtime
