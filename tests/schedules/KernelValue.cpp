// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tests/schedules/KernelValue.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace costate::tests {

static size_t countElements(ArrayRef<int64_t> shape) {
  size_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

size_t KernelValue::offset(ArrayRef<int64_t> index) const {
  size_t offset = 0;
  for (auto [position, extent] : llvm::zip_equal(index, shape)) {
    if (position < 0 || position >= extent)
      llvm::report_fatal_error("a kernel of a test reads outside its buffer");
    offset = offset * extent + position;
  }
  return offset;
}

KernelValue makeArray(Type type, ArrayRef<int64_t> shape) {
  Builder builder(type.getContext());
  return {type, shape.vec(), std::vector<TypedAttr>(countElements(shape), builder.getZeroAttr(type))};
}

KernelValue makeIndex(MLIRContext &context, int64_t value) {
  return {IndexType::get(&context), {}, {IntegerAttr::get(IndexType::get(&context), value)}};
}

KernelValue makeFloat(MLIRContext &context, double value) {
  Type type = Float32Type::get(&context);
  return {type, {}, {FloatAttr::get(type, value)}};
}

KernelValue makeRandomArray(Type type, ArrayRef<int64_t> shape, std::mt19937 &random, bool special, int64_t limit) {
  KernelValue array = makeArray(type, shape);
  for (TypedAttr &element : array.elements) {
    auto real = dyn_cast<FloatType>(type);
    if (!real) {
      element = IntegerAttr::get(type, std::uniform_int_distribution<int64_t>(0, limit - 1)(random));
      continue;
    }
    const llvm::fltSemantics &semantics = real.getFloatSemantics();
    bool negative = random() % 2;
    switch (special ? random() % 32 : 31) {
    case 0:
      element = FloatAttr::get(type, APFloat::getNaN(semantics, negative));
      break;
    case 1:
      element = FloatAttr::get(type, APFloat::getInf(semantics, negative));
      break;
    case 2:
      element = FloatAttr::get(type, APFloat::getZero(semantics, negative));
      break;
    case 3:
      element = FloatAttr::get(type, APFloat::getSmallest(semantics, negative));
      break;
    default:
      element = FloatAttr::get(type, std::normal_distribution<float>()(random));
    }
  }
  return array;
}

bool areSame(Attribute a, Attribute b) {
  auto x = dyn_cast<FloatAttr>(a), y = dyn_cast<FloatAttr>(b);
  return a == b || (x && y && x.getValue().isNaN() && y.getValue().isNaN());
}

} // namespace costate::tests
