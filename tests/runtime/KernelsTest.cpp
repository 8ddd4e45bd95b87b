// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extern kernels, against definitions: l l' = a, op(a) x = b, and sorts written another way.
#include "costate/runtime/Context.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

namespace {

template <typename T>
struct Calls;
template <>
struct Calls<float> {
  static constexpr auto cholesky = costate_cholesky_f32;
  static constexpr auto solve = costate_triangular_solve_f32;
  static constexpr auto lu = costate_lu_f32;
  static constexpr auto qr = costate_qr_f32;
  static constexpr auto eigh = costate_eigh_f32;
  static constexpr auto svd = costate_svd_f32;
  static constexpr auto fft = costate_fft_f32;
  static constexpr auto argsort = costate_argsort_f32;
  static constexpr auto topK = costate_top_k_f32;
};
template <>
struct Calls<double> {
  static constexpr auto cholesky = costate_cholesky_f64;
  static constexpr auto solve = costate_triangular_solve_f64;
  static constexpr auto lu = costate_lu_f64;
  static constexpr auto qr = costate_qr_f64;
  static constexpr auto eigh = costate_eigh_f64;
  static constexpr auto svd = costate_svd_f64;
  static constexpr auto fft = costate_fft_f64;
  static constexpr auto argsort = costate_argsort_f64;
  static constexpr auto topK = costate_top_k_f64;
};
template <>
struct Calls<int32_t> {
  static constexpr auto argsort = costate_argsort_i32;
  static constexpr auto topK = costate_top_k_i32;
};
template <>
struct Calls<int64_t> {
  static constexpr auto argsort = costate_argsort_i64;
  static constexpr auto topK = costate_top_k_i64;
};

template <typename T>
class FloatKernelsTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(costate_context_create(2, &context), COSTATE_OK); }
  void TearDown() override { costate_context_destroy(context); }
  std::vector<T> random(int64_t count) {
    std::vector<T> out(count);
    for (T &value : out)
      value = static_cast<T>(std::normal_distribution<double>()(generator));
    return out;
  }
  costate_context *context = nullptr;
  std::mt19937 generator{1};
  static constexpr double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
};
using Floats = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatKernelsTest, Floats);

template <typename T>
class SortTest : public FloatKernelsTest<T> {};
using Numbers = testing::Types<float, double, int32_t, int64_t>;
TYPED_TEST_SUITE(SortTest, Numbers);

TYPED_TEST(FloatKernelsTest, CholeskyFactorizes) {
  using T = TypeParam;
  for (auto [batch, n] : {std::pair<int64_t, int64_t>{1, 1}, {3, 5}, {40, 20}, {1, 64}, {2, 0}}) {
    std::vector<T> g = this->random(batch * n * n), a(batch * n * n);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double sum = i == j ? n : 0;
          for (int64_t k = 0; k < n; ++k)
            sum += double(g[(b * n + i) * n + k]) * g[(b * n + j) * n + k];
          a[(b * n + i) * n + j] = j > i ? T(777) : T(sum); // the upper triangle is not read
        }
    std::vector<T> l(a.size(), T(-1)), inPlace = a;
    ASSERT_EQ(Calls<T>::cholesky(this->context, a.data(), l.data(), batch, n), COSTATE_OK);
    ASSERT_EQ(Calls<T>::cholesky(this->context, inPlace.data(), inPlace.data(), batch, n), COSTATE_OK);
    EXPECT_EQ(inPlace, l);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < n; ++k)
            sum += double(l[(b * n + i) * n + k]) * l[(b * n + j) * n + k];
          if (j > i)
            ASSERT_EQ(l[(b * n + i) * n + j], 0);
          else
            ASSERT_NEAR(sum, a[(b * n + i) * n + j], this->tolerance * 4 * n);
        }
  }
}

TYPED_TEST(FloatKernelsTest, CholeskyOfIndefiniteGivesNan) {
  using T = TypeParam;
  for (T pivot : {T(0), T(-3), std::numeric_limits<T>::quiet_NaN()}) {
    std::vector<T> a{4, 0, 0, 2, T(1) + pivot, 0, 6, 1, 50}, l(9);
    ASSERT_EQ(Calls<T>::cholesky(this->context, a.data(), l.data(), 1, 3), COSTATE_OK);
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 3; ++j)
        EXPECT_TRUE(j <= i ? std::isnan(l[3 * i + j]) : l[3 * i + j] == 0) << pivot;
  }
}

