// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DLPack descriptors of strangers, whose shape and strides end where their memory does: one is refused with a message, or it is a compact array of the CPU.
// Then the other way: whatever array of a handle a name means is described as one that is taken back.
#include "costate/runtime/costate_dlpack.h"
#include "costate/tests/runtime/LinearModel.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fuzzer/FuzzedDataProvider.h>

using namespace costate;

static void require(bool holds) {
  if (!holds)
    std::abort();
}

/// What the header promises about an array that is taken, told another way: the place of the last element counts all elements.
static void checkTaken(const DLTensor &tensor, const costate_array &array) {
  require(tensor.device.device_type == kDLCPU || tensor.device.device_type == kDLCUDAHost);
  require(costate_type_size(array.type) * 8 == tensor.dtype.bits && tensor.dtype.lanes == 1 && array.rank == tensor.ndim);
  __int128 count = 1, last = 0;
  for (int32_t axis = 0; axis < tensor.ndim; ++axis) {
    require(tensor.shape[axis] >= 0 && array.shape[axis] == tensor.shape[axis]);
    count *= tensor.shape[axis];
  }
  if (count == 0)
    return;
  __int128 inner = count;
  for (int32_t axis = 0; axis < tensor.ndim; ++axis) {
    inner /= tensor.shape[axis];
    last += (tensor.shape[axis] - 1) * (tensor.strides ? __int128(tensor.strides[axis]) : inner);
  }
  require(last == count - 1 && tensor.data &&
          reinterpret_cast<uintptr_t>(array.data) == reinterpret_cast<uintptr_t>(tensor.data) + tensor.byte_offset);
  require(reinterpret_cast<uintptr_t>(array.data) % costate_type_size(array.type) == 0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static costate_context *context = nullptr;
  static costate_model *model = nullptr;
  static const int64_t rows = 4;
  if (!model)
    require(costate_context_create(1, &context) == COSTATE_OK && costate_model_create(context, &linear::info, &rows, &model) == COSTATE_OK);
  FuzzedDataProvider input(data, size);
  DLTensor tensor{};
  static constexpr int64_t extents[] = {0, 1, 2, 3, 4, -1, int64_t(1) << 31, int64_t(1) << 40, INT64_MAX, INT64_MIN};
  auto number = [&] { return input.ConsumeBool() ? input.PickValueInArray(extents) : input.ConsumeIntegral<int64_t>(); };
  int32_t rank = input.ConsumeIntegralInRange<int32_t>(0, 6);
  std::vector<int64_t> shape(rank), strides(rank);
  for (int64_t &extent : shape)
    extent = number();
  int64_t stride = 1; // mostly those of a compact array
  for (int32_t axis = rank; axis-- > 0; stride = static_cast<int64_t>(uint64_t(stride) * uint64_t(shape[axis])))
    strides[axis] = input.ConsumeIntegralInRange(0, 7) == 0 ? number() : stride;
  alignas(64) static std::byte memory[256];
  tensor.data = input.ConsumeBool() ? memory : reinterpret_cast<void *>(input.ConsumeIntegral<uintptr_t>());
  tensor.byte_offset = input.ConsumeBool() ? 4 * input.ConsumeIntegralInRange<uint64_t>(0, 8) : input.ConsumeIntegral<uint64_t>();
  tensor.device = {static_cast<DLDeviceType>(input.ConsumeBool() ? 1 : input.ConsumeIntegral<int32_t>()), input.ConsumeIntegral<int32_t>()};
  tensor.ndim = input.ConsumeIntegralInRange(0, 31) == 0 ? -rank - 1 : rank;
  tensor.dtype = {input.ConsumeIntegralInRange<uint8_t>(0, 8), static_cast<uint8_t>(8 << input.ConsumeIntegralInRange(0, 4)), 1};
  if (input.ConsumeIntegralInRange(0, 15) == 0)
    tensor.dtype = {input.ConsumeIntegral<uint8_t>(), input.ConsumeIntegral<uint8_t>(), input.ConsumeIntegral<uint16_t>()};
  bool isShapeThere = input.ConsumeIntegralInRange(0, 15) != 0;
  tensor.shape = isShapeThere && rank > 0 ? shape.data() : nullptr;
  tensor.strides = input.ConsumeBool() && rank > 0 ? strides.data() : nullptr;

  costate_array array{};
  int32_t code = costate_array_from_dlpack(context, &tensor, &array);
  require((code == COSTATE_OK) == (*costate_context_last_error(context) == 0));
  if (code == COSTATE_OK) {
    checkTaken(tensor, array);
    // As an argument it is what its shape says, if it lies in memory that is there.
    auto *begin = static_cast<std::byte *>(array.data);
    if (tensor.data == memory && tensor.byte_offset <= 64 && array.rank == 2 && array.shape[0] <= rows && array.shape[1] == 3) {
      require(begin + 4 * 3 * rows <= memory + sizeof memory);
      float p[rows], odd[2 * rows + 1];
      int64_t pShape[] = {array.shape[0]}, oddShape[] = {2 * array.shape[0] + 1};
      costate_array results[] = {{p, COSTATE_F32, 1, pShape}, {odd, COSTATE_F32, 1, oddShape}};
      require((costate_model_call(model, "predict", &array, 1, results, 2) == COSTATE_OK) == (array.type == COSTATE_F32));
    }
  }

  const std::string name =
      input.ConsumeBool() ? input.PickValueInArray({"f", "f.w", "f.b", "f.m", "t", "f.m/f.w"}) : input.ConsumeRemainingBytesAsString();
  DLManagedTensorVersioned *managed = nullptr;
  code = costate_model_dlpack(model, name.c_str(), &managed);
  require((code == COSTATE_OK) == (managed != nullptr));
  if (managed) {
    costate_array taken{}, expected{};
    require(costate_array_from_dlpack(context, &managed->dl_tensor, &taken) == COSTATE_OK &&
            costate_model_array(model, name.c_str(), &expected) == COSTATE_OK);
    require(taken.data == expected.data && taken.type == expected.type && taken.rank == expected.rank);
    checkTaken(managed->dl_tensor, taken);
    managed->deleter(managed);
  }
  return 0;
}
