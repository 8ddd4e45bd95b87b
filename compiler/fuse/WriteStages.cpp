// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One stage, or a few, for each kept value. The order of every sum is written here and nowhere else: a function of the op and its
// dimensions (KernelWriter.h, kLanes).
#include "costate/compiler/fuse/KernelWriter.h"

#include "costate/compiler/fuse/ScalarMath.h"
#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

static Type elementTypeOf(Value tensor) { return arithmeticType(cast<RankedTensorType>(tensor.getType()).getElementType()); }

void KernelWriter::writeStage(Operation *op) {
  loc = op->getLoc();
  llvm::TypeSwitch<Operation *>(op)
      .Case<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp>([&](auto) { writeReduction(op); })
      .Case<DotGeneralOp, ConvolutionOp>([&](auto) { writeContraction(op); })
      .Case<ArgmaxOp, ArgminOp>([&](auto) { writeArgReduction(op); })
      .Case<CumsumOp, CummaxOp, LinearRecurrenceOp>([&](auto) { writeCumulative(op); })
      .Case<ScatterOp, ScatterAddOp, ScatterMaxOp>([&](auto) { writeScatter(op); })
      .Case([&](DynamicUpdateSliceOp) { writeUpdateSlice(op); })
      .Default([&](Operation *op) {
        Value value = op->getResult(0);
        auto made = stage(op, "", dimensions.of(value), elementTypeOf(value),
                          [&](ValueRange variables) { return SmallVector<Value>{computeElement(op, variables)}; });
        stages[value] = made.getResult(0);
      });
}

void KernelWriter::writeBundle() {
  SmallVector<Operation *> results;
  SmallVector<Type> types;
  for (Operation *op : written)
    if (llvm::is_contained(bundle, op)) {
      results.push_back(op);
      types.push_back(elementTypeOf(op->getResult(0)));
    }
  loc = results.back()->getLoc();
  auto made = stage(results.back(), "", dimensions.of(results.back()->getResult(0)), types, [&](ValueRange variables) {
    SmallVector<Value> values;
    for (Operation *op : results)
      values.push_back(element(op->getResult(0), variables));
    return values;
  });
  for (auto [op, value] : llvm::zip_equal(results, made.getResults()))
    stages[op->getResult(0)] = value;
}

/// Indices of a reduction's operand, from those of the result and of the reduced axes.
static SmallVector<Value, 4> merge(ArrayRef<int64_t> reduced, ValueRange free, ValueRange along) {
  SmallVector<Value, 4> at(free.size() + along.size());
  for (auto [place, axis] : llvm::enumerate(reduced))
    at[axis] = along[place];
  for (auto [place, axis] : llvm::enumerate(complement(reduced, at.size())))
    at[axis] = free[place];
  return at;
}

/// The axis of `domain`, before that of the lanes, that is cut into parts: where few sums go through much, so that threads share it. A matter of the shape alone; an
/// extent that has a name is taken for long where the rest of a sum is.
static std::optional<size_t> findCut(ArrayRef<DimAttr> space, ArrayRef<DimAttr> domain, size_t laneReduction) {
  int64_t sums = 1, terms = 1;
  for (DimAttr dim : space)
    sums *= dim.constant().value_or(kParts + 1);
  if (sums > kParts)
    return std::nullopt;
  auto likely = [](DimAttr dim) { return dim.constant().value_or(kParts); };
  const DimAttr *cut = llvm::find_if(domain.take_front(laneReduction), [&](DimAttr dim) { return likely(dim) >= kParts; });
  for (const DimAttr &dim : domain)
    terms *= &dim == cut ? likely(dim) : dim.constant().value_or(1);
  if (cut == domain.begin() + laneReduction || terms <= kLongest)
    return std::nullopt;
  return cut - domain.begin();
}