TYPED_TEST(FloatKernelsTest, TriangularSolveSolves) {
  using T = TypeParam;
  for (auto [batch, n, m] : {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1}, {3, 6, 1}, {2, 21, 1}, {50, 9, 7}, {2, 4, 0}})
    for (int flags = 0; flags < 8; ++flags) {
      bool lower = flags & 1, transpose = flags & 2, unit = flags & 4;
      std::vector<T> a = this->random(batch * n * n), b = this->random(batch * n * m), x(b.size());
      for (int64_t i = 0; i < batch * n; ++i)
        a[i * n + i % n] = unit ? T(888) : T(4) + std::abs(a[i * n + i % n]); // a unit diagonal is not read
      ASSERT_EQ(Calls<T>::solve(this->context, a.data(), b.data(), x.data(), batch, n, m, lower, transpose, unit), COSTATE_OK);
      std::vector<T> inPlace = b;
      Calls<T>::solve(this->context, a.data(), inPlace.data(), inPlace.data(), batch, n, m, lower, transpose, unit);
      EXPECT_EQ(inPlace, x);
      std::vector<T> twice(2 * b.size()), solutions(2 * b.size()); // a column alone is the one that it is among others, to the last bit
      for (size_t i = 0; m == 1 && i < b.size(); ++i)
        twice[2 * i] = twice[2 * i + 1] = b[i];
      Calls<T>::solve(this->context, a.data(), twice.data(), solutions.data(), batch, n, 2 * m, lower, transpose, unit);
      for (size_t i = 0; m == 1 && i < b.size(); ++i)
        EXPECT_EQ(solutions[2 * i], x[i]) << i;
      auto element = [&](int64_t item, int64_t i, int64_t j) -> double {
        if (transpose)
          std::swap(i, j);
        if (i == j && unit)
          return 1;
        return i == j || (i > j) == lower ? double(a[(item * n + i) * n + j]) : 0;
      };
      for (int64_t item = 0; item < batch; ++item)
        for (int64_t i = 0; i < n; ++i)
          for (int64_t c = 0; c < m; ++c) {
            double sum = 0, scale = 1;
            for (int64_t k = 0; k < n; ++k) {
              double term = element(item, i, k) * x[(item * n + k) * m + c];
              sum += term;
              scale += std::fabs(term);
            }
            ASSERT_NEAR(sum, b[(item * n + i) * m + c], this->tolerance * scale) << "flags " << flags;
          }
    }
}

TYPED_TEST(FloatKernelsTest, ThreadsDoNotChangeBits) {
  using T = TypeParam;
  costate_context *single;
  ASSERT_EQ(costate_context_create(1, &single), COSTATE_OK);
  std::vector<T> a = this->random(64 * 16 * 16), b = this->random(64 * 16 * 16), x(b.size()), x1(b.size());
  Calls<T>::solve(this->context, a.data(), b.data(), x.data(), 64, 16, 16, 1, 0, 0);
  Calls<T>::solve(single, a.data(), b.data(), x1.data(), 64, 16, 16, 1, 0, 0);
  EXPECT_EQ(std::memcmp(x.data(), x1.data(), x.size() * sizeof(T)), 0);

  // What factorizations give is compared with LAPACK by Inputs/factorizations.py.
  auto factors = [&](costate_context *context) {
    std::vector<std::vector<T>> f(9, std::vector<T>(a.size()));
    std::vector<int32_t> perm(64 * 16);
    EXPECT_EQ(Calls<T>::lu(context, a.data(), f[0].data(), perm.data(), 64, 16), COSTATE_OK);
    EXPECT_EQ(Calls<T>::qr(context, a.data(), f[1].data(), f[2].data(), 32, 32, 16), COSTATE_OK);
    EXPECT_EQ(Calls<T>::eigh(context, a.data(), f[3].data(), f[4].data(), 64, 16), COSTATE_OK);
    EXPECT_EQ(Calls<T>::svd(context, a.data(), f[5].data(), f[6].data(), f[7].data(), 32, 32, 16), COSTATE_OK);
    f[8].assign(perm.begin(), perm.end());
    return f;
  };
  EXPECT_EQ(factors(this->context), factors(single));
  costate_context_destroy(single);
}

