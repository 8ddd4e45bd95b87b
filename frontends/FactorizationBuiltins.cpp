// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Built-in functions of matrices, which the last two axes of a tensor are. What is made of them is in std/linalg.costate.
#include "costate/frontends/Builtins.h"

namespace costate::importer {

using graph::DimAttr;
using graph::Dims;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace {

/// Argument `i` as square matrices.
FailureOr<Tensor> squareArgument(Elaborator &e, const BuiltinCall &call, size_t i) {
  FailureOr<Tensor> a = floatArgument(e, call, i);
  if (failed(a))
    return failure();
  if (a->rank() < 2 || a->dims[a->rank() - 1] != a->dims[a->rank() - 2])
    return argumentError(e, call, i, "square matrices");
  return a;
}

/// The dimensions of one of the factors of `a`: its leading ones, and `last`.
Dims factorDims(const Tensor &a, llvm::ArrayRef<DimAttr> last) {
  Dims dims(llvm::ArrayRef(a.dims).drop_back(2));
  dims.append(last.begin(), last.end());
  return dims;
}

mlir::Type factorType(const Tensor &a, const Dims &dims) { return graph::typeOf(dims, a.elementType()); }

Tensor transposed(Elaborator &e, const Tensor &a) {
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, a.rank()));
  std::swap(permutation[a.rank() - 1], permutation[a.rank() - 2]);
  return e.b.transpose(a, permutation);
}

FailureOr<Value> cholesky(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> a = squareArgument(e, call, 0);
  return failed(a) ? FailureOr<Value>(failure()) : Value(e.b.unary<graph::CholeskyOp>(*a));
}

/// solve_triangular(a, b, transpose=false, upper=false, unit_diagonal=false)
FailureOr<Value> solveTriangular(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> a = squareArgument(e, call, 0), b = floatArgument(e, call, 1);
  FailureOr<bool> transpose = flagArgument(e, call, 2, false), upper = flagArgument(e, call, 3, false), unit = flagArgument(e, call, 4, false);
  if (failed(a) || failed(b) || failed(transpose) || failed(upper) || failed(unit))
    return failure();
  if (b->rank() != a->rank() || !std::equal(a->dims.begin(), a->dims.end() - 1, b->dims.begin()))
    return argumentError(e, call, 1, "matrices with as many rows as " + typeName(*a) + " has");
  mlir::Type type = e.promote(a->elementType(), b->elementType());
  Tensor left = e.b.convert(*a, type), right = e.b.convert(*b, type);
  auto op = graph::TriangularSolveOp::create(e.b.builder, e.b.location, right.value.getType(), left.value, right.value, *transpose, *upper, *unit);
  return Value(Tensor{op, right.dims, {}});
}

/// solve(a, b): as NumPy 2, b is a vector if it has one axis, else matrices; leading axes are repeated where one side lacks them.
FailureOr<Value> solve(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> a = squareArgument(e, call, 0), b = floatArgument(e, call, 1);
  if (failed(a) || failed(b))
    return failure();
  bool isVector = b->rank() == 1;
  if (b->rank() == 0 || b->dims[isVector ? 0 : b->rank() - 2] != a->dims.back())
    return argumentError(e, call, 1, "a vector or matrices with as many rows as " + typeName(*a) + " has");
  mlir::Type type = e.promote(a->elementType(), b->elementType());
  Tensor left = e.b.convert(*a, type), right = e.b.convert(*b, type);
  if (isVector)
    right = e.b.reshape(right, {right.dims[0], e.b.dim(1)});
  auto leading = [](const Tensor &x) { return Tensor{x.value, Dims(llvm::ArrayRef(x.dims).drop_back(2)), {}}; };
  FailureOr<Dims> lead = e.broadcastDims(call.builtin.name, leading(left), leading(right), call.where());
  if (failed(lead))
    return failure();
  auto widened = [&](const Tensor &x) {
    Dims dims = *lead;
    dims.append(x.dims.end() - 2, x.dims.end());
    return e.b.broadcast(x, dims);
  };
  left = widened(left);
  right = widened(right);
  auto op = graph::SolveOp::create(e.b.builder, e.b.location, right.value.getType(), left.value, right.value, false);
  Tensor x{op, right.dims, {}};
  return Value(isVector ? e.b.reshape(x, Dims(llvm::ArrayRef(x.dims).drop_back())) : x);
}

