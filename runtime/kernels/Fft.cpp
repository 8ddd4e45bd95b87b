// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Discrete Fourier transforms of rows. Stockham's algorithm: each pass splits off a factor of the length and writes from one buffer to another, and behind
// the last one the results stand in order (Van Loan 1992, Computational Frameworks for the Fast Fourier Transform, 1.7). Lengths with large prime factors
// go by Bluestein's: jk = (j^2 + k^2 - (k - j)^2) / 2 makes a convolution of the sum, which transforms of a longer, smooth length compute. Real and imaginary
// parts lie apart, and a group of rows is interleaved, so that inner loops run along rows of equal index with step 1. The inverse is the same with the
// parts exchanged.
#include "costate/runtime/Context.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

using namespace costate::runtime;

namespace {

/// A pass takes about 2 r operations an element; for larger primes the convolution takes fewer.
constexpr int64_t kLargestRadix = 31;
/// Rows that are transformed together, if the caches hold them.
template <typename T> constexpr int64_t kMostLanes = 32 / sizeof(T);
constexpr int64_t kCachedBytes = 256 * 1024;

template <typename T> struct Parts {
  T *re, *im;

  Parts swapped() const { return {im, re}; }
  Parts operator+(int64_t offset) const { return {re + offset, im + offset}; }
};

struct Radices {
  int64_t radix[64];
  int count = 0;
  int64_t rest; // 1 if n is a product of the radices

  explicit Radices(int64_t n) : rest(n) {
    auto split = [&](int64_t r) {
      for (; rest % r == 0; rest /= r)
        radix[count++] = r;
    };
    split(4);
    split(2);
    for (int64_t r = 3; r <= kLargestRadix; r += 2)
      split(r);
  }
};

/// The least length >= n with no prime factor above 5.
int64_t smoothLength(int64_t n) {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (int64_t fives = 1; fives < best; fives *= 5)
    for (int64_t threes = fives; threes < best; threes *= 3) {
      int64_t length = threes;
      while (length < n)
        length *= 2;
      best = std::min(best, length);
    }
  return best;
}

/// exp(-2 pi i k / n) for 0 <= k < n, from an angle of at most pi / 4: nothing is lost to the size of the angle.
std::pair<double, double> rootOf(int64_t k, int64_t n) {
  int64_t eighths = 8 * k; // of n, as all below
  bool isLower = eighths < 4 * n;
  if (!isLower)
    eighths = 8 * n - eighths;
  bool isLeft = eighths > 2 * n;
  if (isLeft)
    eighths = 4 * n - eighths;
  bool isSteep = eighths > n;
  if (isSteep)
    eighths = 2 * n - eighths;
  double angle = M_PI / 4 * (double(eighths) / double(n)), c = std::cos(angle), s = std::sin(angle);
  if (isSteep)
    std::swap(c, s);
  return {isLeft ? -c : c, isLower ? -s : s};
}

/// The roots exp(-2 pi i k / n), each as the product of one of about sqrt(n) fine and one of as many coarse ones.
class Roots {
public:
  Roots(costate_context *context, int64_t n) : shift(shiftOf(n)), memory(context, 2 * ((int64_t(1) << shift) + (n >> shift) + 1)) {
    fine = memory.get();
    if (!fine)
      return;
    coarse = fine + (int64_t(2) << shift);
    for (int64_t k = 0; k < std::min(n, int64_t(1) << shift); ++k)
      std::tie(fine[2 * k], fine[2 * k + 1]) = rootOf(k, n);
    for (int64_t k = 0; k <= (n - 1) >> shift; ++k)
      std::tie(coarse[2 * k], coarse[2 * k + 1]) = rootOf(k << shift, n);
  }
  bool isThere() const { return fine; }

  template <typename T> void write(int64_t k, T &re, T &im) const {
    const double *a = coarse + 2 * (k >> shift), *b = fine + 2 * (k & ((int64_t(1) << shift) - 1));
    re = T(a[0] * b[0] - a[1] * b[1]);
    im = T(a[0] * b[1] + a[1] * b[0]);
  }

private:
  static int shiftOf(int64_t n) {
    int shift = 0;
    while ((int64_t(1) << 2 * shift) < n)
      ++shift;
    return shift;
  }

