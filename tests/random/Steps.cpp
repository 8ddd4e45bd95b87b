// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/random/Steps.h"

#include "costate/dialects/optim/Optim.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::random {

void Steps::step() {
  switch (between(0, 17)) {
  case 0:
  case 1:
  case 2:
    return smooth();
  case 3:
  case 4:
  case 5:
    return arithmetic();
  case 6:
    return jumps();
  case 7:
  case 8:
    return logic();
  case 9:
  case 10:
    return reduce();
  case 11:
    return contract();
  case 12:
  case 13:
    return layout();
  case 14:
    return index();
  case 15:
    return sorting();
  case 16:
    return draw();
  case 17:
    return factor();
  }
}

void Steps::smooth() {
  Entry x = anyReal();
  switch (between(0, 12)) {
  case 0:
    keep(unary<ExponentialOp>(bounded(x, 2), 0.1, 8));
    return;
  case 1:
    keep(unary<ExponentialMinusOneOp>(bounded(x, 2), -1, 7));
    return;
  case 2:
    keep(unary<LogOp>(positive(x), -1.4, 1.4));
    return;
  case 3:
    keep(unary<LogPlusOneOp>(positive(x), 0.2, 1.7));
    return;
  case 4:
    keep(unary<SqrtOp>(positive(x), 0.5, 2));
    return;
  case 5:
    keep(unary<RsqrtOp>(positive(x), 0.5, 2));
    return;
  case 6:
    keep(unary<TanhOp>(x, -1, 1));
    return;
  case 7:
    keep(unary<LogisticOp>(x, 0, 1));
    return;
  case 8:
    keep(unary<ErfOp>(x, -1, 1));
    return;
  case 9:
    keep(unary<SineOp>(bounded(x, 8), -1, 1));
    return;
  case 10:
    keep(unary<CosineOp>(bounded(x, 8), -1, 1));
    return;
  case 11:
    keep(unary<NegateOp>(x, -x.high, -x.low));
    return;
  case 12:
    keep(unary<StopGradientOp>(x, x.low, x.high));
    return;
  }
}

void Steps::arithmetic() {
  Entry x = bounded(anyReal(), 100), y = bounded(like(x), 100);
  double bound = std::max({-x.low, x.high, -y.low, y.high});
  switch (between(0, 8)) {
  case 0:
    keep(binary<AddOp>(x, y, x.low + y.low, x.high + y.high));
    return;
  case 1:
    keep(binary<SubtractOp>(x, y, x.low - y.high, x.high - y.low));
    return;
  case 2:
    keep(binary<MultiplyOp>(x, y, -bound * bound, bound * bound));
    return;
  case 3:
    keep(binary<DivideOp>(x, positive(y), -4 * bound, 4 * bound));
    return;
  case 4:
    keep(binary<RemainderOp>(x, positive(y), -4, 4));
    return;
  case 5:
    keep(binary<MaximumOp>(x, y, std::max(x.low, y.low), std::max(x.high, y.high)));
    return;
  case 6:
    keep(binary<MinimumOp>(x, y, std::min(x.low, y.low), std::min(x.high, y.high)));
    return;
  case 7:
    keep(binary<PowerOp>(positive(x), bounded(y, 2), 0.06, 16));
    return;
  case 8:
    keep(binary<Atan2Op>(x, positive(y), -1.6, 1.6));
    return;
  }
}

void Steps::jumps() {
  Entry x = bounded(anyReal(), 100);
  switch (between(0, 5)) {
  case 0:
    keep(unary<AbsOp>(x, 0, std::max(-x.low, x.high)));
    return;
  case 1:
    keep(unary<SignOp>(x, -1, 1));
    return;
  case 2:
    keep(unary<FloorOp>(x, x.low - 1, x.high));
    return;
  case 3:
    keep(unary<CeilOp>(x, x.low, x.high + 1));
    return;
  case 4:
    keep(unary<RoundNearestEvenOp>(x, x.low - 1, x.high + 1));
    return;
  case 5: {
    Type integer = pick<Type>({builder.getI32Type(), builder.getI64Type(), builder.getIntegerType(8)});
    Value i = create<ConvertOp>(typeOf(x.dims, integer), x.value);
    keep({i, x.dims, -100, 100});
    keep({create<ConvertOp>(x.value.getType(), i), x.dims, -100, 100});
    return;
  }
  }
}

