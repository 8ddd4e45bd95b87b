// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Model.h"
#include "costate/runtime/costate_dlpack.h"

#include <algorithm>

using namespace costate::runtime;

// ==== Types =========================================================================================================================

/// By costate_type.
static constexpr DLDataType kTypes[] = {{kDLFloat, 32, 1}, {kDLFloat, 64, 1}, {kDLInt, 32, 1},    {kDLInt, 64, 1},  {kDLInt, 8, 1},
                                        {kDLUInt, 8, 1},   {kDLBool, 8, 1},   {kDLBfloat, 16, 1}, {kDLFloat, 16, 1}};

static bool operator==(const DLDataType &a, const DLDataType &b) { return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes; }

static std::string typeText(const DLDataType &type) {
  static constexpr const char *names[] = {"i", "u", "f", "opaque", "bf", "complex", "bool"};
  std::string name = type.code < std::size(names) ? names[type.code] : text("type ", int(type.code), " of ");
  return text(name, int(type.bits), type.lanes == 1 ? "" : text(" x ", int(type.lanes)));
}

/// Calls visit(axis, stride) for the strides of a compact row-major array, last axis first.
template <typename Visit>
static void forEachStride(std::span<const int64_t> shape, Visit visit) {
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis])
    visit(axis, stride);
}

// ==== Out ===========================================================================================================================

namespace {
/// A tensor that keeps the memory that it is in.
struct BorrowedTensor {
  std::shared_ptr<std::byte> memory;
  std::vector<int64_t> shape, strides;
  DLManagedTensorVersioned managed{};
};
} // namespace

int32_t costate_model_dlpack(costate_model *model, const char *name, DLManagedTensorVersioned **out) {
  *out = nullptr;
  return guarded(model->context, [&]() -> Status {
    Result<NamedTensor> found = model->findTensor(name);
    if (!found.ok())
      return found.status();
    const costate_array &array = found->array;
    auto borrowed = std::make_unique<BorrowedTensor>();
    borrowed->memory = model->slots[found->slot].share();
    borrowed->shape.assign(array.shape, array.shape + array.rank); // the descriptor may go before the tensor
    borrowed->strides.resize(array.rank);
    forEachStride(borrowed->shape, [&](size_t axis, int64_t stride) { borrowed->strides[axis] = stride; });
    DLManagedTensorVersioned &managed = borrowed->managed;
    managed.version = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
    managed.manager_ctx = borrowed.get();
    managed.deleter = [](DLManagedTensorVersioned *self) { delete static_cast<BorrowedTensor *>(self->manager_ctx); };
    managed.dl_tensor = {array.data, {kDLCPU, 0}, array.rank, kTypes[array.type], borrowed->shape.data(), borrowed->strides.data(), 0};
    *out = &borrowed.release()->managed;
    return {};
  });
}

// ==== In ============================================================================================================================

static Status fromTensor(const DLTensor &tensor, costate_array &out) {
  if (tensor.device.device_type != kDLCPU && tensor.device.device_type != kDLCUDAHost)
    return invalidArgument("requires a tensor on device 'cpu' (DLPack's 1), but got one on device type ", int(tensor.device.device_type));
  if (tensor.ndim < 0 || (tensor.ndim > 0 && !tensor.shape))
    return invalidArgument("requires a tensor with a shape, but got ", tensor.ndim, " axes", tensor.shape ? "" : " and no extents");
  auto type = std::find(std::begin(kTypes), std::end(kTypes), tensor.dtype);
  if (type == std::end(kTypes))
    return unimplemented("requires a tensor of f32, f64, i32, i64, i8, u8, bool, bf16 or f16, but got ", typeText(tensor.dtype));
  // As a number: nobody has said yet that there is memory.
  out = {reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(tensor.data) + tensor.byte_offset), static_cast<int32_t>(type - kTypes),
         tensor.ndim, tensor.shape};
  std::span<const int64_t> shape(tensor.shape, tensor.ndim);
  int64_t count = elementCount(shape);
  std::string found = typeText(out.type, shape);
  if (count < 0)
    return invalidArgument("requires a tensor whose extents are sizes, but got ", found);
  // An axis of extent 1 has no stride that matters, nor has any of an empty tensor.
  std::string wanted, got;
  bool isCompact = true;
  if (tensor.strides && count > 0)
    forEachStride(shape, [&](size_t axis, int64_t stride) {
      isCompact &= shape[axis] == 1 || tensor.strides[axis] == stride;
      wanted = text(stride, wanted.empty() ? "" : ", ", wanted);
      got = text(tensor.strides[axis], got.empty() ? "" : ", ", got);
    });
  if (!isCompact)
    return invalidArgument("requires a compact row-major tensor, with strides [", wanted, "] for ", found, ", but got [", got, "]; make it contiguous");
  if (count > 0 && !tensor.data)
    return invalidArgument("requires memory for ", found, ", but its pointer is NULL");
  if (uint64_t size = costate_type_size(out.type), rest = reinterpret_cast<uintptr_t>(out.data) % size; count > 0 && rest != 0)
    return invalidArgument("requires data aligned to its elements of ", size, " bytes, but got an address that is ", rest, " beyond; byte_offset is ",
                           tensor.byte_offset);
  return {};
}

int32_t costate_array_from_dlpack(costate_context *context, const DLTensor *tensor, costate_array *out) {
  return guarded(context, [&]() -> Status {
    if (!tensor)
      return invalidArgument("requires a tensor, but got NULL");
    return fromTensor(*tensor, *out);
  });
}
