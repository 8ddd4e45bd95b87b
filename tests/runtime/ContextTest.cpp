// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contexts: errors, threads, scratch memory, and the functions that Halide's kernels call.
#include "costate/runtime/Context.h"
#include "costate/runtime/Philox.h"
#include "costate/runtime/Symbols.h"

#include <HalideRuntime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace costate::runtime;

// Tests ask for more memory than there is, and want nullptr for an answer, not the sanitizer's report.
extern "C" const char *__asan_default_options() { return "allocator_may_return_null=1"; }

namespace {

class ContextTest : public testing::TestWithParam<int> {
protected:
  void SetUp() override { ASSERT_EQ(costate_context_create(GetParam(), &context), COSTATE_OK); }
  void TearDown() override { costate_context_destroy(context); }
  costate_context *context = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Threads, ContextTest, testing::Values(1, 2, 5));

// What a loop over `visits` writes: each item adds one to its place.
int32_t visit(costate_context *, int64_t index, void *closure) {
  reinterpret_cast<std::atomic<int> *>(closure)[index].fetch_add(1);
  return COSTATE_OK;
}

TEST_P(ContextTest, RefusesWhatARequirementForbids) {
  const uint8_t yes = 1, no = 0;
  const double half = 0.1f, large = 1e20;
  EXPECT_EQ(costate_require(context, "requires a < b", &yes, &half, &large, 2), COSTATE_OK);
  EXPECT_EQ(costate_require(context, "requires a", &no, nullptr, nullptr, 0), COSTATE_REQUIREMENT);
  EXPECT_STREQ(costate_context_last_error(context), "requires a");
  context->error.clear(); // as the next call does
  EXPECT_EQ(costate_require(context, "requires a < b", &no, &half, &large, 2), COSTATE_REQUIREMENT);
  EXPECT_STREQ(costate_context_last_error(context), "requires a < b, but got 0.1 and 1e+20");
  EXPECT_EQ(costate_context_last_code(context), COSTATE_REQUIREMENT);
  EXPECT_STREQ(costate_code_name(COSTATE_REQUIREMENT), "requirement not met");
}

std::string textOf(const costate_array &array) {
  char text[256];
  int64_t size = costate_array_text("x", &array, text, sizeof text);
  EXPECT_EQ(size, std::string(text).size());
  return text;
}

TEST(ReportTest, WritesArraysAsLines) {
  float numbers[] = {0.1f, -0.0f, 1e-30f, INFINITY, NAN, 3};
  int64_t shape[] = {2, 3}, none[] = {2, 0}, count = 42;
  EXPECT_EQ(textOf({numbers, COSTATE_F32, 0, nullptr}), "x = 0.1");
  EXPECT_EQ(textOf({numbers, COSTATE_F32, 2, shape}), "x = f32[2, 3] [[0.1, -0, 1e-30], [inf, nan, 3]]");
  EXPECT_EQ(textOf({numbers, COSTATE_F32, 2, none}), "x = f32[2, 0] [[], []]");
  EXPECT_EQ(textOf({&count, COSTATE_I64, 0, nullptr}), "x = 42");
  uint8_t flags[] = {1, 0}, bytes[] = {200, 7};
  EXPECT_EQ(textOf({flags, COSTATE_I1, 1, shape}), "x = i1[2] [true, false]");
  EXPECT_EQ(textOf({bytes, COSTATE_U8, 1, shape}), "x = u8[2] [200, 7]");
  EXPECT_EQ(textOf({bytes, COSTATE_I8, 1, shape}), "x = i8[2] [-56, 7]");
  std::vector<int32_t> many(14);
  std::iota(many.begin(), many.end(), 0);
  int64_t six = 6, wide[] = {2, 7};
  EXPECT_EQ(textOf({many.data(), COSTATE_I32, 1, &six}), "x = i32[6] [0, 1, 2, 3, 4, 5]");
  EXPECT_EQ(textOf({many.data(), COSTATE_I32, 2, wide}), "x = i32[2, 7] [[0, 1, 2, ..., 4, 5, 6], [7, 8, 9, ..., 11, 12, 13]]");
  char cut[6];
  costate_array array{many.data(), COSTATE_I32, 1, &six};
  EXPECT_EQ(costate_array_text("x", &array, cut, sizeof cut), 29);
  EXPECT_STREQ(cut, "x = i");
}

TEST_P(ContextTest, ShowsThePrinterWhatAModelPrints) {
  std::vector<std::string> seen;
  auto printer = [](void *user, const char *name, const costate_array *value) {
    static_cast<std::vector<std::string> *>(user)->push_back(std::string(name) + ": " + textOf(*value));
  };
  double numbers[] = {1, 2, 3, 4};
  costate_context_set_printer(context, printer, &seen);
  EXPECT_EQ(costate_print(context, "a", numbers, COSTATE_F64, 2, 2, 2, 0, 0, 0, 0, 0, 0), COSTATE_OK);
  EXPECT_EQ(costate_print(context, "b", numbers + 3, COSTATE_F64, 0, 0, 0, 0, 0, 0, 0, 0, 0), COSTATE_OK);
  costate_context_set_printer(context, nullptr, nullptr);
  testing::internal::CaptureStderr();
  EXPECT_EQ(costate_print(context, "c", numbers, COSTATE_F64, 1, 2, 0, 0, 0, 0, 0, 0, 0), COSTATE_OK);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "c = f64[2] [1, 2]\n");
  EXPECT_EQ(seen, (std::vector<std::string>{"a: x = f64[2, 2] [[1, 2], [3, 4]]", "b: x = 4"}));
}