std::optional<Entry> Steps::findInteger(bool wantBool) {
  return find([&](const Entry &e) { return !isReal(e) && getElementTypeOrSelf(e.value.getType()).isInteger(1) == wantBool; });
}

void Steps::logic() {
  Entry x = anyReal(), y = like(x);
  Dims dims = x.dims;
  Type i1 = builder.getI1Type();
  auto direction = ComparisonDirection(between(0, 5));
  Value p = create<CompareOp>(typeOf(dims, i1), direction, x.value, y.value);
  keep({p, dims, 0, 1});
  switch (between(0, 5)) {
  case 0:
    keep({create<SelectOp>(x.value.getType(), p, x.value, y.value), dims, std::min(x.low, y.low), std::max(x.high, y.high)});
    return;
  case 1:
    keep({create<ConvertOp>(x.value.getType(), create<NotOp>(p.getType(), p)), dims, 0, 1});
    return;
  default:
    break;
  }
  bool wantBool = chance(0.5);
  std::optional<Entry> a = findInteger(wantBool);
  if (!a)
    return;
  std::optional<Entry> b = find([&](const Entry &e) { return e.value.getType() == a->value.getType() && e.dims == a->dims; });
  switch (between(0, 4)) {
  case 0:
    keep(binary<AndOp>(*a, *b, -128, 127));
    return;
  case 1:
    keep(binary<OrOp>(*a, *b, -128, 127));
    return;
  case 2:
    keep(binary<XorOp>(*a, *b, -128, 127));
    return;
  case 3:
    keep(unary<NotOp>(*a, -128, 127));
    return;
  case 4:
    keep(binary<MultiplyOp>(*a, *b, -128, 127));
    return;
  }
}

void Steps::reduce() {
  Entry x = bounded(realOfRank(1), 50);
  SmallVector<int64_t> axes = randomAxes(x.dims.size());
  Dims rest = without(x.dims, axes);
  bool isEmpty = size(x.dims) == 0;
  RankedTensorType type = typeOf(rest, real);
  double n = std::max<double>(1, size(x.dims)), bound = n * std::max(-x.low, x.high);
  int64_t axis = between(0, x.dims.size() - 1);
  switch (between(0, 8)) {
  case 0:
    keep({create<ReduceSumOp>(type, x.value, axes), rest, -bound, bound});
    return;
  case 1: {
    Entry one = bounded(x, 1);
    keep({create<ReduceProdOp>(type, one.value, axes), rest, -1, 1});
    return;
  }
  case 2:
    if (!isEmpty)
      keep({create<ReduceMaxOp>(type, x.value, axes), rest, x.low, x.high});
    return;
  case 3:
    if (!isEmpty)
      keep({create<ReduceMinOp>(type, x.value, axes), rest, x.low, x.high});
    return;
  case 4:
    if (!isEmpty)
      keep({create<LogSumExpOp>(type, x.value, axes), rest, x.low, x.high + 5});
    return;
  case 5:
    keep({create<SoftmaxOp>(x.value.getType(), x.value, axes), x.dims, 0, 1});
    return;
  case 6:
  case 7: {
    if (extent(x.dims[axis]) == 0)
      return;
    Dims left = without(x.dims, {axis});
    RankedTensorType index = typeOf(left, chance(0.5) ? builder.getI32Type() : builder.getI64Type());
    double last = double(extent(x.dims[axis]) - 1);
    if (chance(0.5))
      keep({create<ArgmaxOp>(index, x.value, axis), left, 0, last});
    else
      keep({create<ArgminOp>(index, x.value, axis), left, 0, last});
    return;
  }
  case 8: {
    bool reverse = chance(0.5);
    Type own = x.value.getType();
    if (pool.size() % 3 == 1) {
      x.value = create<CummaxOp>(own, x.value, axis, reverse);
    } else if (pool.size() % 3 == 2) {
      Value y = create<LinearRecurrenceOp>(own, unary<SineOp>(x, -1, 1).value, x.value, axis, !reverse);
      x = unary<TanhOp>({y, x.dims, -bound, bound}, -1, 1);
      bound = n;
    }
    keep({create<CumsumOp>(own, x.value, axis, reverse), x.dims, -bound, bound});
    return;
  }
  }
}

