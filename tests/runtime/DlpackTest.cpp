// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DLPack tensors of a handle, and calls on tensors of others. With NumPy on the other side: tests/api/dlpack.test.
#include "costate/runtime/costate_dlpack.h"

#include "HostAllocator.h"
#include "LinearModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace costate;
using testing::ElementsAre;

namespace {

class DlpackTest : public testing::Test {
protected:
  void SetUp() override {
    costate_context_options options{};
    options.allocate = HostAllocator::allocate;
    options.release = HostAllocator::release;
    options.memory = &allocator;
    options.threads = 1;
    ASSERT_EQ(costate_context_create_with(&options, &context), COSTATE_OK);
    ASSERT_EQ(costate_model_create(context, &linear::info, nullptr, &model), COSTATE_OK);
  }
  void TearDown() override {
    costate_model_destroy(model);
    costate_context_destroy(context);
    EXPECT_EQ(allocator.blocks.size(), 0u);
    EXPECT_EQ(allocator.wrong, 0);
  }
  DLManagedTensorVersioned *tensor(const char *name) {
    DLManagedTensorVersioned *out = nullptr;
    EXPECT_EQ(costate_model_dlpack(model, name, &out), COSTATE_OK) << costate_context_last_error(context);
    return out;
  }
  /// The message about a tensor, or "" and the array.
  std::string take(const DLTensor &tensor) {
    int32_t code = costate_array_from_dlpack(context, &tensor, &array);
    EXPECT_EQ(code == COSTATE_OK, std::string(costate_context_last_error(context)).empty());
    return costate_context_last_error(context);
  }

