// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function under construction: the values it has so far, and what is chosen among them by chance.

#ifndef COSTATE_TESTS_RANDOM_DRAFT_H
#define COSTATE_TESTS_RANDOM_DRAFT_H

#include "costate/dialects/graph/Graph.h"
#include "costate/tests/oracle/Array.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

#include <numeric>
#include <random>

namespace costate::random {

/// A value of the function under construction. Every real lies in [low, high] if the inputs do, so that no step leaves its domain.
struct Entry {
  mlir::Value value;
  graph::Dims dims;
  double low, high;
};

class Draft {
public:
  Draft(mlir::MLIRContext *context, uint64_t seed) : context(context), builder(context), engine(seed) {}

protected:
  //===--------------------------------------------------------------------===//
  // Chance
  //===--------------------------------------------------------------------===//

  int64_t between(int64_t low, int64_t high) { return low + int64_t(engine() % uint64_t(high - low + 1)); }
  bool chance(double p) { return double(engine() >> 11) * 0x1p-53 < p; }
  template <typename T>
  T pick(std::initializer_list<T> list) {
    return list.begin()[between(0, list.size() - 1)];
  }
  template <typename T>
  T pick(std::initializer_list<T> list, std::initializer_list<int> weights) {
    int64_t at = between(0, std::accumulate(weights.begin(), weights.end(), 0) - 1);
    size_t i = 0;
    for (int weight : weights) {
      if ((at -= weight) < 0)
        break;
      ++i;
    }
    return list.begin()[i];
  }

  //===--------------------------------------------------------------------===//
  // Dimensions
  //===--------------------------------------------------------------------===//

  graph::DimAttr dim(int64_t value) { return graph::DimAttr::get(context, value); }
  graph::DimAttr dim(llvm::StringRef name) { return graph::DimAttr::get(context, name); }
  int64_t extent(graph::DimAttr d);
  /// The number of elements.
  int64_t size(const graph::Dims &dims);
  graph::DimAttr randomDim();
  graph::Dims randomDims(int64_t lowRank, int64_t highRank);
  llvm::SmallVector<int64_t> randomAxes(size_t rank);
  static graph::Dims without(const graph::Dims &dims, llvm::ArrayRef<int64_t> axes);
  mlir::ArrayAttr shapeAttr(llvm::ArrayRef<graph::DimAttr> dims) { return graph::toArrayAttr(context, dims); }

  //===--------------------------------------------------------------------===//
  // Values
  //===--------------------------------------------------------------------===//

  mlir::Location loc() { return builder.getUnknownLoc(); }
  template <typename Op, typename... Args>
  Op create(Args &&...args) {
    return Op::create(builder, loc(), std::forward<Args>(args)...);
  }

  /// A new argument of the function, with its input. element: the program's real type if none is given.
  Entry argument(const graph::Dims &dims, double low, double high, mlir::Type element = {});

  static bool isReal(const Entry &e) { return mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(e.value.getType())); }
  /// Whether its element type is the program's real type.
  bool isBase(const Entry &e) { return mlir::getElementTypeOrSelf(e.value.getType()) == real; }

  /// A value with a property, most likely a recent one.
  std::optional<Entry> find(llvm::function_ref<bool(const Entry &)> filter);
  Entry anyReal();
  Entry realOfRank(int64_t rank);
  /// A real of the same shape, most likely another one.
  Entry like(const Entry &x);
  Entry keep(Entry e) {
    pool.push_back(e);
    return e;
  }

  mlir::Value splat(double value, const graph::Dims &dims, mlir::Type element);
  template <typename Op>
  Entry unary(const Entry &x, double low, double high) {
    return {create<Op>(x.value.getType(), x.value), x.dims, low, high};
  }
  template <typename Op>
  Entry binary(const Entry &x, const Entry &y, double low, double high) {
    return {create<Op>(x.value.getType(), x.value, y.value), x.dims, low, high};
  }
  /// x brought into [-limit, limit] if it may lie outside.
  Entry bounded(Entry x, double limit);
  /// A value in [0.25, 4] made of x.
  Entry positive(Entry x);

  mlir::MLIRContext *context;
  mlir::OpBuilder builder;
  std::mt19937_64 engine;
  mlir::ModuleOp module;
  mlir::Block *block = nullptr; // of the function
  mlir::Type real;
  bool isSpecial = false;
  llvm::StringMap<int64_t> extents; // of the names
  std::vector<Entry> pool;
  std::vector<graph::Dims> argumentDims;
  std::vector<oracle::Array> inputs;
};

} // namespace costate::random

#endif