void Steps::contract() {
  if (chance(0.25))
    return convolve();
  Entry x = bounded(realOfRank(1), 10);
  if (chance(0.25)) {
    Entry y = bounded(like(x), 10);
    double bound = std::max({-x.low, x.high, -y.low, y.high}) * 2 * std::max<double>(1, extent(x.dims.back()));
    auto parts = create<FftOp>(x.value, y.value, chance(0.5));
    keep({parts.getResultRe(), x.dims, -bound, bound});
    keep({parts.getResultIm(), x.dims, -bound, bound});
    return;
  }
  // Each axis of x is batched, contracted or free.
  SmallVector<int64_t> batchL, batchR, contractL, contractR;
  Dims rhs, result, free;
  for (size_t i = 0; i < x.dims.size(); ++i) {
    int64_t kind = between(0, 2);
    if (kind == 2) {
      free.push_back(x.dims[i]);
      continue;
    }
    (kind == 0 ? batchL : contractL).push_back(i);
    (kind == 0 ? batchR : contractR).push_back(rhs.size());
    rhs.push_back(x.dims[i]);
    if (kind == 0)
      result.push_back(x.dims[i]);
  }
  Dims other = randomDims(0, 1);
  rhs.append(other.begin(), other.end());
  result.append(free.begin(), free.end());
  result.append(other.begin(), other.end());
  if (size(result) > 80)
    return;
  std::optional<Entry> found = find([&](const Entry &e) { return isBase(e) && e.dims == rhs && e.low >= -10 && e.high <= 10; });
  Entry y = found ? *found : keep(argument(rhs, -1, 1));
  double bound = std::max(-x.low, x.high) * std::max(-y.low, y.high) * std::max<double>(1, size(x.dims));
  keep({create<DotGeneralOp>(typeOf(result, real), x.value, y.value, batchL, batchR, contractL, contractR), result, -bound, bound});
}

void Steps::convolve() {
  int64_t spatial = between(1, 2), channels = between(1, 2), out = between(1, 2);
  Dims image{randomDim()}, kernel, result{image[0]};
  SmallVector<int64_t> strides, low, high, lhsDilation, rhsDilation;
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t n = between(1, 4), k = between(1, 3);
    strides.push_back(between(1, 2));
    low.push_back(between(-1, 2));
    high.push_back(between(0, 2));
    lhsDilation.push_back(between(1, 2));
    rhsDilation.push_back(between(1, 2));
    int64_t room = (n - 1) * lhsDilation[i] + 1 + low[i] + high[i] - ((k - 1) * rhsDilation[i] + 1);
    if (room < 0)
      return;
    image.push_back(dim(n));
    kernel.push_back(dim(k));
    result.push_back(dim(room / strides[i] + 1));
  }
  image.push_back(dim(channels));
  kernel.append({dim(channels), dim(out)});
  result.push_back(dim(out));
  Entry x = argument(image, -1, 1), w = argument(kernel, -1, 1);
  keep({create<ConvolutionOp>(typeOf(result, real), x.value, w.value, strides, low, high, lhsDilation, rhsDilation), result, -40, 40});
}