TYPED_TEST(FloatKernelsTest, WideMatricesAreRefused) {
  using T = TypeParam;
  std::vector<T> a(6), x(9), y(9), z(9);
  EXPECT_EQ(Calls<T>::qr(this->context, a.data(), x.data(), y.data(), 1, 2, 3), COSTATE_INVALID_ARGUMENT);
  EXPECT_STREQ(costate_context_last_error(this->context), "qr requires at least as many rows as columns, but got 2 and 3");
  EXPECT_EQ(Calls<T>::svd(this->context, a.data(), x.data(), y.data(), z.data(), 1, 3, 4), COSTATE_INVALID_ARGUMENT);
}

TYPED_TEST(SortTest, ArgsortIsStableAlongTheMiddleAxis) {
  using T = TypeParam;
  for (auto [outer, n, inner] : {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1}, {2, 17, 1}, {3, 10, 4}, {30, 200, 2}, {2, 0, 3}}) {
    std::vector<T> key(outer * n * inner);
    for (T &value : key)
      value = T(int(this->generator() % 9)) - T(4); // many ties
    std::vector<int32_t> perm(key.size(), -1);
    ASSERT_EQ(Calls<T>::argsort(this->context, key.data(), perm.data(), outer, n, inner), COSTATE_OK);
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        std::vector<int32_t> expected(n);
        std::iota(expected.begin(), expected.end(), 0);
        std::stable_sort(expected.begin(), expected.end(),
                         [&](int32_t a, int32_t b) { return key[(o * n + a) * inner + i] < key[(o * n + b) * inner + i]; });
        for (int64_t j = 0; j < n; ++j)
          ASSERT_EQ(perm[(o * n + j) * inner + i], expected[j]);
      }
  }
}

TYPED_TEST(SortTest, HandlesExtremes) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  std::vector<T> key{0, Limits::max(), Limits::lowest(), 1, T(-1)};
  std::vector<int32_t> perm(5);
  ASSERT_EQ(Calls<T>::argsort(this->context, key.data(), perm.data(), 1, 5, 1), COSTATE_OK);
  EXPECT_EQ(perm, (std::vector<int32_t>{2, 4, 0, 3, 1}));
  std::vector<T> values(2);
  std::vector<int32_t> indices(2);
  ASSERT_EQ(Calls<T>::topK(this->context, key.data(), values.data(), indices.data(), 1, 5, 2), COSTATE_OK);
  EXPECT_EQ(values, (std::vector<T>{Limits::max(), 1}));
  EXPECT_EQ(indices, (std::vector<int32_t>{1, 3}));
}

TYPED_TEST(FloatKernelsTest, SortPutsNanLastAndZerosTogether) {
  using T = TypeParam;
  T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  std::vector<T> key{nan, 0, T(-0.0), inf, -nan, -inf, T(-0.0), 0};
  std::vector<int32_t> perm(8);
  ASSERT_EQ(Calls<T>::argsort(this->context, key.data(), perm.data(), 1, 8, 1), COSTATE_OK);
  EXPECT_EQ(perm, (std::vector<int32_t>{5, 1, 2, 6, 7, 3, 0, 4}));
}

TYPED_TEST(FloatKernelsTest, TopKTakesLargestTiesInOrderAndNanFirst) {
  using T = TypeParam;
  T nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> x{3, 5, 5, 1, nan, 5, 2, 2, 2, 2, 2, 2}, values(2 * 4);
  std::vector<int32_t> indices(2 * 4);
  ASSERT_EQ(Calls<T>::topK(this->context, x.data(), values.data(), indices.data(), 2, 6, 4), COSTATE_OK);
  EXPECT_EQ(indices, (std::vector<int32_t>{4, 1, 2, 5, 0, 1, 2, 3}));
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(std::vector<T>(values.begin() + 1, values.end()), (std::vector<T>{5, 5, 5, 2, 2, 2, 2}));
  ASSERT_EQ(Calls<T>::topK(this->context, x.data(), values.data(), indices.data(), 2, 6, 0), COSTATE_OK);
  this->context->error.clear();
  EXPECT_EQ(Calls<T>::topK(this->context, x.data(), values.data(), indices.data(), 1, 6, 7), COSTATE_INVALID_ARGUMENT);
  EXPECT_STREQ(costate_context_last_error(this->context), "top_k requires 'k' to lie in [0, 6], but got 7");
}