  HostAllocator allocator;
  costate_context *context = nullptr;
  costate_model *model = nullptr;
  costate_array array{};
};

TEST_F(DlpackTest, IsTheMemoryOfTheHandle) {
  DLManagedTensorVersioned *w = tensor("f.w"), *arena = tensor("f"), *t = tensor("t"), *b = tensor("f.b");
  costate_array expected;
  ASSERT_EQ(costate_model_array(model, "f.w", &expected), COSTATE_OK);
  const DLTensor &view = w->dl_tensor;
  EXPECT_EQ(view.data, expected.data);
  EXPECT_EQ(view.byte_offset, 0u);
  EXPECT_EQ(w->version.major, 1u);
  EXPECT_EQ(w->flags, 0u);
  EXPECT_EQ(view.device.device_type, kDLCPU);
  EXPECT_EQ(view.dtype.code, kDLFloat);
  EXPECT_EQ(view.dtype.bits, 32);
  EXPECT_EQ(view.dtype.lanes, 1);
  ASSERT_EQ(view.ndim, 1);
  EXPECT_EQ(view.shape[0], 3);
  EXPECT_EQ(view.strides[0], 1);
  EXPECT_EQ(arena->dl_tensor.shape[0], linear::kArena);
  EXPECT_EQ(t->dl_tensor.ndim, 0);
  EXPECT_EQ(t->dl_tensor.dtype.bits, 64);
  EXPECT_EQ(b->dl_tensor.data, static_cast<float *>(view.data) + linear::kB);
  for (DLManagedTensorVersioned *managed : {w, arena, t, b})
    managed->deleter(managed);
}

TEST_F(DlpackTest, OutlivesTheHandleAndItsContext) {
  DLManagedTensorVersioned *w = tensor("f.w"), *again = tensor("f");
  costate_model_destroy(std::exchange(model, nullptr));
  costate_context_destroy(std::exchange(context, nullptr));
  EXPECT_EQ(allocator.blocks.size(), 1u); // the slot
  auto *values = static_cast<float *>(w->dl_tensor.data);
  EXPECT_THAT(std::vector<float>(values, values + 3), ElementsAre(0, 1, 2));
  w->deleter(w);
  EXPECT_EQ(allocator.blocks.size(), 1u);
  again->deleter(again);
}

TEST_F(DlpackTest, UnknownNamesAreErrors) {
  DLManagedTensorVersioned *out = reinterpret_cast<DLManagedTensorVersioned *>(1);
  EXPECT_EQ(costate_model_dlpack(model, "f.q", &out), COSTATE_NOT_FOUND);
  EXPECT_EQ(out, nullptr);
  EXPECT_EQ(costate_model_dlpack(model, nullptr, &out), COSTATE_INVALID_ARGUMENT);
  EXPECT_STREQ(costate_context_last_error(context), "requires the name of a parameter or state, but got NULL");
}

TEST_F(DlpackTest, TensorsAreArgumentsOfACall) {
  float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, y[2] = {};
  float odd[5];
  int64_t xShape[] = {2, 3}, yShape[] = {2}, oddShape[] = {5}, xStrides[] = {3, 1};
  DLDataType f32{kDLFloat, 32, 1};
  DLTensor tensors[] = {{x, {kDLCPU, 0}, 2, f32, xShape, xStrides, 0},
                        {reinterpret_cast<char *>(y) - 4, {kDLCPU, 0}, 1, f32, yShape, nullptr, 4},
                        {odd, {kDLCPU, 0}, 1, f32, oddShape, nullptr, 0}};
  costate_array arrays[3];
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(costate_array_from_dlpack(context, &tensors[i], &arrays[i]), COSTATE_OK);
  const int64_t rows = 2;
  ASSERT_EQ(costate_model_reserve(model, &rows), COSTATE_OK);
  ASSERT_EQ(costate_model_call(model, "predict", arrays, 1, arrays + 1, 2), COSTATE_OK) << costate_context_last_error(context);
  EXPECT_THAT(y, ElementsAre(0 * 1 + 1 * 2 + 2 * 3 + 0.5f, 0 * 4 + 1 * 5 + 2 * 6 + 0.5f));
}

TEST_F(DlpackTest, RefusesWhatIsNoCompactArrayOfTheCpu) {
  alignas(64) char memory[512] = {};
  int64_t shape[] = {2, 3, 1, 4}, empty[] = {0, 5}, negative[] = {-1}, huge[] = {int64_t(1) << 40, int64_t(1) << 40};
  int64_t transposed[] = {3, 1, 77, 6}, compact[] = {12, 4, -5, 1};
  const DLTensor good{memory, {kDLCPU, 0}, 4, {kDLFloat, 32, 1}, shape, nullptr, 0};
  DLTensor tensor = good;
  EXPECT_EQ(take(tensor), "");
  EXPECT_EQ(array.type, COSTATE_F32);
  EXPECT_EQ(array.shape, shape);
  tensor.strides = compact; // of an axis of extent 1 any stride will do
  EXPECT_EQ(take(tensor), "");
  tensor.strides = transposed;
  EXPECT_EQ(take(tensor), "requires a compact row-major tensor, with strides [12, 4, 4, 1] for f32[2, 3, 1, 4], but got [3, 1, 77, 6]; make it contiguous");
  tensor = good;
  tensor.device.device_type = kDLCUDA;
  EXPECT_EQ(take(tensor), "requires a tensor on device 'cpu' (DLPack's 1), but got one on device type 2");
  tensor.device.device_type = static_cast<DLDeviceType>(17); // of a later version
  EXPECT_EQ(take(tensor), "requires a tensor on device 'cpu' (DLPack's 1), but got one on device type 17");
  tensor = good;
  tensor.byte_offset = 6;
  EXPECT_EQ(take(tensor), "requires data aligned to its elements of 4 bytes, but got an address that is 2 beyond; byte_offset is 6");
  tensor = good;
  tensor.data = memory + 1;
  EXPECT_EQ(take(tensor), "requires data aligned to its elements of 4 bytes, but got an address that is 1 beyond; byte_offset is 0");
  tensor = good;
  tensor.data = nullptr;
  EXPECT_EQ(take(tensor), "requires memory for f32[2, 3, 1, 4], but its pointer is NULL");
  tensor.byte_offset = 64;
  EXPECT_EQ(take(tensor), "requires memory for f32[2, 3, 1, 4], but its pointer is NULL");
  tensor.shape = empty;
  tensor.ndim = 2;
  EXPECT_EQ(take(tensor), "");
  tensor = good;
  tensor.shape = negative;
  tensor.ndim = 1;
  EXPECT_EQ(take(tensor), "requires a tensor whose extents are sizes, but got f32[-1]");
  tensor.shape = huge;
  tensor.ndim = 2;
  EXPECT_EQ(take(tensor), "requires a tensor whose extents are sizes, but got f32[1099511627776, 1099511627776]");
  tensor = good;
  tensor.shape = nullptr;
  EXPECT_EQ(take(tensor), "requires a tensor with a shape, but got 4 axes and no extents");
  EXPECT_EQ(costate_array_from_dlpack(context, nullptr, &array), COSTATE_INVALID_ARGUMENT);
}

TEST_F(DlpackTest, KnowsEveryType) {
  alignas(64) char memory[64] = {};
  const std::pair<DLDataType, costate_type> known[] = {
      {{kDLFloat, 32, 1}, COSTATE_F32}, {{kDLFloat, 64, 1}, COSTATE_F64}, {{kDLInt, 32, 1}, COSTATE_I32},   {{kDLInt, 64, 1}, COSTATE_I64},  {{kDLInt, 8, 1}, COSTATE_I8},
      {{kDLUInt, 8, 1}, COSTATE_U8},    {{kDLBool, 8, 1}, COSTATE_I1},    {{kDLBfloat, 16, 1}, COSTATE_BF16}, {{kDLFloat, 16, 1}, COSTATE_F16}};
  for (auto [type, expected] : known) {
    EXPECT_EQ(take({memory, {kDLCPU, 0}, 0, type, nullptr, nullptr, 0}), "");
    EXPECT_EQ(array.type, expected);
    EXPECT_EQ(costate_type_size(array.type), type.bits / 8);
  }
  for (auto [type, words] : {std::pair<DLDataType, const char *>{{kDLInt, 16, 1}, "i16"}, {{kDLFloat, 32, 4}, "f32 x 4"}, {{kDLComplex, 64, 1}, "complex64"}, {{77, 8, 1}, "type 77 of 8"}}) {
    DLTensor tensor{memory, {kDLCPU, 0}, 0, type, nullptr, nullptr, 0};
    EXPECT_EQ(costate_array_from_dlpack(context, &tensor, &array), COSTATE_UNIMPLEMENTED);
    EXPECT_EQ(std::string(costate_context_last_error(context)),
              std::string("requires a tensor of f32, f64, i32, i64, i8, u8, bool, bf16 or f16, but got ") + words);
  }
}

} // namespace