void Steps::layout() {
  Entry x = realOfRank(1);
  size_t rank = x.dims.size();
  Dims dims;
  switch (between(0, 8)) {
  case 0: { // new axes at random places; axes of extent 1 may grow
    SmallVector<int64_t> places;
    for (size_t i = 0; i < rank; ++i) {
      if (chance(0.3))
        dims.push_back(randomDim());
      places.push_back(dims.size());
      dims.push_back(x.dims[i] == dim(int64_t(1)) && chance(0.5) ? randomDim() : x.dims[i]);
    }
    if (size(dims) <= 60)
      keep({create<BroadcastInDimOp>(typeOf(dims, real), x.value, places, shapeAttr(dims)), dims, x.low, x.high});
    return;
  }
  case 1: { // two neighbours become one, or an axis of 1 appears
    if (rank >= 2 && chance(0.6)) {
      int64_t at = between(0, rank - 2);
      dims = x.dims;
      dims[at] = dims[at] * dims[at + 1];
      dims.erase(dims.begin() + at + 1);
    } else {
      dims = x.dims;
      dims.insert(dims.begin() + between(0, rank), dim(int64_t(1)));
    }
    keep({create<ReshapeOp>(typeOf(dims, real), x.value, shapeAttr(dims)), dims, x.low, x.high});
    return;
  }
  case 2: {
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    for (size_t i = rank - 1; i > 0; --i)
      std::swap(permutation[i], permutation[between(0, i)]);
    for (int64_t axis : permutation)
      dims.push_back(x.dims[axis]);
    keep({create<TransposeOp>(typeOf(dims, real), x.value, permutation), dims, x.low, x.high});
    return;
  }
  case 3: { // whole named axes, parts of static ones
    Dims starts;
    SmallVector<int64_t> strides;
    for (DimAttr d : x.dims) {
      std::optional<int64_t> n = d.constant();
      int64_t stride = n ? between(1, 2) : 1, start = n && *n > 0 ? between(0, *n - 1) : 0;
      starts.push_back(dim(start));
      strides.push_back(stride);
      dims.push_back(n ? dim(between(0, (*n - start + stride - 1) / stride)) : d);
    }
    keep({create<SliceOp>(typeOf(dims, real), x.value, shapeAttr(starts), shapeAttr(dims), strides), dims, x.low, x.high});
    return;
  }
  case 4: {
    Dims low, high;
    SmallVector<int64_t> interior;
    for (DimAttr d : x.dims) {
      low.push_back(chance(0.2) ? dim("m") : dim(between(0, 1)));
      high.push_back(dim(between(0, 1)));
      interior.push_back(d.constant() ? between(0, 1) : 0);
      DimAttr inner = interior.back() ? DimAttr::max(dim(int64_t(0)), d + d - dim(int64_t(1))) : d;
      dims.push_back(low.back() + inner + high.back());
    }
    if (size(dims) <= 80)
      keep({create<PadOp>(typeOf(dims, real), x.value, splat(0.5, {}, real), shapeAttr(low), shapeAttr(high), interior), dims,
            std::min(x.low, 0.5), std::max(x.high, 0.5)});
    return;
  }
  case 5: {
    int64_t axis = between(0, rank - 1);
    Entry y = like(x);
    dims = x.dims;
    dims[axis] = dims[axis] + dims[axis];
    if (size(dims) <= 80)
      keep({create<ConcatenateOp>(typeOf(dims, real), ValueRange{x.value, y.value}, axis), dims, std::min(x.low, y.low), std::max(x.high, y.high)});
    return;
  }
  case 6:
    keep({create<ReverseOp>(x.value.getType(), x.value, randomAxes(rank)), x.dims, x.low, x.high});
    return;
  case 7: {
    Value i = create<IotaOp>(x.value.getType(), between(0, rank - 1), shapeAttr(x.dims));
    Entry iota{i, x.dims, 0, 12};
    keep(binary<AddOp>(iota, x, x.low, x.high + 12));
    return;
  }
  case 8: {
    Value n = create<ExtentOp>(RankedTensorType::get({}, builder.getI64Type()), dim("m") * dim(int64_t(2)) + dim("n"));
    Value r = create<ConvertOp>(RankedTensorType::get({}, real), n);
    Value all = create<BroadcastInDimOp>(x.value.getType(), r, ArrayRef<int64_t>{}, shapeAttr(x.dims));
    Entry scaled{all, x.dims, 1, 20};
    keep(binary<DivideOp>(bounded(x, 100), scaled, -100, 100));
    return;
  }
  }
}