TEST(ContextCreateTest, RefusesImpossibleThreadCounts) {
  costate_context *context = reinterpret_cast<costate_context *>(1);
  EXPECT_EQ(costate_context_create(-1, &context), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(context, nullptr);
  EXPECT_EQ(costate_context_create(1025, &context), COSTATE_INVALID_ARGUMENT);
  costate_context_destroy(nullptr);
}

TEST(ContextCreateTest, ZeroThreadsMeansAllCpus) {
  costate_context *context;
  ASSERT_EQ(costate_context_create(0, &context), COSTATE_OK);
  EXPECT_GE(costate_context_threads(context), 1);
  costate_context_destroy(context);
}

TEST(ContextCreateTest, NamesCodesAndTypes) {
  EXPECT_STREQ(costate_code_name(COSTATE_NON_FINITE), "non-finite loss");
  EXPECT_STREQ(costate_code_name(77), "unknown code");
  EXPECT_STREQ(costate_type_name(COSTATE_BF16), "bf16");
  EXPECT_STREQ(costate_type_name(9), "?");
  EXPECT_EQ(costate_type_size(COSTATE_I1), 1);
  EXPECT_EQ(costate_type_size(-1), 0);
}

TEST_P(ContextTest, RunsEachItemOnce) {
  for (int64_t count : {0, 1, 2, 3, 64, 5000}) {
    std::vector<std::atomic<int>> visits(count + 1);
    ASSERT_EQ(costate_parallel_for(context, visit, count, visits.data()), COSTATE_OK);
    for (int64_t i = 0; i < count; ++i)
      ASSERT_EQ(visits[i], 1) << i << " of " << count;
    ASSERT_EQ(visits[count], 0);
  }
}

TEST_P(ContextTest, RunsManyShortLoops) { // workers arrive early, late, or asleep
  std::vector<std::atomic<int>> visits(3);
  for (int loop = 0; loop < 20000; ++loop)
    costate_parallel_for(context, visit, 3, visits.data());
  EXPECT_EQ(visits[0] + visits[1] + visits[2], 60000);
  EXPECT_EQ(visits[2], 20000);
}

TEST_P(ContextTest, WakesSleepingWorkers) {
  std::vector<std::atomic<int>> visits(64);
  for (int loop = 0; loop < 20; ++loop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    costate_parallel_for(context, visit, 64, visits.data());
  }
  for (std::atomic<int> &count : visits)
    EXPECT_EQ(count, 20);
}

TEST_P(ContextTest, UsesAllThreads) {
  // Each item waits until as many threads as the pool has are inside the loop: it ends only if all take part.
  std::atomic<int> inside{0};
  auto wait = [](costate_context *context, int64_t, void *closure) -> int32_t {
    auto &inside = *static_cast<std::atomic<int> *>(closure);
    ++inside;
    while (inside < costate_context_threads(context))
      std::this_thread::yield();
    return COSTATE_OK;
  };
  EXPECT_EQ(costate_parallel_for(context, wait, GetParam(), &inside), COSTATE_OK);
}

TEST_P(ContextTest, NestedLoopsRunOnTheirCaller) {
  std::vector<std::atomic<int>> visits(8 * 8);
  auto outer = [](costate_context *context, int64_t index, void *closure) -> int32_t {
    struct Inner {
      std::atomic<int> *row;
      std::thread::id caller;
    } inner{static_cast<std::atomic<int> *>(closure) + 8 * index, std::this_thread::get_id()};
    auto body = [](costate_context *, int64_t index, void *closure) -> int32_t {
      Inner &inner = *static_cast<Inner *>(closure);
      ++inner.row[index];
      return inner.caller == std::this_thread::get_id() ? COSTATE_OK : COSTATE_INTERNAL;
    };
    return costate_parallel_for(context, body, 8, &inner);
  };
  EXPECT_EQ(costate_parallel_for(context, outer, 8, visits.data()), COSTATE_OK);
  for (std::atomic<int> &count : visits)
    EXPECT_EQ(count, 1);
}

TEST_P(ContextTest, FailureSkipsTheRestAndReturnsItsCode) {
  std::atomic<int> ran{0};
  auto body = [](costate_context *context, int64_t index, void *closure) -> int32_t {
    ++*static_cast<std::atomic<int> *>(closure);
    return index == 0 ? costate_fail(context, COSTATE_INVALID_ARGUMENT, "item 0 is refused") : COSTATE_OK;
  };
  context->error.clear();
  EXPECT_EQ(costate_parallel_for(context, body, 1000000, &ran), COSTATE_INVALID_ARGUMENT);
  EXPECT_LT(ran, 1000000);
  EXPECT_STREQ(costate_context_last_error(context), "item 0 is refused");
  ran = 0;
  EXPECT_EQ(costate_parallel_for(context, visit, 1, &ran), COSTATE_OK); // the pool goes on
}

TEST_P(ContextTest, LowestFailureDecides) {
  auto body = [](costate_context *, int64_t index, void *) -> int32_t { return static_cast<int32_t>(100 + index); };
  int32_t code = costate_parallel_for(context, body, GetParam(), nullptr);
  if (GetParam() == 1)
    EXPECT_EQ(code, 100);
  EXPECT_GE(code, 100);
  EXPECT_LT(code, 100 + GetParam());
}

TEST_P(ContextTest, KeepsTheFirstOfSeveralErrors) {
  context->error.clear();
  EXPECT_EQ(costate_fail(context, COSTATE_IO, "first"), COSTATE_IO);
  EXPECT_EQ(costate_fail(context, COSTATE_INTERNAL, "second"), COSTATE_INTERNAL);
  EXPECT_STREQ(costate_context_last_error(context), "first");
  EXPECT_EQ(costate_context_last_code(context), COSTATE_IO);
}

TEST_P(ContextTest, CutsLongMessages) {
  context->error.clear();
  costate_fail(context, COSTATE_IO, std::string(5000, 'x').c_str());
  EXPECT_EQ(std::string(costate_context_last_error(context)), std::string(1023, 'x'));
}

// ==== Scratch =======================================================================================================================

TEST(ScratchTest, BlocksAreAlignedDistinctAndUsable) {
  Scratch scratch;
  std::set<void *> seen;
  for (size_t bytes : {0, 1, 63, 64, 65, 255, 256, 257, 1000, 4096, 100000, 100000}) {
    void *memory = scratch.allocate(bytes);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(memory) % COSTATE_ALIGNMENT, 0u);
    ASSERT_TRUE(seen.insert(memory).second);
    std::memset(memory, 0xab, (bytes + 63) / 64 * 64);
  }
}