void KernelWriter::writeReduction(Operation *op) {
  Value operand = op->getOperand(0), result = op->getResult(0);
  auto axes = llvm::to_vector(cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef());
  Type type = elementTypeOf(result);
  Dims from = dimensions.of(operand), space = dimensions.of(result), domain = take(from, axes);
  auto startAt = [&](TypedAttr start) { return [&, start](ValueRange) -> SmallVector<Value> { return {arith::ConstantOp::create(b, loc, start)}; }; };
  TypedAttr identity = getIdentity(op, cast<RankedTensorType>(result.getType()).getElementType());

  // The axis that lanes share: the last reduced one that is long, if the last axis of more than one element is reduced.
  auto isOne = [](DimAttr dim) { return dim.constant() == 1; };
  int64_t last = int64_t(from.size()) - 1, laneAxis = -1;
  while (last > 0 && isOne(from[last]))
    --last;
  if (llvm::is_contained(axes, last))
    for (int64_t axis : axes)
      if (!from[axis].constant() || *from[axis].constant() >= kFewest)
        laneAxis = axis;
  if (laneAxis < 0) {
    stages[result] = writeSum(op, space, domain, identity, [&](ValueRange variables, ValueRange reduction) {
      return element(operand, merge(axes, variables, reduction));
    });
    return;
  }

  MLIRContext *context = op->getContext();
  auto number = [&](int64_t value) { return DimAttr::get(context, value); };
  DimAttr extent = from[laneAxis];
  int64_t lanes = extent.constant().value_or(0) >= kWide ? kWideLanes : kLanes;
  DimAttr rows = DimAttr::floorDiv(extent, number(lanes));
  bool isLong = extent.constant().value_or(0) > kLongest, isEven = extent == rows * number(lanes);
  size_t laneReduction = llvm::find(axes, laneAxis) - axes.begin(), rank = space.size();
  // What is cut into parts: the rows of lanes if they are long, else an axis before them.
  std::optional<size_t> other = isLong ? std::nullopt : findCut(space, domain, laneReduction);
  bool hasParts = isLong || other;
  size_t cut = other.value_or(laneReduction);
  Dims runs = domain;
  runs[laneReduction] = rows;
  DimAttr count = runs[cut], run = DimAttr::ceilDiv(count, number(kParts));
  if (hasParts)
    runs[cut] = run;

  Dims partialSpace = space;
  if (hasParts)
    partialSpace.push_back(number(kParts));
  partialSpace.push_back(number(lanes));
  bool byKeys = hasOrderKeys(op);
  Type partialType = byKeys ? b.getIntegerType(type.getIntOrFloatBitWidth()) : type;
  TypedAttr start = byKeys ? getIdentityKey(op, type) : identity;
  auto partial = stage(op, "_lanes", partialSpace, partialType, startAt(start));
  // Adds the element at `place` of the lane axis where `isThere`, or what changes nothing where not `isCounted`; either may be null. Every point writes at its own place, so
  // that all lanes of it are one vector.
  auto addElement = [&](ValueRange self, ValueRange variables, SmallVector<Value> along, Value place, Value isThere, Value isCounted) {
    along[laneReduction] = place;
    Value value = element(operand, merge(axes, variables.take_front(rank), along));
    value = byKeys ? emitOrderKey(b, op, value) : value;
    if (isCounted)
      value = arith::SelectOp::create(b, loc, isCounted, value, arith::ConstantOp::create(b, loc, start));
    Value so = kernel::LoadOp::create(b, loc, self.front(), variables);
    kernel::WriteOp::create(b, loc, emitCombine(b, op, so, value), variables, isThere);
  };
  // The place along the axis that is cut, in the run of the part; and whether it is there, if runs are not equal.
  auto moveToPart = [&](ValueRange variables, SmallVector<Value> &along) -> Value {
    along[cut] = add(multiply(variables[rank], index(run)), along[cut]);
    if (count == run * number(kParts))
      return {};
    Value isThere = isLess(along[cut], index(count));
    along[cut] = clamp(along[cut], subtract(index(count), index(1)));
    return isThere;
  };
  update(partial, runs, /*contract=*/false, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
    SmallVector<Value> along(reduction);
    Value isThere = hasParts ? moveToPart(variables, along) : Value();
    Value place = add(multiply(along[laneReduction], index(lanes)), variables.back());
    addElement(self, variables, along, place, isThere, {});
  });
  if (!isEven) { // what is left of each row of lanes; of long ones it goes to the last part
    Dims rest = runs;
    rest[laneReduction] = number(1);
    update(partial, rest, /*contract=*/false, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
      SmallVector<Value> along(reduction);
      Value place = add(multiply(index(rows), index(lanes)), variables.back()), isCounted;
      if (isLong)
        isCounted = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, variables[rank], index(kParts - 1));
      else if (hasParts)
        isCounted = moveToPart(variables, along);
      addElement(self, variables, along, clamp(place, subtract(index(extent), index(1))), isLess(place, index(extent)), isCounted);
    });
  }

  // The values 0 .. count - 1 of `at`, joined pairwise.
  auto joinPairwise = [&](int64_t count, function_ref<Value(int64_t)> at) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(at(i));
    for (int64_t half = count / 2; half > 0; half /= 2)
      for (int64_t i = 0; i < half; ++i)
        values[i] = emitCombine(b, op, values[i], values[i + half]);
    return SmallVector<Value>{values.front()};
  };
  Value laneSums = partial.getResult(0);
  if (hasParts) {
    Dims laneSpace = space;
    laneSpace.push_back(number(lanes));
    auto joined = stage(op, "_parts", laneSpace, partialType, [&](ValueRange variables) {
      return joinPairwise(kParts, [&](int64_t part) -> Value {
        Indices at(variables.drop_back());
        at.append({index(part), variables.back()});
        return kernel::LoadOp::create(b, loc, laneSums, at);
      });
    });
    laneSums = joined.getResult(0);
  }
  if (lanes > kLanes) { // as vectors, as far as they are full
    Dims laneSpace = space;
    laneSpace.push_back(number(kLanes));
    auto joined = stage(op, "_joined", laneSpace, partialType, [&](ValueRange variables) {
      return joinPairwise(lanes / kLanes, [&](int64_t part) -> Value {
        Indices at(variables.begin(), variables.end());
        at.back() = add(at.back(), index(part * kLanes));
        return kernel::LoadOp::create(b, loc, laneSums, at);
      });
    });
    laneSums = joined.getResult(0);
  }
  auto sum = stage(op, "", space, type, [&](ValueRange variables) {
    SmallVector<Value> value = joinPairwise(kLanes, [&](int64_t lane) -> Value {
      Indices at(variables.begin(), variables.end());
      at.push_back(index(lane));
      return kernel::LoadOp::create(b, loc, laneSums, at);
    });
    return byKeys ? SmallVector<Value>{emitFromOrderKey(b, op, value.front(), type)} : value;
  });
  stages[result] = sum.getResult(0);
}