void Steps::index() {
  Entry x = realOfRank(1);
  Type i32 = builder.getI32Type();
  int64_t batch = between(0, x.dims.size() - 1);
  switch (between(0, 3)) {
  case 0:
  case 1: {
    Dims places(ArrayRef(x.dims).take_front(batch));
    Dims more = randomDims(0, 1);
    places.append(more.begin(), more.end());
    Dims rows = places;
    rows.append(x.dims.begin() + batch + 1, x.dims.end());
    if (size(rows) > 60)
      return;
    std::optional<Entry> known = find([&](const Entry &e) {
      Type element = getElementTypeOrSelf(e.value.getType());
      return e.dims == places && (element.isInteger(32) || element.isInteger(64));
    });
    Entry i = known && chance(0.5) ? *known : keep(argument(places, -1, double(extent(x.dims[batch])), i32));
    if (chance(0.5)) {
      keep({create<GatherOp>(typeOf(rows, real), x.value, i.value, batch), rows, std::min(x.low, 0.0), std::max(x.high, 0.0)});
      return;
    }
    Entry u = argument(rows, -1, 1);
    double sum = std::max<double>(1, size(rows));
    Type own = x.value.getType();
    Value changed = pool.size() % 2 ? create<ScatterMaxOp>(own, x.value, i.value, u.value, batch).getResult()
                                    : create<ScatterAddOp>(own, x.value, i.value, u.value, batch).getResult();
    if (pool.size() % 4 < 2) { // behind it, one that replaces what stands beside
      Value one = splat(1.0, places, getElementTypeOrSelf(i.value.getType()));
      changed = create<ScatterOp>(own, changed, create<AddOp>(i.value.getType(), i.value, one), u.value, batch);
    }
    keep({changed, x.dims, x.low - sum, x.high + sum});
    return;
  }
  case 2:
  case 3: {
    SmallVector<Value> starts;
    Dims sizes;
    for (DimAttr d : x.dims) {
      starts.push_back(argument({}, -1, 3, i32).value);
      std::optional<int64_t> n = d.constant();
      sizes.push_back(n ? dim(between(0, *n)) : d);
    }
    if (chance(0.5)) {
      keep({create<DynamicSliceOp>(typeOf(sizes, real), x.value, starts, shapeAttr(sizes)), sizes, x.low, x.high});
      return;
    }
    Entry u = argument(sizes, -1, 1);
    keep({create<DynamicUpdateSliceOp>(x.value.getType(), x.value, u.value, starts), x.dims, std::min(x.low, -1.0), std::max(x.high, 1.0)});
    return;
  }
  }
}

void Steps::sorting() {
  Entry x = realOfRank(1);
  if (chance(0.5)) {
    Entry y = like(x);
    auto sort = create<SortOp>(TypeRange{x.value.getType(), y.value.getType()}, ValueRange{x.value, y.value}, between(0, x.dims.size() - 1));
    keep({sort.getResult(0), x.dims, x.low, x.high});
    keep({sort.getResult(1), x.dims, y.low, y.high});
    return;
  }
  int64_t k = between(0, std::min<int64_t>(2, extent(x.dims.back())));
  if (!x.dims.back().constant())
    k = 0; // a named extent may be anything
  Dims dims = x.dims;
  dims.back() = dim(k);
  auto top = create<TopKOp>(TypeRange{typeOf(dims, real), typeOf(dims, builder.getI32Type())}, x.value, dim(k));
  keep({top.getResult(0), dims, x.low, x.high});
  keep({top.getResult(1), dims, 0, 5});
}

void Steps::draw() {
  Type i64 = builder.getI64Type();
  Entry key = argument({}, -1000, 1000, i64);
  if (chance(0.5))
    key.value = create<FoldInOp>(key.value.getType(), key.value, splat(double(between(0, 9)), {}, i64));
  Dims dims = randomDims(0, 2);
  int64_t kind = between(0, 2);
  if (kind == 0) {
    keep({create<RandomOp>(typeOf(dims, builder.getI32Type()), Distribution::bits, key.value, between(0, 99), shapeAttr(dims)), dims, -1, 1});
    return;
  }
  auto distribution = kind == 1 ? Distribution::uniform : Distribution::normal;
  keep({create<RandomOp>(typeOf(dims, real), distribution, key.value, between(0, 99), shapeAttr(dims)), dims, kind == 1 ? 0.0 : -6.0, kind == 1 ? 1.0 : 6.0});
}

