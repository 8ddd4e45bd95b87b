// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The op's rules, the function of the language that emits it, and the plugin.
#include "Simplex.h"

#include "costate/compiler/api/Plugin.h"
#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/interfaces/Rules.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

#include "SimplexDialect.cpp.inc"

#define GET_OP_CLASSES
#include "SimplexOps.cpp.inc"

namespace simplex {

void SimplexDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "SimplexOps.cpp.inc"
      >();
}

LogicalResult SparsemaxOp::verify() {
  int64_t axis = getAxis();
  return verifyInRange(*this, "axis", axis, getOperand().getType().getRank()); // C1
}

Dims SparsemaxOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

//===----------------------------------------------------------------------===//
// Derivatives and batches
//===----------------------------------------------------------------------===//

/// t - mean(t) where p > 0, else 0: a symmetric matrix, so one function for both directions.
static Value jacobian(SparsemaxOp op, Emitter &e, Value t) {
  int64_t axis = op.getAxis();
  Value zero = e.zerosLike(t), isInside = e.compare(ComparisonDirection::GT, op, 0.0);
  Value sum = e.sum(e.select(isInside, t, zero), axis), count = e.sum(e.select(isInside, e.splat(1.0, t), zero), axis);
  return e.select(isInside, e.sub(t, e.spread(e.div(sum, count), axis, t)), zero);
}

void SparsemaxOp::pullback(Pullback &p) {
  if (Value ct = p.cotangent())
    p.accumulate(getOperand(), jacobian(*this, p, ct));
}

void SparsemaxOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(jacobian(*this, p, t));
}

void SparsemaxOp::batch(Batching &b) {
  Value x = b.batched(getOperand());
  b.set(b.create<SparsemaxOp>(x.getType(), x, getAxis() + 1));
}

//===----------------------------------------------------------------------===//
// What kernels compute
//===----------------------------------------------------------------------===//

/// The largest along `axis`, repeated along it.
static Value largest(Emitter &e, Value x, int64_t axis) {
  Dims shape = e.dims(x);
  shape.erase(shape.begin() + axis);
  return e.spread(e.create<ReduceMaxOp>(typeOf(shape, getElementTypeOrSelf(x)), x, axis), axis, x);
}

// The threshold is that of the longest prefix whose last element lies above its own; up to there it grows with the prefix, then it does not, so that it is
// the largest of all. Rows are shifted to a maximum of 0, and sorted from the largest as negatives, which keeps a NaN last.
SmallVector<Value> SparsemaxOp::expand(Emitter &e) {
  int64_t axis = getAxis();
  Value x = e.sub(getOperand(), largest(e, getOperand(), axis)), zero = e.zerosLike(x);
  Value ascending = e.create<SortOp>(TypeRange{x.getType()}, ValueRange{e.neg(x)}, axis)->getResult(0);
  Value sums = e.neg(e.create<CumsumOp>(x.getType(), ascending, axis, /*reverse=*/false));
  Value counts = e.add(e.iota(axis, e.dims(x), getElementTypeOrSelf(x)), 1.0);
  Value threshold = largest(e, e.div(e.add(sums, -1.0), counts), axis);
  return {e.create<MaximumOp>(x.getType(), e.sub(x, threshold), zero)};
}

//===----------------------------------------------------------------------===//
// The plugin
//===----------------------------------------------------------------------===//

namespace {

/// sparsemax(x, axis)
FailureOr<importer::Value> sparsemax(importer::Elaborator &e, const importer::BuiltinCall &call) {
  FailureOr<importer::Tensor> x = importer::floatArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : importer::axisArgument(e, call, 1, x->rank());
  if (failed(axis))
    return failure();
  auto op = SparsemaxOp::create(e.b.builder, e.b.location, x->value.getType(), x->value, *axis);
  return importer::Value(importer::Tensor{op, x->dims, {}});
}

constexpr importer::Builtin builtins[] = {{"sparsemax", "x, axis", sparsemax}};

constexpr StandardFile modules[] = {
#include "simplexModules.inc"
};

void registerDialects(DialectRegistry &registry) {
  registry.insert<SimplexDialect>();
  registerOracleRules(registry);
}

} // namespace

} // namespace simplex

const Plugin costate_plugin = {
    .name = "simplex", .registerDialects = simplex::registerDialects, .builtins = simplex::builtins, .modules = simplex::modules};