/// A sum of products.
void KernelWriter::writeContraction(Operation *op) {
  Value result = op->getResult(0), rhs = op->getOperand(1);
  auto dot = dyn_cast<DotGeneralOp>(op);
  Dims domain = dot ? take(dimensions.of(op->getOperand(0)), dot.getLhsContracting()) : Dims(ArrayRef(dimensions.of(rhs)).drop_back());
  auto productAt = [&](ValueRange variables, ValueRange reduction) -> Value {
    Value x, w;
    if (dot) {
      auto operandAt = [&](Value operand, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting, ArrayRef<int64_t> free, size_t firstFree) {
        Indices at(batching.size() + contracting.size() + free.size());
        for (auto [place, axis] : llvm::enumerate(batching))
          at[axis] = variables[place];
        for (auto [place, axis] : llvm::enumerate(contracting))
          at[axis] = reduction[place];
        for (auto [place, axis] : llvm::enumerate(free))
          at[axis] = variables[firstFree + place];
        return element(operand, at);
      };
      size_t batches = dot.getLhsBatching().size();
      x = operandAt(dot.getLhs(), dot.getLhsBatching(), dot.getLhsContracting(), dot.lhsFree(), batches);
      w = operandAt(dot.getRhs(), dot.getRhsBatching(), dot.getRhsContracting(), dot.rhsFree(), batches + dot.lhsFree().size());
    } else {
      x = elementOfImage(op, variables, reduction);
      Indices at(reduction.begin(), reduction.end());
      at.push_back(variables.back());
      w = element(rhs, at);
    }
    return arith::MulFOp::create(b, loc, x, w);
  };
  stages[result] = writeSum(op, dimensions.of(result), domain, b.getZeroAttr(elementTypeOf(result)), productAt);
}

/// The axis of a sum's domain whose slices are added up one by one: the first of several, if the sum is long or may be.
static std::optional<size_t> findSliceAxis(ArrayRef<DimAttr> domain) {
  auto first = llvm::find_if(domain, [](DimAttr dim) { return dim.constant() != 1; });
  if (first == domain.end())
    return std::nullopt;
  auto isAtLeast = [&](ArrayRef<DimAttr> dims, int64_t least) {
    std::optional<int64_t> points = product(domain.front().getContext(), dims).constant();
    return !points || *points >= least;
  };
  ArrayRef<DimAttr> slice(first + 1, domain.end());
  if (!isAtLeast(slice, kFewestInSlice) || !isAtLeast(domain, kLongChain))
    return std::nullopt;
  return first - domain.begin();
}

