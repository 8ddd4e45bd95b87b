// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Built-in functions of the lanes of a map with a name: what all of them have together.
#include "costate/frontends/Builtins.h"

namespace costate::importer {

using graph::Combination;
using graph::DimAttr;
using graph::Dims;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace {

/// The axis, of a map around the call, that argument `i` names.
FailureOr<LaneAxis> axisNameArgument(Elaborator &e, const BuiltinCall &call, size_t i) {
  auto name = call[i].value.as<llvm::StringRef>();
  if (!name)
    return argumentError(e, call, i, "a name in quotes");
  std::vector<LaneAxis> axes = e.laneAxes();
  for (const LaneAxis &axis : axes)
    if (axis.name == *name)
      return axis;
  std::string known;
  for (const LaneAxis &axis : axes)
    known += (known.empty() ? "" : ", ") + ("'" + axis.name + "'");
  return e.error(call[i].where) << "'" << call.builtin.name << "' requires an axis that a map around it names, but got '" << *name << "'; "
                                << (known.empty() ? "map(f, x, axis_name=\"" + name->str() + "\") names one"
                                                  : (axes.size() == 1 ? "there is " : "there are ") + known);
}

/// An operand and the axis: arguments 0 and 1. Truth values become numbers if they are to be added. A complex operand is two, of one shape.
struct Operand {
  Value x;
  Dims dims;
  LaneAxis lanes;
};
FailureOr<Operand> operandArgument(Elaborator &e, const BuiltinCall &call, bool keepsLayout, bool isAdded) {
  auto tensor = [&]() -> FailureOr<Value> {
    FailureOr<Tensor> x = tensorArgument(e, call, 0, keepsLayout);
    if (succeeded(x) && isAdded && x->elementType().isInteger(1))
      x = e.b.convert(*x, e.b.builder.getI32Type());
    return failed(x) ? FailureOr<Value>(failure()) : Value(*x);
  };
  FailureOr<Value> x = isComplex(call[0].value) ? e.toArray(call[0].value, call[0].where) : tensor();
  FailureOr<LaneAxis> axis = failed(x) ? FailureOr<LaneAxis>(failure()) : axisNameArgument(e, call, 1);
  if (failed(axis))
    return failure();
  return Operand{*x, arrayType(*x).dims, *axis};
}

/// psum(x, axis_name), pmax, pmin: the same in all lanes
template <Combination combination> FailureOr<Value> combine(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Operand> given = operandArgument(e, call, /*keepsLayout=*/true, combination == Combination::add);
  if (failed(given))
    return failure();
  return mapTensors(given->x, [&](const Tensor &x) {
    auto op = graph::AllReduceOp::create(e.b.builder, e.b.location, x.value.getType(), combination, x.value, given->lanes.name);
    return Tensor{op, x.dims, x.arena};
  });
}

/// all_gather(x, axis_name, axis=0, tiled=false): those of all lanes along a new axis or, tiled, one behind the other along an axis
FailureOr<Value> allGather(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Operand> given = operandArgument(e, call, /*keepsLayout=*/false, /*isAdded=*/false);
  FailureOr<bool> isTiled = failed(given) ? FailureOr<bool>(failure()) : flagArgument(e, call, 3, false);
  if (failed(isTiled))
    return failure();
  auto &[x, dims, lanes] = *given;
  if (*isTiled && dims.empty())
    return argumentError(e, call, 0, "a tensor with axes");
  FailureOr<int64_t> place = call.given(2) ? axisArgument(e, call, 2, dims.size() + !*isTiled) : 0;
  if (failed(place))
    return failure();
  if (!*isTiled)
    dims.insert(dims.begin() + *place, e.b.dim(1));
  Dims whole = dims;
  whole[*place] = whole[*place] * lanes.size;
  return mapTensors(x, [&](const Tensor &part) {
    auto op = graph::AllGatherOp::create(e.b.builder, e.b.location, graph::typeOf(whole, part.elementType()), e.b.reshape(part, dims).value,
                                         *place, lanes.name, lanes.size);
    return Tensor{op, whole, {}};
  });
}

/// reduce_scatter(x, axis_name, axis=0, tiled=false): of the sum over the lanes, the element of this lane along an axis or, tiled, its block
FailureOr<Value> reduceScatter(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Operand> given = operandArgument(e, call, /*keepsLayout=*/false, /*isAdded=*/true);
  FailureOr<bool> isTiled = failed(given) ? FailureOr<bool>(failure()) : flagArgument(e, call, 3, false);
  if (failed(isTiled))
    return failure();
  auto &[x, dims, lanes] = *given;
  if (dims.empty())
    return argumentError(e, call, 0, "a tensor with axes");
  FailureOr<int64_t> place = call.given(2) ? axisArgument(e, call, 2, dims.size()) : 0;
  if (failed(place))
    return failure();
  DimAttr extent = dims[*place], block = DimAttr::floorDiv(extent, lanes.size);
  if (*isTiled ? extent != block * lanes.size : extent != lanes.size)
    return e.error(call[0].where) << "'reduce_scatter' requires an extent of axis " << *place << " that "
                                  << (*isTiled ? lanes.size.str() + " lanes can share out" : "is the number of lanes, " + lanes.size.str())
                                  << ", but got " << describe(x) << (*isTiled ? "" : "; with 'tiled=true' it may be a multiple");
  dims[*place] = block;
  Dims result = *isTiled ? dims : TensorBuilder::without(dims, *place);
  return mapTensors(x, [&](const Tensor &part) {
    auto op = graph::ReduceScatterOp::create(e.b.builder, e.b.location, graph::typeOf(dims, part.elementType()), part.value, *place, lanes.name,
                                             lanes.size);
    return e.b.reshape(Tensor{op, dims, {}}, result);
  });
}

/// ppermute(x, axis_name, [[source, target], ..]) or ppermute(x, axis_name, shift=k): lane i gives to lane i + k, the last ones to the first
FailureOr<Value> permute(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Operand> given = operandArgument(e, call, /*keepsLayout=*/true, /*isAdded=*/false);
  if (failed(given))
    return failure();
  const auto &[x, dims, lanes] = *given;
  if (call.given(2) == call.given(3))
    return e.error(call.where()) << "'ppermute' requires either pairs in 'perm' or a 'shift'";
  std::optional<int64_t> count = lanes.size.constant();
  if (!count)
    return e.error(call[1].where) << "'ppermute' requires a number of lanes that is known at import, but there are " << lanes.size.str();
  llvm::SmallVector<int64_t> sources, targets;
  if (call.given(3)) {
    FailureOr<graph::DimAttr> given = integerArgument(e, call, 3);
    std::optional<int64_t> shift = failed(given) ? std::nullopt : given->constant();
    if (!shift)
      return failed(given) ? FailureOr<Value>(failure()) : argumentError(e, call, 3, "an integer that is known at import");
    for (int64_t lane = 0; lane < *count; ++lane) {
      sources.push_back(lane);
      targets.push_back(((lane + *shift) % *count + *count) % *count);
    }
  } else {
    auto pairs = call[2].value.as<List>();
    bool isGood = bool(pairs);
    for (const Value &value : pairs ? llvm::ArrayRef(pairs->begin(), pairs->end()) : llvm::ArrayRef<Value>()) {
      auto pair = value.as<List>();
      auto source = pair && pair->size() == 2 ? (*pair)[0].as<Number>() : nullptr, target = source ? (*pair)[1].as<Number>() : nullptr;
      auto isLane = [&](const Number *number) { return number && number->isInteger && number->integer >= 0 && number->integer < *count; };
      isGood = isGood && isLane(source) && isLane(target) && !llvm::is_contained(sources, source->integer) &&
               !llvm::is_contained(targets, target->integer);
      if (!isGood)
        break;
      sources.push_back(source->integer);
      targets.push_back(target->integer);
    }
    if (!isGood)
      return argumentError(e, call, 2,
                           "a list of pairs [source, target] of lanes below " + llvm::Twine(*count) +
                               ", each at most once a source and once a target");
  }
  return mapTensors(x, [&](const Tensor &part) {
    auto op = graph::CollectivePermuteOp::create(e.b.builder, e.b.location, part.value.getType(), part.value, sources, targets, lanes.name);
    return Tensor{op, part.dims, part.arena};
  });
}

FailureOr<Value> axisIndex(Elaborator &e, const BuiltinCall &call) {
  FailureOr<LaneAxis> axis = axisNameArgument(e, call, 0);
  if (failed(axis))
    return failure();
  auto type = mlir::RankedTensorType::get({}, e.b.builder.getI32Type());
  return Value(Tensor{graph::AxisIndexOp::create(e.b.builder, e.b.location, type, axis->name), {}, {}});
}

FailureOr<Value> axisSize(Elaborator &e, const BuiltinCall &call) {
  FailureOr<LaneAxis> axis = axisNameArgument(e, call, 0);
  if (failed(axis))
    return failure();
  std::optional<int64_t> count = axis->size.constant();
  return count ? Value(Number::of(*count)) : Value(axis->size);
}

constexpr Builtin table[] = {
    {"psum", "x*, axis_name", combine<Combination::add>},
    {"pmax", "x, axis_name", combine<Combination::max>},
    {"pmin", "x, axis_name", combine<Combination::min>},
    {"all_gather", "x*, axis_name, axis?, tiled?", allGather},
    {"reduce_scatter", "x*, axis_name, axis?, tiled?", reduceScatter},
    {"ppermute", "x*, axis_name, perm?, shift?", permute},
    {"axis_index", "axis_name", axisIndex},
    {"axis_size", "axis_name", axisSize},
};

} // namespace

llvm::ArrayRef<Builtin> collectiveBuiltins() { return table; }

} // namespace costate::importer