/// lu(a): L and U in one, and the rows of a in their order
FailureOr<Value> lu(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> a = squareArgument(e, call, 0);
  if (failed(a))
    return failure();
  Dims rows = factorDims(*a, a->dims.back());
  auto op = graph::LuOp::create(e.b.builder, e.b.location, a->value.getType(), graph::typeOf(rows, e.b.builder.getI32Type()), a->value);
  return makeTuple({Tensor{op.getPacked(), a->dims, {}}, Tensor{op.getPermutation(), rows, {}}});
}

/// eigh(a): values, ascending, and vectors
FailureOr<Value> eigh(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> a = squareArgument(e, call, 0);
  if (failed(a))
    return failure();
  Dims values = factorDims(*a, a->dims.back());
  auto op = graph::EighOp::create(e.b.builder, e.b.location, factorType(*a, values), a->value.getType(), a->value);
  return makeTuple({Tensor{op.getValues(), values, {}}, Tensor{op.getVectors(), a->dims, {}}});
}

/// Argument 0 as matrices that have more columns than rows or not. Of a number and a name, the name counts as the larger one.
FailureOr<std::pair<Tensor, bool>> wideArgument(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> a = floatArgument(e, call, 0);
  if (failed(a))
    return failure();
  if (a->rank() < 2)
    return argumentError(e, call, 0, "matrices");
  DimAttr m = a->dims[a->rank() - 2], n = a->dims.back();
  std::optional<int64_t> rows = m.constant(), columns = n.constant();
  return std::pair(*a, rows && (columns ? *rows < *columns : true));
}

/// qr(a): of wide matrices, Q and the first columns of R are the factors of the first columns of a, and Q^T turns the others. That there are so many
/// columns must be known: nothing would check it later.
FailureOr<Value> qr(Elaborator &e, const BuiltinCall &call) {
  auto wide = wideArgument(e, call);
  if (failed(wide))
    return failure();
  const Tensor &a = wide->first;
  bool isWide = wide->second && a.dims.back().constant();
  Tensor tall = a;
  DimAttr zero = e.b.dim(0);
  int64_t last = a.rank() - 1;
  auto columns = [&](DimAttr start, DimAttr count) {
    Dims starts(a.rank(), zero), sizes = a.dims;
    starts.back() = start;
    sizes.back() = count;
    return e.b.slice(a, starts, sizes, llvm::SmallVector<int64_t>(a.rank(), 1));
  };
  DimAttr rows = a.dims[last - 1];
  if (isWide)
    tall = columns(zero, rows);
  Dims square = factorDims(tall, {tall.dims.back(), tall.dims.back()});
  auto op = graph::QrOp::create(e.b.builder, e.b.location, tall.value.getType(), factorType(tall, square), tall.value);
  Tensor q{op.getQ(), tall.dims, {}}, r{op.getR(), square, {}};
  if (isWide) {
    auto batch = llvm::to_vector(llvm::seq<int64_t>(0, last - 1));
    r = e.b.concatenate({r, e.b.dot(q, columns(rows, a.dims.back() - rows), batch, batch, {last - 1}, {last - 1})}, last);
  }
  return makeTuple({q, r});
}

/// svd(a): of wide matrices, from those of a^T
FailureOr<Value> svd(Elaborator &e, const BuiltinCall &call) {
  auto wide = wideArgument(e, call);
  FailureOr<bool> full = flagArgument(e, call, 1, false);
  if (failed(wide) || failed(full))
    return failure();
  if (*full)
    return argumentError(e, call, 1, "false");
  auto [a, isWide] = *wide;
  Tensor tall = isWide ? transposed(e, a) : a;
  DimAttr n = tall.dims.back();
  Dims values = factorDims(tall, n), square = factorDims(tall, {n, n});
  auto op = graph::SvdOp::create(e.b.builder, e.b.location, tall.value.getType(), factorType(tall, values), factorType(tall, square), tall.value);
  Tensor u{op.getU(), tall.dims, {}}, s{op.getS(), values, {}}, vh{op.getVh(), square, {}};
  return isWide ? makeTuple({transposed(e, vh), s, transposed(e, u)}) : makeTuple({u, s, vh});
}

constexpr Builtin table[] = {
    {"cholesky", "a", cholesky},
    {"solve_triangular", "a, b, transpose?, upper?, unit_diagonal?", solveTriangular},
    {"lu", "a", lu},
    {"solve", "a, b", solve},
    {"qr", "a", qr},
    {"eigh", "a", eigh},
    {"svd", "a, full_matrices?", svd},
};

} // namespace

llvm::ArrayRef<Builtin> factorizationBuiltins() { return table; }

} // namespace costate::importer