void Steps::factor() {
  int64_t kind = between(0, 4);
  if (kind == 0) {
    Entry p = argument({dim(int64_t(cast<optim::ArenaOp>(module.lookupSymbol("p")).getArenaSize()))}, -1, 1);
    Value a = create<LeafOp>(RankedTensorType::get({2, 8}, real), p.value, SymbolRefAttr::get(context, "p", FlatSymbolRefAttr::get(context, "a")));
    Value b = create<LeafOp>(RankedTensorType::get({16}, real), p.value, SymbolRefAttr::get(context, "p", FlatSymbolRefAttr::get(context, "b")));
    keep({a, {dim(int64_t(2)), dim(int64_t(8))}, -1, 1});
    keep({b, {dim(int64_t(16))}, -1, 1});
    Value packed = create<PackOp>(p.value.getType(), "p", builder.getStrArrayAttr({"b", "a"}), ValueRange{create<SineOp>(b.getType(), b), a});
    keep({packed, p.dims, -1, 1});
    return;
  }
  int64_t n = between(1, 3);
  Dims square{randomDim(), dim(n), dim(n)}, line{square[0], dim(n)}, right{square[0], dim(n), dim(between(1, 2))};
  Entry x = argument(square, -1, 1), b = argument(right, -1, 1);
  Type type = x.value.getType();
  Value rows = create<IotaOp>(typeOf(square, real), 1, shapeAttr(square)), columns = create<IotaOp>(typeOf(square, real), 2, shapeAttr(square));
  Value identity = create<ConvertOp>(type, create<CompareOp>(typeOf(square, builder.getI1Type()), ComparisonDirection::EQ, rows, columns));
  if (kind == 1) {
    Value gram = create<DotGeneralOp>(type, x.value, x.value, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{2}, ArrayRef<int64_t>{2});
    Value l = create<CholeskyOp>(type, create<AddOp>(type, gram, identity));
    keep({l, square, -3, 3});
    keep({create<TriangularSolveOp>(b.value.getType(), l, b.value, chance(0.5)), right, -40, 40});
    return;
  }
  // Diagonals of 4, 8, ...: no pivot, no sign and no order hangs on rounding.
  Value sizes = create<MultiplyOp>(type, create<AddOp>(type, rows, splat(1.0, square, real)), splat(4.0, square, real));
  Value a = create<AddOp>(type, x.value, create<MultiplyOp>(type, identity, sizes));
  if (kind == 2) {
    Value turned = create<ReverseOp>(type, a, ArrayRef<int64_t>{1});
    keep({create<SolveOp>(b.value.getType(), turned, b.value, chance(0.5)), right, -1, 1});
    auto lu = create<LuOp>(TypeRange{type, typeOf(line, builder.getI32Type())}, turned);
    keep({lu.getPacked(), square, -16, 16});
    keep({lu.getPermutation(), line, 0, 2});
    return;
  }
  if (kind == 3) {
    auto eigh = create<EighOp>(TypeRange{typeOf(line, real), type}, a);
    keep({eigh.getValues(), line, -16, 16});
    keep({eigh.getVectors(), square, -1, 1});
    return;
  }
  Value tall = a;
  Dims shape = square;
  if (chance(0.5)) {
    shape[1] = dim(2 * n);
    tall = create<ConcatenateOp>(typeOf(shape, real), ValueRange{a, x.value}, 1);
  }
  auto qr = create<QrOp>(TypeRange{tall.getType(), type}, tall);
  keep({qr.getQ(), shape, -1, 1});
  keep({qr.getR(), square, -16, 16});
  auto svd = create<SvdOp>(TypeRange{tall.getType(), typeOf(line, real), type}, tall);
  keep({svd.getU(), shape, -1, 1});
  keep({svd.getS(), line, 0, 16});
  keep({svd.getVh(), square, -1, 1});
}

} // namespace costate::random