/// The sum of `term` over `domain`, by what the op combines with: in order, or slice by slice. Returns the stage's result.
Value KernelWriter::writeSum(Operation *op, ArrayRef<DimAttr> space, ArrayRef<DimAttr> domain, TypedAttr start, Term term) {
  bool isContraction = isa<DotGeneralOp, ConvolutionOp>(op);
  auto begin = [&](StringRef suffix, ArrayRef<DimAttr> over) {
    return stage(op, suffix, over, start.getType(),
                 [&](ValueRange) -> SmallVector<Value> { return {arith::ConstantOp::create(b, loc, start)}; });
  };
  auto addTo = [&](ValueRange self, ValueRange at, Value value) {
    Value so = kernel::LoadOp::create(b, loc, self.front(), at);
    Value next = isContraction ? Value(arith::AddFOp::create(b, loc, so, value)) : emitCombine(b, op, so, value);
    kernel::WriteOp::create(b, loc, next, at, Value());
  };
  bool isRounded = isa<FloatType>(start.getType()) && !isa<ReduceMaxOp, ReduceMinOp>(op);
  std::optional<size_t> axis = isRounded ? findSliceAxis(domain) : std::nullopt;
  if (!axis) {
    auto sum = begin("", space);
    update(sum, domain, isContraction,
           [&](ValueRange self, ValueRange variables, ValueRange reduction) { addTo(self, variables, term(variables, reduction)); });
    return sum.getResult(0);
  }
  Dims sliceSpace{domain[*axis]}, rest(domain);
  llvm::append_range(sliceSpace, space);
  rest.erase(rest.begin() + *axis);
  auto slices = begin("_slices", sliceSpace);
  update(slices, rest, isContraction, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
    Indices along(reduction.begin(), reduction.end());
    along.insert(along.begin() + *axis, variables.front());
    addTo(self, variables, term(variables.drop_front(), along));
  });
  auto sum = begin("", space);
  update(sum, domain[*axis], /*contract=*/false, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
    Indices slice(reduction.begin(), reduction.end());
    llvm::append_range(slice, variables);
    addTo(self, variables, kernel::LoadOp::create(b, loc, slices.getResult(0), slice));
  });
  return sum.getResult(0);
}

/// The best value and its place, from the front: only a better one takes over, and a NaN is better than any number.
void KernelWriter::writeArgReduction(Operation *op) {
  Value operand = op->getOperand(0), result = op->getResult(0);
  int64_t axis = cast<IntegerAttr>(op->getAttr("axis")).getInt();
  Type type = elementTypeOf(operand), placeType = elementTypeOf(result);
  Dims from = dimensions.of(operand);
  bool ofMax = isa<ArgmaxOp>(op);
  auto best = stage(op, "", dimensions.of(result), {type, placeType}, [&](ValueRange variables) {
    return SmallVector<Value>{element(operand, merge(axis, variables, index(int64_t(0)))), zero(placeType)};
  });
  update(best, from[axis], /*contract=*/false, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
    Value value = element(operand, merge(axis, variables, reduction)), isBetter;
    Value so = kernel::LoadOp::create(b, loc, self[0], variables), at = kernel::LoadOp::create(b, loc, self[1], variables);
    if (isa<FloatType>(type)) {
      auto compare = [&](arith::CmpFPredicate predicate, Value x, Value y) -> Value { return arith::CmpFOp::create(b, loc, predicate, x, y); };
      // Better: greater, or a NaN against a number. "Not <=" is true for a NaN; "so == so" excludes a NaN that is there already.
      isBetter = both(compare(ofMax ? arith::CmpFPredicate::UGT : arith::CmpFPredicate::ULT, value, so), compare(arith::CmpFPredicate::OEQ, so, so));
    } else {
      bool isUnsigned = type.isInteger(1) || cast<RankedTensorType>(operand.getType()).getElementType().isUnsignedInteger();
      auto predicate = ofMax ? (isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt)
                             : (isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt);
      isBetter = arith::CmpIOp::create(b, loc, predicate, value, so);
    }
    Value here = arith::IndexCastOp::create(b, loc, placeType, reduction.front());
    Value values[] = {arith::SelectOp::create(b, loc, isBetter, value, so), arith::SelectOp::create(b, loc, isBetter, here, at)};
    kernel::WriteOp::create(b, loc, values, variables, Value());
  });
  stages[result] = best.getResult(1);
}

