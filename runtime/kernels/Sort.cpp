// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sorting and selection. Keys are mapped to unsigned integers of the same order, with NaN last and -0 equal to +0, and paired with their
// position: a total order, so std::sort (in place, no allocation) gives the stable result.
#include "costate/runtime/Context.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

using namespace costate::runtime;

template <typename T>
using Ordered = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <typename T>
static Ordered<T> ordered(T value) {
  constexpr Ordered<T> sign = Ordered<T>(1) << (8 * sizeof(T) - 1);
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value))
      return std::numeric_limits<Ordered<T>>::max();
    Ordered<T> bits = std::bit_cast<Ordered<T>>(value + T(0)); // -0 + 0 = +0
    return bits & sign ? ~bits : bits | sign;
  } else {
    return static_cast<Ordered<T>>(value) ^ sign;
  }
}

template <typename T>
struct Keyed {
  Ordered<T> key;
  int32_t position;
};

template <typename T>
static bool ascending(const Keyed<T> &a, const Keyed<T> &b) {
  return a.key != b.key ? a.key < b.key : a.position < b.position;
}
template <typename T>
static bool descending(const Keyed<T> &a, const Keyed<T> &b) {
  return a.key != b.key ? a.key > b.key : a.position < b.position;
}

static int32_t checkLength(costate_context *context, int64_t n) {
  return n <= std::numeric_limits<int32_t>::max() ? COSTATE_OK
                                                  : costate_fail(context, COSTATE_INVALID_ARGUMENT, "sort requires fewer than 2^31 elements");
}
static int32_t outOfMemory(costate_context *context) { return costate_fail(context, COSTATE_OUT_OF_MEMORY, "sort: out of memory"); }

template <typename T>
static int32_t argsort(costate_context *context, const T *key, int32_t *perm, int64_t outer, int64_t n, int64_t inner) {
  if (int32_t code = checkLength(context, n))
    return code;
  int64_t logarithm = std::bit_width(static_cast<uint64_t>(n));
  return parallelFor(context, outer * inner, outer * inner * n * logarithm * 4, [=](int64_t line) -> int32_t {
    int64_t start = line / inner * n * inner + line % inner;
    ScratchArray<Keyed<T>> pairs(context, n);
    if (!pairs.get())
      return outOfMemory(context);
    for (int64_t j = 0; j < n; ++j)
      pairs.get()[j] = {ordered(key[start + j * inner]), static_cast<int32_t>(j)};
    std::sort(pairs.get(), pairs.get() + n, ascending<T>);
    for (int64_t j = 0; j < n; ++j)
      perm[start + j * inner] = pairs.get()[j].position;
    return COSTATE_OK;
  });
}

/// Up to this many largest elements are kept in order while a row is read once; more are selected from a copy of the row.
constexpr int64_t kFew = 16;

/// Writes the positions of the k <= kFew largest of n elements, k <= n.
template <typename T>
static void findFew(const T *source, int32_t *positions, int64_t n, int64_t k) {
  Keyed<T> best[kFew];
  int64_t count = 0;
  auto insert = [&](int64_t j) {
    Ordered<T> key = ordered(source[j]);
    if (count == k && key <= best[k - 1].key)
      return; // of equal ones the first
    int64_t place = count < k ? count++ : k - 1;
    for (; place > 0 && best[place - 1].key < key; --place)
      best[place] = best[place - 1];
    best[place] = {key, static_cast<int32_t>(j)};
  };
  int64_t j = 0;
  for (; j < k; ++j)
    insert(j);
  // Most elements have nothing to do here, which one comparison shows: they are no larger than the least that is kept, and no NaN. Of a block all are
  // compared at once.
  constexpr int64_t block = 16;
  for (T least = k > 0 ? source[best[k - 1].position] : T(); k > 0 && j < n;) {
    int64_t end = std::min(n, j + block);
    Ordered<T> any = end - j < block;
    if (!any)
      for (int64_t i = 0; i < block; ++i)
        any |= Ordered<T>(!(source[j + i] <= least)); // of the width of an element: lanes stay lanes
    if (!any)
      j = end;
    for (; j < end; ++j)
      if (!(source[j] <= least)) {
        insert(j);
        least = source[best[k - 1].position];
      }
  }
  for (int64_t i = 0; i < k; ++i)
    positions[i] = best[i].position;
}

