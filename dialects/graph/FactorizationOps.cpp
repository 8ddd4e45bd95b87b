// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Emitter.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

static LogicalResult verifySquare(Operation *op, RankedTensorType type) {
  if (type.getRank() < 2 || !mayEqual(type.getShape().back(), type.getShape().drop_back().back()))
    return op->emitOpError() << "requires square matrices, but got " << type;
  return success();
}

static LogicalResult verifyTall(Operation *op, RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  int64_t rank = type.getRank(), m = rank < 2 ? 0 : shape[rank - 2], n = rank < 2 ? 1 : shape[rank - 1];
  if (rank < 2 || (!ShapedType::isDynamic(m) && !ShapedType::isDynamic(n) && m < n))
    return op->emitOpError() << "requires matrices with at least as many rows as columns, but got " << type;
  return success();
}

/// A result that has the leading extents of A, and then those of its columns `n`, `count` times.
static LogicalResult verifyFactor(Operation *op, StringRef name, RankedTensorType a, RankedTensorType factor, int64_t count) {
  SmallVector<int64_t> required(a.getShape().drop_back(2));
  required.append(count, a.getShape().back());
  bool fits = factor.getRank() == int64_t(required.size()) &&
              llvm::all_of(llvm::zip_equal(factor.getShape(), required), [](auto pair) { return mayEqual(std::get<0>(pair), std::get<1>(pair)); });
  if (!fits)
    return op->emitOpError() << "requires '" << name << "' to have the shape of " << RankedTensorType::get(required, factor.getElementType()) << ", but got "
                             << factor;
  return success();
}

/// The same as dimensions.
static Dims factorDims(Dims a, int64_t count) {
  DimAttr n = a.back();
  a.resize(a.size() - 2);
  a.append(count, n);
  return a;
}

static LogicalResult verifySolve(Operation *op, RankedTensorType a, RankedTensorType b) {
  if (failed(verifySquare(op, a)))
    return failure();
  bool fits = a.getRank() == b.getRank() && llvm::all_of(llvm::zip_equal(a.getShape().drop_back(), b.getShape().drop_back()), [](auto pair) {
                return mayEqual(std::get<0>(pair), std::get<1>(pair));
              });
  if (!fits)
    return op->emitOpError() << "requires 'b' to have the leading extents of 'a', but got " << a << " and " << b;
  return success();
}

LogicalResult CholeskyOp::verify() { return verifySquare(*this, getOperand().getType()); } // C1

Dims CholeskyOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

LogicalResult TriangularSolveOp::verify() { return verifySolve(*this, getA().getType(), getB().getType()); } // C1

Dims TriangularSolveOp::inferDimensions(unsigned, DimensionsOf of) { return of(getB()); }

//===----------------------------------------------------------------------===//
// lu
//===----------------------------------------------------------------------===//

LogicalResult LuOp::verify() {
  if (failed(verifySquare(*this, getOperand().getType()))) // C1
    return failure();
  return verifyFactor(*this, "permutation", getOperand().getType(), getPermutation().getType(), 1); // C2
}

Dims LuOp::inferDimensions(unsigned index, DimensionsOf of) { return index == 0 ? of(getOperand()) : factorDims(of(getOperand()), 1); }

//===----------------------------------------------------------------------===//
// solve
//===----------------------------------------------------------------------===//

LogicalResult SolveOp::verify() { return verifySolve(*this, getA().getType(), getB().getType()); } // C1

Dims SolveOp::inferDimensions(unsigned, DimensionsOf of) { return of(getB()); }

// A = P^T L U: A X = B is L (U X) = P B, and A^T X = B is U^T (L^T (P X)) = B.
SmallVector<Value> SolveOp::expand(Emitter &e) {
  Value a = getA(), b = getB();
  Dims lines = e.dims(a);
  lines.pop_back();
  int64_t row = lines.size() - 1;
  auto lu = e.create<LuOp>(TypeRange{a.getType(), typeOf(lines, e.builder.getI32Type())}, a);
  auto solve = [&](Value right, bool upper) {
    return e.create<TriangularSolveOp>(right.getType(), lu.getPacked(), right, getTranspose(), upper, /*unit=*/!upper);
  };
  if (!getTranspose())
    return {solve(solve(e.gather(b, lu.getPermutation(), row), /*upper=*/false), /*upper=*/true)};
  return {e.scatterAdd(e.zerosLike(b), lu.getPermutation(), solve(solve(b, /*upper=*/true), /*upper=*/false), row)};
}

//===----------------------------------------------------------------------===//
// qr, eigh, svd
//===----------------------------------------------------------------------===//

LogicalResult QrOp::verify() {
  if (failed(verifyTall(*this, getOperand().getType()))) // C1
    return failure();
  return verifyFactor(*this, "r", getOperand().getType(), getR().getType(), 2); // C2
}

Dims QrOp::inferDimensions(unsigned index, DimensionsOf of) { return index == 0 ? of(getOperand()) : factorDims(of(getOperand()), 2); }

LogicalResult EighOp::verify() {
  if (failed(verifySquare(*this, getOperand().getType()))) // C1
    return failure();
  return verifyFactor(*this, "values", getOperand().getType(), getValues().getType(), 1); // C2
}

Dims EighOp::inferDimensions(unsigned index, DimensionsOf of) { return index == 0 ? factorDims(of(getOperand()), 1) : of(getOperand()); }

LogicalResult SvdOp::verify() {
  RankedTensorType a = getOperand().getType();
  if (failed(verifyTall(*this, a))) // C1
    return failure();
  return success(succeeded(verifyFactor(*this, "s", a, getS().getType(), 1)) && succeeded(verifyFactor(*this, "vh", a, getVh().getType(), 2))); // C2
}

Dims SvdOp::inferDimensions(unsigned index, DimensionsOf of) { return index == 0 ? of(getOperand()) : factorDims(of(getOperand()), index); }