// The k largest are those of a stable sort, whatever k is: with many that are equal, and with NaNs, infinities and zeros of both signs among floats.
TYPED_TEST(SortTest, TopKIsThatOfAStableSort) {
  using T = TypeParam;
  constexpr int64_t rows = 40, n = 133;
  std::vector<T> x(rows * n);
  for (int64_t i = 0; i < rows * n; ++i) {
    int64_t most = i / n % 4 == 0 ? 3 : 1000; // few values, or many
    x[i] = static_cast<T>(static_cast<int64_t>(this->generator() % (2 * most)) - most);
    if constexpr (std::is_floating_point_v<T>)
      if (i / n % 3 == 0 && this->generator() % 20 == 0)
        x[i] = std::array{T(NAN), T(-NAN), T(INFINITY), T(-INFINITY), T(0), -T(0)}[this->generator() % 6];
  }
  for (int64_t k : {0, 1, 2, 5, 16, 17, 133}) {
    std::vector<T> values(rows * k);
    std::vector<int32_t> indices(rows * k);
    ASSERT_EQ(Calls<T>::topK(this->context, x.data(), values.data(), indices.data(), rows, n, k), COSTATE_OK);
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<int32_t> order(n);
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        T u = x[row * n + a], v = x[row * n + b];
        return u > v || (u != u && v == v);
      });
      for (int64_t j = 0; j < k; ++j) {
        ASSERT_EQ(indices[row * k + j], order[j]) << "k = " << k << ", row " << row << ", place " << j;
        ASSERT_EQ(std::memcmp(&values[row * k + j], &x[row * n + order[j]], sizeof(T)), 0);
      }
    }
  }
}

TYPED_TEST(FloatKernelsTest, KernelsAllocateOnlyInTheirFirstCall) {
  using T = TypeParam;
  // One thread: of two, the second may come too late for the first call, and needs memory of its own in the next one.
  costate_context_destroy(this->context);
  ASSERT_EQ(costate_context_create(1, &this->context), COSTATE_OK);
  std::vector<T> key = this->random(4000);
  std::vector<int32_t> perm(4000);
  auto run = [&] {
    Calls<T>::argsort(this->context, key.data(), perm.data(), 1, 4000, 1);
    Calls<T>::fft(this->context, key.data(), key.data(), key.data(), key.data(), 10, 397, 0); // 397 is prime: with tables for a convolution
  };
  run();
  size_t reserved = this->context->scratch.reserved();
  EXPECT_GT(reserved, 0u);
  for (int i = 0; i < 10; ++i)
    run();
  EXPECT_EQ(this->context->scratch.reserved(), reserved);
}

TYPED_TEST(FloatKernelsTest, TakeAlongGathersAndRefusesBadIndices) {
  const int32_t x[] = {10, 11, 20, 21, 30, 31}, index[] = {2, 0, 1, 1}; // x[1, 3, 2], index[1, 2, 2]
  int32_t y[4];
  ASSERT_EQ(costate_take_along_b4(this->context, x, index, y, 1, 3, 2, 2), COSTATE_OK);
  EXPECT_EQ((std::vector<int32_t>{y, y + 4}), (std::vector<int32_t>{30, 11, 20, 21}));
  const uint8_t bytes[] = {7, 8, 9};
  uint8_t taken[2];
  ASSERT_EQ(costate_take_along_b1(this->context, bytes, index, taken, 1, 3, 2, 1), COSTATE_OK);
  EXPECT_EQ(taken[0], 9);
  EXPECT_EQ(taken[1], 7);
  const double wide[] = {0.5, 1.5, 2.5};
  double wideTaken[2];
  ASSERT_EQ(costate_take_along_b8(this->context, wide, index, wideTaken, 1, 3, 2, 1), COSTATE_OK);
  EXPECT_EQ(wideTaken[0], 2.5);
  const int32_t bad[] = {0, 3};
  this->context->error.clear();
  EXPECT_EQ(costate_take_along_b2(this->context, x, bad, y, 1, 3, 2, 1), COSTATE_INVALID_ARGUMENT);
  EXPECT_STREQ(costate_context_last_error(this->context), "take_along requires indices in [0, 3), but got 3");
}

} // namespace
