// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Memory.h"

#include "costate/runtime/costate.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace costate::runtime {

/// A system's large page, and from which size on memory asks for them. Otherwise each row of a large matrix lies in a page of its own, which the
/// processor has to look up: a tenth of the time of a softmax of 4096 x 1000.
static constexpr size_t kLargePage = 2 << 20, kLarge = 2 * kLargePage;

void *Allocator::allocate(size_t bytes) const noexcept {
  if (take)
    return take(host, bytes, COSTATE_ALIGNMENT);
#ifdef MADV_HUGEPAGE
  if (bytes >= kLarge)
    if (void *block = std::aligned_alloc(kLargePage, bytes)) {
      madvise(block, bytes, MADV_HUGEPAGE); // a wish: without large pages all is as it was
      return block;
    }
#endif
  return std::aligned_alloc(COSTATE_ALIGNMENT, bytes);
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