  int shift;
  ScratchArray<double> memory;
  double *fine, *coarse;
};

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

/// The transform of R numbers, in place.
template <int R, typename T> inline void butterfly(T *re, T *im) {
  auto sumAndDifference = [](T &a, T &b) {
    T sum = a + b;
    b = a - b;
    a = sum;
  };
  if constexpr (R == 2) {
    sumAndDifference(re[0], re[1]);
    sumAndDifference(im[0], im[1]);
  } else if constexpr (R == 4) {
    for (T *x : {re, im}) {
      sumAndDifference(x[0], x[2]);
      sumAndDifference(x[1], x[3]);
      sumAndDifference(x[0], x[1]);
    }
    T a = re[2], b = im[2]; // x[2] -+ i x[3], and the results in order
    re[2] = re[1], im[2] = im[1];
    T c = re[3], d = im[3];
    re[1] = a + d, im[1] = b - c;
    re[3] = a - d, im[3] = b + c;
  } else if constexpr (R == 3) {
    constexpr T s = T(0.86602540378443864676); // sin(2 pi / 3)
    sumAndDifference(re[1], re[2]);
    sumAndDifference(im[1], im[2]);
    T a = re[0] - T(0.5) * re[1], b = im[0] - T(0.5) * im[1], c = s * re[2], d = s * im[2];
    re[0] += re[1], im[0] += im[1];
    re[1] = a + d, im[1] = b - c;
    re[2] = a - d, im[2] = b + c;
  } else {
    static_assert(R == 5);
    constexpr T c1 = T(0.30901699437494742410), s1 = T(0.95105651629515357212);  // of 2 pi / 5
    constexpr T c2 = T(-0.80901699437494742410), s2 = T(0.58778525229247312917); // of 4 pi / 5
    for (T *x : {re, im}) {
      sumAndDifference(x[1], x[4]);
      sumAndDifference(x[2], x[3]);
    }
    T a1 = re[0] + c1 * re[1] + c2 * re[2], b1 = im[0] + c1 * im[1] + c2 * im[2];
    T a2 = re[0] + c2 * re[1] + c1 * re[2], b2 = im[0] + c2 * im[1] + c1 * im[2];
    T e1 = s1 * re[4] + s2 * re[3], f1 = s1 * im[4] + s2 * im[3];
    T e2 = s2 * re[4] - s1 * re[3], f2 = s2 * im[4] - s1 * im[3];
    re[0] += re[1] + re[2], im[0] += im[1] + im[2];
    re[1] = a1 + f1, im[1] = b1 - e1;
    re[4] = a1 - f1, im[4] = b1 + e1;
    re[2] = a2 + f2, im[2] = b2 - e2;
    re[3] = a2 - f2, im[3] = b2 + e2;
  }
}

/// What a pass does: sequences of length r m become r sequences of length m each, y[r p + k] = root^(p k) sum over j of x[p + m j] exp(-2 pi i j k / r).
/// Elements of equal index of all `s` sequences lie side by side.
struct Pass {
  int64_t m, s;
  int64_t step; // the root of length r m among those of the table
};

template <int R, typename T> void pass(const Pass &of, Parts<T> x, Parts<T> y, Parts<T> roots) {
  for (int64_t p = 0; p < of.m; ++p) {
    T c[R], d[R];
    for (int64_t k = 1; k < R; ++k)
      c[k] = roots.re[p * k * of.step], d[k] = roots.im[p * k * of.step];
    Parts<T> from = x + of.s * p, to = y + of.s * R * p;
#pragma clang loop vectorize(assume_safety)
    for (int64_t q = 0; q < of.s; ++q) {
      T re[R], im[R];
      for (int j = 0; j < R; ++j)
        re[j] = from.re[q + of.s * of.m * j], im[j] = from.im[q + of.s * of.m * j];
      butterfly<R>(re, im);
      to.re[q] = re[0], to.im[q] = im[0];
      for (int k = 1; k < R; ++k) {
        to.re[q + of.s * k] = re[k] * c[k] - im[k] * d[k];
        to.im[q + of.s * k] = re[k] * d[k] + im[k] * c[k];
      }
    }
  }
}

/// Of any odd radix. Terms j and r - j share their cosines and sines; x is overwritten.
template <typename T> void oddPass(int64_t r, const Pass &of, Parts<T> x, Parts<T> y, Parts<T> roots) {
  int64_t s = of.s, turn = of.step * of.m; // the root of length r in the table
  for (int64_t p = 0; p < of.m; ++p) {
    Parts<T> first = x + s * p, sum = y + s * r * p;
    for (int64_t q = 0; q < s; ++q)
      sum.re[q] = first.re[q], sum.im[q] = first.im[q];
    for (int64_t j = 1; 2 * j < r; ++j) {
      Parts<T> a = first + s * of.m * j, b = first + s * of.m * (r - j);
#pragma clang loop vectorize(assume_safety)
      for (int64_t q = 0; q < s; ++q) {
        T re = a.re[q], im = a.im[q];
        a.re[q] = re + b.re[q], a.im[q] = im + b.im[q];
        b.re[q] = re - b.re[q], b.im[q] = im - b.im[q];
        sum.re[q] += a.re[q], sum.im[q] += a.im[q];
      }
    }
    for (int64_t k = 1; 2 * k < r; ++k) {
      Parts<T> even = sum + s * k, odd = sum + s * (r - k); // sums with cosines and with sines
      for (int64_t q = 0; q < s; ++q)
        even.re[q] = first.re[q], even.im[q] = first.im[q], odd.re[q] = 0, odd.im[q] = 0;
      for (int64_t j = 1; 2 * j < r; ++j) {
        Parts<T> a = first + s * of.m * j, b = first + s * of.m * (r - j);
        T c = roots.re[j * k % r * turn], d = -roots.im[j * k % r * turn];
#pragma clang loop vectorize(assume_safety)
        for (int64_t q = 0; q < s; ++q) {
          even.re[q] += c * a.re[q], even.im[q] += c * a.im[q];
          odd.re[q] += d * b.re[q], odd.im[q] += d * b.im[q];
        }
      }
      int64_t k1 = p * k * of.step, k2 = p * (r - k) * of.step;
      T c1 = roots.re[k1], d1 = roots.im[k1], c2 = roots.re[k2], d2 = roots.im[k2];
#pragma clang loop vectorize(assume_safety)
      for (int64_t q = 0; q < s; ++q) {
        T re1 = even.re[q] + odd.im[q], im1 = even.im[q] - odd.re[q], re2 = even.re[q] - odd.im[q], im2 = even.im[q] + odd.re[q];
        even.re[q] = re1 * c1 - im1 * d1, even.im[q] = re1 * d1 + im1 * c1;
        odd.re[q] = re2 * c2 - im2 * d2, odd.im[q] = re2 * d2 + im2 * c2;
      }
    }
  }
}

/// The transforms of `lanes` interleaved rows in x; returns where they are, x or y. Either is overwritten.
template <typename T> Parts<T> transform(int64_t n, const Radices &radices, Parts<T> roots, int64_t lanes, Parts<T> x, Parts<T> y) {
  Pass of{n, lanes, 1};
  for (int i = 0; i < radices.count; ++i) {
    int64_t r = radices.radix[i];
    of.m /= r;
    switch (r) {
    case 2: pass<2>(of, x, y, roots); break;
    case 3: pass<3>(of, x, y, roots); break;
    case 4: pass<4>(of, x, y, roots); break;
    case 5: pass<5>(of, x, y, roots); break;
    default: oddPass(r, of, x, y, roots);
    }
    of.s *= r;
    of.step *= r;
    std::swap(x, y);
  }
  return x;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

template <typename T> void multiply(T &re, T &im, T c, T d) {
  T product = re * c - im * d;
  im = re * d + im * c;
  re = product;
}

template <typename T> int32_t fft(costate_context *context, Parts<const T> in, Parts<T> out, int64_t batch, int64_t n) {
  if (batch == 0 || n == 0)
    return COSTATE_OK;
  Radices radices(n);
  bool isDirect = radices.rest == 1;
  int64_t length = isDirect ? n : smoothLength(2 * n - 1);
  if (!isDirect)
    radices = Radices(length);
  Roots exact(context, length), halves(context, isDirect ? 1 : 2 * n);
  ScratchArray<T> tables(context, isDirect ? 2 * length : 6 * length + 2 * n);
  if (!exact.isThere() || !halves.isThere() || !tables.get())
    return costate_fail(context, COSTATE_OUT_OF_MEMORY, "fft: out of memory");
  Parts<T> roots{tables.get(), tables.get() + length}, filter = roots, chirp = roots;
  for (int64_t k = 0; k < length; ++k)
    exact.write(k, roots.re[k], roots.im[k]);
  if (!isDirect) {
    // chirp[k] = exp(-pi i k^2 / n); the filter is the transform of its conjugate, around the end, and makes the convolution's scale good.
    chirp = {roots.im + length, roots.im + length + n};
    Parts<T> x{chirp.im + n, chirp.im + n + length}, y{x.im + length, x.im + 2 * length};
    std::fill(x.re, x.im + length, T(0));
    for (int64_t k = 0; k < n; ++k) {
      halves.write(k * k % (2 * n), chirp.re[k], chirp.im[k]);
      for (int64_t place : {k, (length - k) % length})
        x.re[place] = chirp.re[k] / T(length), x.im[place] = -chirp.im[k] / T(length);
    }
    filter = transform(length, radices, roots, 1, x, y);
  }

  int64_t fitting = kCachedBytes / (4 * length * int64_t(sizeof(T))),
          lanes = std::clamp<int64_t>(fitting, 1, std::min(batch, kMostLanes<T>));
  int64_t passes = std::max(1, radices.count) * (isDirect ? 1 : 2);
  return parallelFor(context, (batch + lanes - 1) / lanes, batch * length * passes * 10, [=](int64_t group) -> int32_t {
    int64_t start = group * lanes, count = std::min(lanes, batch - start), size = length * count;
    ScratchArray<T> memory(context, 4 * size);
    if (!memory.get())
      return costate_fail(context, COSTATE_OUT_OF_MEMORY, "fft: out of memory");
    Parts<T> x{memory.get(), memory.get() + size}, y{x.im + size, x.im + 2 * size};
    bool isFinite[kMostLanes<T>];
    for (int64_t lane = 0; lane < count; ++lane) {
      Parts<const T> row = in + (start + lane) * n;
      bool all = true;
      for (int64_t j = 0; j < n; ++j) {
        T re = row.re[j], im = row.im[j];
        all &= re - re == 0 && im - im == 0;
        x.re[j * count + lane] = re, x.im[j * count + lane] = im;
      }
      isFinite[lane] = all;
    }
    if (!isDirect) {
      std::fill(x.re + n * count, x.re + size, T(0));
      std::fill(x.im + n * count, x.im + size, T(0));
      for (int64_t j = 0; j < n; ++j)
        for (int64_t i = j * count; i < (j + 1) * count; ++i)
          multiply(x.re[i], x.im[i], chirp.re[j], chirp.im[j]);
    }
    Parts<T> result = transform(length, radices, roots, count, x, y);
    if (!isDirect) {
      for (int64_t j = 0; j < length; ++j)
        for (int64_t i = j * count; i < (j + 1) * count; ++i)
          multiply(result.re[i], result.im[i], filter.re[j], filter.im[j]);
      result = transform(length, radices, roots, count, result.swapped(), (result.re == x.re ? y : x).swapped()).swapped();
      for (int64_t j = 0; j < n; ++j)
        for (int64_t i = j * count; i < (j + 1) * count; ++i)
          multiply(result.re[i], result.im[i], chirp.re[j], chirp.im[j]);
    }
    for (int64_t lane = 0; lane < count; ++lane) {
      Parts<T> row = out + (start + lane) * n;
      for (int64_t j = 0; j < n; ++j)
        row.re[j] = result.re[j * count + lane], row.im[j] = result.im[j * count + lane];
      if (!isFinite[lane])
        for (T *part : {row.re, row.im})
          std::fill(part, part + n, std::numeric_limits<T>::quiet_NaN());
    }
    return COSTATE_OK;
  });
}

template <typename T>
int32_t fft(costate_context *context, const T *re, const T *im, T *yre, T *yim, int64_t batch, int64_t n, int64_t inverse) {
  Parts<const T> in{re, im};
  Parts<T> out{yre, yim};
  return inverse ? fft(context, in.swapped(), out.swapped(), batch, n) : fft(context, in, out, batch, n);
}

} // namespace

// ==== costate.h =====================================================================================================================

int32_t costate_fft_f32(costate_context *context, const float *re, const float *im, float *yre, float *yim, int64_t batch, int64_t n,
                        int64_t inverse) {
  return fft(context, re, im, yre, yim, batch, n, inverse);
}
int32_t costate_fft_f64(costate_context *context, const double *re, const double *im, double *yre, double *yim, int64_t batch, int64_t n,
                        int64_t inverse) {
  return fft(context, re, im, yre, yim, batch, n, inverse);
}