template <typename T>
static int32_t topK(costate_context *context, const T *x, T *values, int32_t *indices, int64_t outer, int64_t n, int64_t k) {
  if (int32_t code = checkLength(context, n))
    return code;
  if (k < 0 || k > n)
    return costate_fail(context, COSTATE_INVALID_ARGUMENT, text("top_k requires 'k' to lie in [0, ", n, "], but got ", k).c_str());
  if (k <= kFew) {
    int64_t rows = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, n)); // of a task
    return parallelFor(context, (outer + rows - 1) / rows, outer * n, [=](int64_t task) -> int32_t {
      for (int64_t row = task * rows; row < std::min(outer, (task + 1) * rows); ++row) {
        findFew(x + row * n, indices + row * k, n, k);
        for (int64_t j = row * k; j < (row + 1) * k; ++j)
          values[j] = x[row * n + indices[j]];
      }
      return COSTATE_OK;
    });
  }
  return parallelFor(context, outer, outer * n * 8, [=](int64_t row) -> int32_t {
    const T *source = x + row * n;
    ScratchArray<Keyed<T>> pairs(context, n);
    if (!pairs.get())
      return outOfMemory(context);
    for (int64_t j = 0; j < n; ++j)
      pairs.get()[j] = {ordered(source[j]), static_cast<int32_t>(j)};
    std::nth_element(pairs.get(), pairs.get() + k, pairs.get() + n, descending<T>);
    std::sort(pairs.get(), pairs.get() + k, descending<T>);
    for (int64_t j = 0; j < k; ++j) {
      indices[row * k + j] = pairs.get()[j].position;
      values[row * k + j] = source[pairs.get()[j].position];
    }
    return COSTATE_OK;
  });
}

template <typename T>
static int32_t takeAlong(costate_context *context, const void *x, const int32_t *index, void *y, int64_t outer, int64_t n, int64_t k,
                         int64_t inner) {
  return parallelFor(context, outer, outer * k * inner, [=](int64_t o) -> int32_t {
    const T *source = static_cast<const T *>(x) + o * n * inner;
    T *target = static_cast<T *>(y) + o * k * inner;
    const int32_t *from = index + o * k * inner;
    for (int64_t j = 0; j < k; ++j)
      for (int64_t i = 0; i < inner; ++i) {
        int64_t position = from[j * inner + i];
        if (position < 0 || position >= n)
          return costate_fail(context, COSTATE_INVALID_ARGUMENT,
                              text("take_along requires indices in [0, ", n, "), but got ", position).c_str());
        target[j * inner + i] = source[position * inner + i];
      }
    return COSTATE_OK;
  });
}

// ==== costate.h =====================================================================================================================

#define COSTATE_SORT(suffix, T)                                                                                                            \
  int32_t costate_argsort_##suffix(costate_context *context, const T *key, int32_t *perm, int64_t outer, int64_t n, int64_t inner) {       \
    return argsort(context, key, perm, outer, n, inner);                                                                                   \
  }                                                                                                                                        \
  int32_t costate_top_k_##suffix(costate_context *context, const T *x, T *values, int32_t *indices, int64_t outer, int64_t n, int64_t k) { \
    return topK(context, x, values, indices, outer, n, k);                                                                                 \
  }
COSTATE_SORT(f32, float)
COSTATE_SORT(f64, double)
COSTATE_SORT(i32, int32_t)
COSTATE_SORT(i64, int64_t)

#define COSTATE_TAKE_ALONG(bytes, T)                                                                                                       \
  int32_t costate_take_along_b##bytes(costate_context *context, const void *x, const int32_t *index, void *y, int64_t outer, int64_t n,    \
                                      int64_t k, int64_t inner) {                                                                          \
    return takeAlong<T>(context, x, index, y, outer, n, k, inner);                                                                         \
  }
COSTATE_TAKE_ALONG(1, uint8_t)
COSTATE_TAKE_ALONG(2, uint16_t)
COSTATE_TAKE_ALONG(4, uint32_t)
COSTATE_TAKE_ALONG(8, uint64_t)