TEST(ScratchTest, SteadyStateTakesNothingFromTheSystem) {
  Scratch scratch;
  auto step = [&] {
    void *a = scratch.allocate(1000), *b = scratch.allocate(1000), *c = scratch.allocate(70000);
    scratch.release(b);
    scratch.release(nullptr);
    scratch.release(c);
    scratch.release(a);
  };
  step();
  size_t reserved = scratch.reserved();
  EXPECT_GT(reserved, 72000u);
  EXPECT_LT(reserved, 100000u);
  for (int i = 0; i < 100; ++i)
    step();
  EXPECT_EQ(scratch.reserved(), reserved);
}

TEST(ScratchTest, RefusesAbsurdSizes) {
  Scratch scratch;
  EXPECT_EQ(scratch.allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(scratch.allocate(SIZE_MAX / 8), nullptr);
}

// ==== Halide's functions ============================================================================================================

TEST_P(ContextTest, HalideLoopsPassContextMinimumAndClosure) {
  struct Closure {
    void *context;
    std::atomic<int> sum{0}, wrong{0};
  } closure{context};
  auto task = [](void *userContext, int index, uint8_t *data) -> int {
    Closure &closure = *reinterpret_cast<Closure *>(data);
    closure.sum += index;
    closure.wrong += userContext != closure.context;
    return 0;
  };
  EXPECT_EQ(halide_do_par_for(context, task, 10, 5, reinterpret_cast<uint8_t *>(&closure)), 0);
  EXPECT_EQ(closure.sum, 10 + 11 + 12 + 13 + 14);
  EXPECT_EQ(closure.wrong, 0);
  auto failing = [](void *, int index, uint8_t *) -> int { return index == 12 ? -7 : 0; };
  EXPECT_EQ(halide_do_par_for(context, failing, 10, 5, nullptr), -7);
}

TEST_P(ContextTest, HalideMemoryComesFromTheContext) {
  void *memory = halide_malloc(context, 5000);
  ASSERT_NE(memory, nullptr);
  halide_free(context, memory);
  size_t reserved = context->scratch.reserved();
  EXPECT_GE(reserved, 5000u);
  void *again = halide_malloc(context, 5000);
  EXPECT_EQ(again, memory);
  halide_free(context, again);
  EXPECT_EQ(context->scratch.reserved(), reserved);
}

TEST_P(ContextTest, HalideErrorsBecomeMessages) {
  context->error.clear();
  halide_error(context, "something broke");
  EXPECT_STREQ(costate_context_last_error(context), "kernel: something broke");
  EXPECT_EQ(costate_context_last_code(context), COSTATE_INTERNAL);
  context->error.clear();
  EXPECT_EQ(halide_error_access_out_of_bounds(context, "x", 1, 0, 9, 0, 7), COSTATE_INTERNAL);
  EXPECT_STREQ(costate_context_last_error(context), "kernel: requires axis 1 of 'x' to cover [0, 9], but got [0, 7]");
  context->error.clear();
  EXPECT_EQ(halide_error_out_of_memory(context), COSTATE_OUT_OF_MEMORY);
}

TEST(StoreRowTest, CopiesRowsOfAnyLengthToAnyPlace) {
  std::vector<uint8_t> row(700);
  std::iota(row.begin(), row.end(), uint8_t(1));
  for (int64_t all : {int64_t(700), int64_t(1) << 40}) // through the caches, and past them
    for (size_t at : {0, 1, 60, 64, 100})
      for (size_t bytes : {0, 3, 63, 64, 65, 130, 257, 700}) {
        std::vector<uint8_t> expected(1000, 0), array(expected);
        std::copy_n(row.begin(), bytes, expected.begin() + at);
        EXPECT_EQ(costate_store_row(array.data() + at, row.data(), bytes, all), COSTATE_OK);
        EXPECT_EQ(array, expected) << bytes << " bytes at " << at << " of " << all;
      }
}

TEST(SymbolsTest, HoldDifferentFunctionsByName) {
  std::set<std::string> names;
  std::set<void *> addresses;
  for (const Symbol &symbol : symbols()) {
    EXPECT_TRUE(names.insert(symbol.name).second) << symbol.name;
    addresses.insert(symbol.address);
    if (std::string(symbol.name) == "halide_malloc")
      EXPECT_EQ(symbol.address, reinterpret_cast<void *>(&halide_malloc));
  }
  EXPECT_EQ(names.size(), addresses.size());
  EXPECT_TRUE(names.contains("costate_cholesky_f64"));
  EXPECT_TRUE(names.contains("halide_do_par_for"));
}

// ==== Philox ========================================================================================================================

TEST(PhiloxTest, KnownAnswers) { // Random123's kat_vectors, philox4x32 10
  using Bits = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Bits{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Bits{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Bits{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
  EXPECT_EQ(philox64({0, 0, 0, 0}, 0), 0xe169c58d6627e8d5u);
}

} // namespace