/// Each element from the one before it; what does not depend on that stands there from the start.
void KernelWriter::writeCumulative(Operation *op) {
  Value result = op->getResult(0), term = op->getOperands().back();
  int64_t axis = cast<IntegerAttr>(op->getAttr("axis")).getInt();
  bool reverse = op->hasAttr("reverse");
  Dims dims = dimensions.of(result);
  DimAttr one = DimAttr::get(op->getContext(), int64_t(1)), none = DimAttr::get(op->getContext(), int64_t(0));
  auto whole = stage(op, "", dims, elementTypeOf(result), [&](ValueRange variables) { return SmallVector<Value>{element(term, variables)}; });
  update(whole, DimAttr::max(dims[axis] - one, none), /*contract=*/false, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
    Indices from(variables.begin(), variables.end()), to = from;
    Value next = add(reduction.front(), index(1));
    Value last = subtract(index(dims[axis]), index(1));
    from[axis] = reverse ? subtract(last, reduction.front()) : reduction.front();
    to[axis] = reverse ? subtract(last, next) : next;
    Value before = kernel::LoadOp::create(b, loc, self.front(), from), here = kernel::LoadOp::create(b, loc, self.front(), to), value;
    if (auto recurrence = dyn_cast<LinearRecurrenceOp>(op))
      value = emitMultiplyAdd(b, op, element(recurrence.getFactor(), to), before, here);
    else
      value = emitCombine(b, op, before, here);
    kernel::WriteOp::create(b, loc, value, to, Value());
  });
  stages[result] = whole.getResult(0);
}

/// The updates in their order, each where its index points; an index outside writes nothing.
void KernelWriter::writeScatter(Operation *op) {
  Value operand = op->getOperand(0), indices = op->getOperand(1), updates = op->getOperand(2), result = op->getResult(0);
  size_t shared = cast<IntegerAttr>(op->getAttr("batch_dims")).getInt();
  Dims dims = dimensions.of(result), indexDims = dimensions.of(indices);
  Dims domain(ArrayRef(indexDims).drop_front(shared));
  auto whole = stage(op, "", dims, elementTypeOf(result), [&](ValueRange variables) { return SmallVector<Value>{element(operand, variables)}; });
  update(whole, domain, /*contract=*/false, [&](ValueRange self, ValueRange variables, ValueRange reduction) {
    Indices from(variables.take_front(shared));
    llvm::append_range(from, reduction);
    auto [row, isInside] = place(indices, from, dims[shared]);
    llvm::append_range(from, variables.drop_front(shared + 1));
    Indices to(variables.begin(), variables.end());
    to[shared] = row;
    Value so = isa<ScatterOp>(op) ? Value() : Value(kernel::LoadOp::create(b, loc, self.front(), to)), value = element(updates, from);
    kernel::WriteOp::create(b, loc, so ? emitCombine(b, op, so, value) : value, to, isInside);
  });
  stages[result] = whole.getResult(0);
}

void KernelWriter::writeUpdateSlice(Operation *op) {
  auto slice = cast<DynamicUpdateSliceOp>(op);
  Value result = slice.getResult();
  Dims dims = dimensions.of(result), sizes = dimensions.of(slice.getUpdate());
  auto whole = stage(op, "", dims, elementTypeOf(result), [&](ValueRange variables) { return SmallVector<Value>{element(slice.getOperand(), variables)}; });
  // Axes that the block fills stay free.
  Dims domain;
  for (auto [dim, size] : llvm::zip_equal(dims, sizes))
    if (dim != size)
      domain.push_back(size);
  update(whole, domain, /*contract=*/false, [&](ValueRange, ValueRange variables, ValueRange reduction) {
    Indices from(variables.begin(), variables.end()), to = from;
    size_t next = 0;
    for (size_t axis = 0; axis < dims.size(); ++axis)
      if (dims[axis] != sizes[axis]) {
        from[axis] = reduction[next++];
        to[axis] = add(clampedStart(slice.getStarts()[axis], dims[axis], sizes[axis]), from[axis]);
      }
    Value value = element(slice.getUpdate(), from);
    kernel::WriteOp::create(b, loc, value, to, Value());
  });
  stages[result] = whole.getResult(0);
}

} // namespace costate::fuse
