// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rule of graph.extern: the C function itself, called on arrays of the types that C knows. No prototype is compiled in: on x86-64 the first six
// integers and pointers are in registers, the first eight floats in others, and what is left lies on the stack in order, whatever stands between them.

#include "costate/tests/oracle/Evaluator.h"

#include <array>
#include <cstring>

using namespace mlir;

namespace costate::oracle {

namespace {

/// Calls visit(zero), a number of the C type of an element.
template <typename Visit> void withCType(Type type, Visit visit) {
  if (type.isF32())
    return visit(float());
  if (type.isF64())
    return visit(double());
  if (type.isInteger(1) || type.isUnsignedInteger(8))
    return visit(uint8_t());
  if (type.isInteger(8))
    return visit(int8_t());
  type.isInteger(32) ? visit(int32_t()) : visit(int64_t());
}

/// The elements of an array as C has them.
std::vector<char> pack(const Array &array, Type type) {
  std::vector<char> bytes;
  withCType(type, [&]<typename T>(T) {
    bytes.resize(std::max<size_t>(array.size(), 1) * sizeof(T));
    for (int64_t i = 0; i < array.size(); ++i) {
      T element = array.isReal() ? T(array.reals[i]) : T(array.integers[i]);
      std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
    }
  });
  return bytes;
}

void unpack(const std::vector<char> &bytes, Type type, Array &array) {
  withCType(type, [&]<typename T>(T element) {
    for (int64_t i = 0; i < array.size(); ++i) {
      std::memcpy(&element, bytes.data() + i * sizeof(T), sizeof(T));
      if (array.isReal())
        array.reals[i] = element;
      else
        array.integers[i] = element;
    }
  });
}

class CArguments {
public:
  void add(uint64_t word) { integers < inIntegers.size() ? inIntegers[integers++] = word : push(word); }
  void add(const void *pointer) { add(reinterpret_cast<uint64_t>(pointer)); }
  /// A float lies in the first half of its place.
  void addFloat(const std::vector<char> &bytes) {
    double place = 0;
    std::memcpy(&place, bytes.data(), bytes.size());
    uint64_t word;
    std::memcpy(&word, &place, sizeof word);
    floats < inFloats.size() ? void(inFloats[floats++] = place) : void(push(word));
  }
  bool fit() const { return words <= onStack.size(); }

  [[clang::no_sanitize("function")]] int32_t call(void *function) const { return callWith(function, std::make_index_sequence<32>()); }

private:
  uint64_t push(uint64_t word) {
    if (words < onStack.size())
      onStack[words] = word;
    ++words;
    return word;
  }
  template <size_t... I> [[clang::no_sanitize("function")]] int32_t callWith(void *function, std::index_sequence<I...>) const {
    using Any = int32_t (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, double, double, double, double, double, double,
                            double, double, decltype(uint64_t(I))...);
    const auto &n = inIntegers;
    const auto &x = inFloats;
    return reinterpret_cast<Any>(function)(n[0], n[1], n[2], n[3], n[4], n[5], x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7],
                                           onStack[I]...);
  }

  std::array<uint64_t, 6> inIntegers{};
  std::array<double, 8> inFloats{};
  std::array<uint64_t, 32> onStack{};
  size_t integers = 0, floats = 0, words = 0;
};

} // namespace

FailureOr<Nodes> Evaluator::callProgram(graph::ExternOp op, const Nodes &operands, const Frame &frame) {
  std::optional<ProgramFunction> function = options.findFunction ? options.findFunction(op.getSymbol()) : std::nullopt;
  if (!function)
    return op.emitError() << "requires a function '" << op.getPrototype() << "', which the oracle was not given";
  CArguments arguments;
  std::vector<std::vector<char>> memory;
  memory.reserve(op->getNumOperands() + op->getNumResults());
  arguments.add(function->context);
  for (auto [operand, value] : llvm::zip_equal(operands, op.getInputs())) {
    auto type = cast<RankedTensorType>(value.getType());
    const std::vector<char> &bytes = memory.emplace_back(pack(*operand, type.getElementType()));
    if (type.getRank() > 0)
      arguments.add(bytes.data());
    else if (isa<FloatType>(type.getElementType()))
      arguments.addFloat(bytes);
    else
      arguments.add(static_cast<uint64_t>(operand->integer()));
  }
  std::vector<Array> results;
  for (auto [value, dims] : llvm::zip_equal(op.getResults(), op.getShapes().getAsRange<ArrayAttr>())) {
    FailureOr<Shape> shape = frame.shape(op, dims);
    if (failed(shape))
      return failure();
    const Array &result = results.emplace_back(kindOf(value.getType()), *shape);
    arguments.add(memory.emplace_back(pack(result, getElementTypeOrSelf(value.getType()))).data());
  }
  FailureOr<Shape> extents = frame.shape(op, op.getExtents());
  if (failed(extents))
    return failure();
  for (int64_t extent : *extents)
    arguments.add(static_cast<uint64_t>(extent));
  arguments.add(function->data);
  if (!arguments.fit())
    return op.emitError() << "requires fewer arguments of '" << op.getSymbol() << "' in the oracle";
  if (int32_t code = arguments.call(function->address))
    return op.emitError() << "'" << op.getSymbol() << "' returned " << code;
  for (auto [i, value] : llvm::enumerate(op.getResults()))
    unpack(memory[operands.size() + i], getElementTypeOrSelf(value.getType()), results[i]);
  return Nodes(results.begin(), results.end());
}

} // namespace costate::oracle
