// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's arrays: an element kind, a shape and the elements in row-major order.

#ifndef COSTATE_TESTS_ORACLE_ARRAY_H
#define COSTATE_TESTS_ORACLE_ARRAY_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace costate::oracle {

/// Floats are held as doubles that are rounded to their kind, integers (and `index`, which is i64) sign-extended.
enum class Kind { f64, f32, f16, bf16, i1, i8, u8, i32, i64 };

inline bool isReal(Kind kind) { return kind <= Kind::bf16; }
llvm::StringRef name(Kind kind);

/// The nearest value of the kind, ties to even.
double round(Kind kind, double value);
/// The value modulo 2^width, as the kind holds it.
int64_t wrap(Kind kind, int64_t value);

/// The kind of an MLIR element type; f32 becomes f64 unless `keepF32`.
Kind kindOf(mlir::Type elementType, bool keepF32);

using Shape = llvm::SmallVector<int64_t, 4>;

/// The number of elements of a shape; 1 for a scalar.
int64_t count(llvm::ArrayRef<int64_t> shape);

/// Steps of the row-major index per axis.
Shape stridesOf(llvm::ArrayRef<int64_t> shape);

/// Calls `visit(flat, index)` for each index of `shape`, in row-major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(int64_t, llvm::ArrayRef<int64_t>)> visit);

struct Array {
  Kind kind = Kind::f64;
  Shape shape;
  std::vector<double> reals;     // for a real kind
  std::vector<int64_t> integers; // for the others

  Array() = default;
  /// Zeros.
  Array(Kind kind, llvm::ArrayRef<int64_t> shape);

  static Array full(Kind kind, llvm::ArrayRef<int64_t> shape, double value);
  static Array scalar(Kind kind, double value) { return full(kind, {}, value); }
  static Array of(Kind kind, llvm::ArrayRef<int64_t> shape, std::vector<double> reals);
  static Array of(Kind kind, llvm::ArrayRef<int64_t> shape, std::vector<int64_t> integers);

  int64_t size() const { return count(shape); }
  bool isReal() const { return oracle::isReal(kind); }
  /// Element `i` as a double, whatever the kind.
  double at(int64_t i) const { return isReal() ? reals[i] : double(integers[i]); }
  /// The one element of a scalar index or boolean.
  int64_t integer() const { return integers.front(); }
};

/// The elements of a constant of any type the dialects have.
Array fromAttribute(mlir::ElementsAttr attr, bool keepF32);

/// "f64[2, 3] [[1, 2, 3], [4, 5, 6]]"; long arrays are cut.
std::string toString(const Array &array);

/// How two arrays differ: empty if every element of `found` lies within atol + rtol * |wanted| of that of `wanted`, NaN equals NaN, an
/// infinity only itself, integers are equal and the shapes too; else a text with the first such element and the number of them.
/// With `signedZeros`, equal zeros must also have one sign.
std::string difference(const Array &found, const Array &wanted, double rtol, double atol, bool signedZeros = false);

} // namespace costate::oracle

#endif
