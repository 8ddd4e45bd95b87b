// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/random/Generator.h"

#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/tests/oracle/Check.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <numeric>
#include <random>

using namespace mlir;
using namespace costate::graph;

namespace costate::random {

using oracle::Array;
using oracle::Kind;
using oracle::Shape;

namespace {

/// A value of the function under construction. Every real lies in [low, high] if the inputs do, so that no step leaves its domain.
struct Entry {
  Value value;
  Dims dims;
  double low, high;
};

class Generator {
public:
  Generator(MLIRContext *context, uint64_t seed) : context(context), builder(context), engine(seed), seed(seed) {}

  Program run(int depth) {
    Program program;
    program.seed = seed;
    program.module = ModuleOp::create(builder.getUnknownLoc());
    module = *program.module;
    program.isSpecial = depth == 0 && chance(0.5);
    isSpecial = program.isSpecial;
    real = chance(0.7) ? Type(builder.getF32Type()) : Type(builder.getF64Type());
    extents["n"] = pick<int64_t>({0, 1, 2, 3, 5}, {1, 2, 3, 3, 1});
    extents["m"] = pick<int64_t>({1, 2, 4});
    addArena();
    buildFunction("f", between(3, 9));
    program.inputs = inputs;
    for (auto &entry : extents)
      program.names[entry.getKey()] = entry.second;
    addTransforms(program, depth);
    return program;
  }

private:
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
  // Dimensions and values
  //===--------------------------------------------------------------------===//

  DimAttr dim(int64_t value) { return DimAttr::get(context, value); }
  DimAttr dim(StringRef name) { return DimAttr::get(context, name); }
  int64_t extent(DimAttr d) {
    return *d.evaluate([&](StringRef name) -> std::optional<int64_t> { return extents.lookup(name); });
  }
  int64_t size(const Dims &dims) {
    int64_t n = 1;
    for (DimAttr d : dims)
      n *= extent(d);
    return n;
  }
  DimAttr randomDim() { return pick<DimAttr>({dim("n"), dim("m"), dim(int64_t(1)), dim(int64_t(2)), dim(int64_t(3))}, {4, 3, 1, 2, 2}); }
  Dims randomDims(int64_t lowRank, int64_t highRank) {
    Dims dims;
    for (int64_t i = between(lowRank, highRank); i > 0; --i)
      dims.push_back(randomDim());
    return dims;
  }
  ArrayAttr shapeAttr(ArrayRef<DimAttr> dims) { return toArrayAttr(context, dims); }
  RankedTensorType typeOf(const Dims &dims, Type element) { return graph::typeOf(dims, element); }

  Location loc() { return builder.getUnknownLoc(); }
  template <typename Op, typename... Args>
  Op create(Args &&...args) {
    return Op::create(builder, loc(), std::forward<Args>(args)...);
  }

  /// Leaves of whole 64 bytes in f32 and f64: offsets in elements are then the same.
  void addArena() {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    auto arena = optim::ArenaOp::create(top, loc(), "p", real);
    OpBuilder body = OpBuilder::atBlockBegin(&arena.getBody().emplaceBlock());
    optim::LeafOp::create(body, loc(), "a", ArrayRef<int64_t>{2, 8}, StringAttr(), 0, false);
    optim::LeafOp::create(body, loc(), "b", ArrayRef<int64_t>{16}, StringAttr(), 0, false);
  }

  /// A new argument of the function under construction, with its value.
  Entry argument(const Dims &dims, double low, double high, Type element = {}) {
    element = element ? element : real;
    Value value = block->addArgument(typeOf(dims, element), loc());
    argumentDims.push_back(dims);
    Shape shape;
    for (DimAttr d : dims)
      shape.push_back(extent(d));
    Array input = check::randomArray(oracle::kindOf(element, false), shape, low, high, engine());
    if (isSpecial && input.isReal())
      for (double &x : input.reals)
        if (chance(0.3))
          x = pick<double>({0.0, -0.0, INFINITY, -INFINITY, NAN, NAN});
    inputs.push_back(std::move(input));
    return {value, dims, low, high};
  }

  using Filter = function_ref<bool(const Entry &)>;
  static bool isReal(const Entry &e) { return isa<FloatType>(getElementTypeOrSelf(e.value.getType())); }
  bool isBase(const Entry &e) { return getElementTypeOrSelf(e.value.getType()) == real; }

  /// A value with a property, most likely a recent one.
  std::optional<Entry> find(Filter filter) {
    std::vector<const Entry *> found;
    for (const Entry &e : pool)
      if (filter(e))
        found.push_back(&e);
    if (found.empty())
      return std::nullopt;
    size_t last = found.size() - 1;
    return *found[chance(0.5) ? last : between(0, last)];
  }
  Entry anyReal() {
    if (auto found = find([&](const Entry &e) { return isBase(e); }); found && chance(0.9))
      return *found;
    return keep(argument(randomDims(0, 3), -2, 2));
  }
  Entry realOfRank(int64_t rank) {
    if (auto found = find([&](const Entry &e) { return isBase(e) && int64_t(e.dims.size()) >= rank && size(e.dims) <= 60; }))
      return *found;
    return keep(argument(randomDims(rank, 3), -2, 2));
  }
  Entry like(const Entry &x) {
    auto isOther = [&](const Entry &e) { return isBase(e) && e.dims == x.dims && (e.value != x.value || chance(0.1)); };
    if (auto found = find(isOther); found && chance(0.8))
      return *found;
    return keep(argument(x.dims, -2, 2));
  }
  Entry keep(Entry e) {
    pool.push_back(e);
    return e;
  }

  Value splat(double value, const Dims &dims, Type element) {
    auto scalar = RankedTensorType::get({}, element);
    Attribute attr = isa<FloatType>(element) ? Attribute(builder.getFloatAttr(element, value)) : builder.getIntegerAttr(element, int64_t(value));
    Value constant = create<ConstantOp>(DenseElementsAttr::get(scalar, attr));
    return dims.empty() ? constant : create<BroadcastInDimOp>(typeOf(dims, element), constant, ArrayRef<int64_t>{}, shapeAttr(dims));
  }
  template <typename Op>
  Entry unary(const Entry &x, double low, double high) {
    return {create<Op>(x.value.getType(), x.value), x.dims, low, high};
  }
  template <typename Op>
  Entry binary(const Entry &x, const Entry &y, double low, double high) {
    return {create<Op>(x.value.getType(), x.value, y.value), x.dims, low, high};
  }

  /// x brought into [-limit, limit] if it may lie outside.
  Entry bounded(Entry x, double limit) {
    if (x.low >= -limit && x.high <= limit)
      return x;
    Entry t = unary<TanhOp>(x, -1, 1);
    return limit >= 1 ? t : binary<MultiplyOp>(t, {splat(limit, t.dims, real), t.dims, limit, limit}, -limit, limit);
  }
  /// A value in [0.25, 4] made of x.
  Entry positive(Entry x) {
    if (x.low >= 0.25 && x.high <= 4)
      return x;
    Entry y = unary<LogisticOp>(x, 0, 1);
    return binary<AddOp>(y, {splat(0.5, y.dims, real), y.dims, 0.5, 0.5}, 0.5, 1.5);
  }

  //===--------------------------------------------------------------------===//
  // Steps
  //===--------------------------------------------------------------------===//

  /// Each step adds a value to the pool, or does nothing if it finds no operands.
  void step() {
    switch (between(0, 16)) {
    case 0:
    case 1:
    case 2:
      return smooth();
    case 3:
    case 4:
      return arithmetic();
    case 5:
      return jumps();
    case 6:
    case 16:
      return logic();
    case 7:
    case 8:
      return reduce();
    case 9:
      return contract();
    case 10:
    case 11:
      return layout();
    case 12:
      return index();
    case 13:
      return sorting();
    case 14:
      return draw();
    case 15:
      return nested ? factor() : structure();
    }
  }

  void smooth() {
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

  void arithmetic() {
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

  /// Functions with jumps or kinks.
  void jumps() {
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

  std::optional<Entry> findInteger(bool wantBool) {
    return find([&](const Entry &e) { return !isReal(e) && getElementTypeOrSelf(e.value.getType()).isInteger(1) == wantBool; });
  }

  void logic() {
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

  SmallVector<int64_t> randomAxes(size_t rank) {
    SmallVector<int64_t> axes;
    for (size_t i = 0; i < rank; ++i)
      if (chance(0.5))
        axes.push_back(i);
    return axes;
  }
  Dims without(const Dims &dims, ArrayRef<int64_t> axes) {
    Dims rest;
    for (size_t i = 0; i < dims.size(); ++i)
      if (!llvm::is_contained(axes, int64_t(i)))
        rest.push_back(dims[i]);
    return rest;
  }

  void reduce() {
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
    case 8:
      keep({create<CumsumOp>(x.value.getType(), x.value, axis, chance(0.5)), x.dims, -bound, bound});
      return;
    }
  }

  void contract() {
    if (chance(0.25))
      return convolve();
    Entry x = bounded(realOfRank(1), 10);
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

  void convolve() {
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

  void layout() {
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

  void index() {
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
      keep({create<ScatterAddOp>(x.value.getType(), x.value, i.value, u.value, batch), x.dims, x.low - sum, x.high + sum});
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

  void sorting() {
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
    auto top = create<TopKOp>(TypeRange{typeOf(dims, real), typeOf(dims, builder.getI32Type())}, x.value, k);
    keep({top.getResult(0), dims, x.low, x.high});
    keep({top.getResult(1), dims, 0, 5});
  }

  void draw() {
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

  /// A positive definite matrix and a system with its factor; leaves of an arena.
  void factor() {
    if (chance(0.5)) {
      Entry p = argument({dim(int64_t(arenaSize()))}, -1, 1);
      Value a = create<LeafOp>(RankedTensorType::get({2, 8}, real), p.value, leaf("a"));
      Value b = create<LeafOp>(RankedTensorType::get({16}, real), p.value, leaf("b"));
      keep({a, {dim(int64_t(2)), dim(int64_t(8))}, -1, 1});
      keep({b, {dim(int64_t(16))}, -1, 1});
      Value packed = create<PackOp>(p.value.getType(), "p", builder.getStrArrayAttr({"b", "a"}), ValueRange{create<SineOp>(b.getType(), b), a});
      keep({packed, p.dims, -1, 1});
      return;
    }
    int64_t n = between(1, 3);
    Dims square{randomDim(), dim(n), dim(n)}, right{square[0], dim(n), dim(between(1, 2))};
    Entry x = argument(square, -1, 1), b = argument(right, -1, 1);
    Value gram = create<DotGeneralOp>(x.value.getType(), x.value, x.value, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{2},
                                      ArrayRef<int64_t>{2});
    Value rows = create<IotaOp>(typeOf(square, real), 1, shapeAttr(square)), columns = create<IotaOp>(typeOf(square, real), 2, shapeAttr(square));
    Value diagonal = create<ConvertOp>(x.value.getType(), create<CompareOp>(typeOf(square, builder.getI1Type()), ComparisonDirection::EQ, rows, columns));
    Value l = create<CholeskyOp>(x.value.getType(), create<AddOp>(x.value.getType(), gram, diagonal));
    keep({l, square, -3, 3});
    keep({create<TriangularSolveOp>(b.value.getType(), l, b.value, chance(0.5)), right, -40, 40});
  }

  int64_t arenaSize() { return cast<optim::ArenaOp>(module.lookupSymbol("p")).getArenaSize(); }
  SymbolRefAttr leaf(StringRef name) { return SymbolRefAttr::get(context, "p", FlatSymbolRefAttr::get(context, name)); }

  /// A loop, a branch, or a request for another function.
  void structure() {
    if (chance(0.3))
      return factor();
    if (chance(0.4)) {
      Entry x = bounded(anyReal(), 1);
      Type type = x.value.getType();
      if (chance(0.6)) {
        auto index = [&](int64_t value) { return create<arith::ConstantIndexOp>(value).getResult(); };
        Entry w = like(x);
        auto loop = create<scf::ForOp>(index(0), index(between(0, 3)), index(1), ValueRange{x.value});
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToEnd(loop.getBody());
        Value h = loop.getRegionIterArgs()[0];
        h = chance(0.5) ? Value(create<MultiplyOp>(type, h, w.value)) : Value(create<AddOp>(type, h, w.value));
        create<scf::YieldOp>(ValueRange{create<SineOp>(type, h)});
        pool.push_back(Entry{loop.getResult(0), x.dims, -1, 1});
        return;
      }
      Entry s = argument({}, -1, 1);
      Value p = create<CompareOp>(RankedTensorType::get({}, builder.getI1Type()), ComparisonDirection::GT, s.value, splat(0, {}, real));
      Value c = create<tensor::ExtractOp>(p, ValueRange{});
      auto branch = create<scf::IfOp>(TypeRange{type}, c, true);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      create<scf::YieldOp>(ValueRange{create<SineOp>(type, x.value)});
      builder.setInsertionPointToStart(branch.elseBlock());
      create<scf::YieldOp>(ValueRange{create<MultiplyOp>(type, x.value, x.value)});
      pool.push_back(Entry{branch.getResult(0), x.dims, -1, 1});
      return;
    }
    request();
  }

  /// A function of its own, called or asked for a derivative or a batch with fresh arguments.
  void request() {
    auto saved = std::make_tuple(block, pool, argumentDims, builder.saveInsertionPoint(), inputs);
    nested = true;
    inputs.clear();
    std::string name = "g" + std::to_string(functions++);
    auto function = buildFunction(name, between(1, 3));
    std::vector<Array> innerInputs = inputs;
    std::vector<Dims> innerDims = argumentDims;
    std::vector<Dims> resultDims = lastResults;
    nested = false;
    builder.restoreInsertionPoint(std::get<3>(saved));
    std::tie(block, pool, argumentDims, std::ignore, inputs) = saved;

    func::FuncOp wrapped = function;
    int64_t kind = isSpecial ? pick<int64_t>({0, 3}) : between(0, 3);
    bool anyFloatArgument = llvm::any_of(function.getArgumentTypes(), [](Type t) { return isa<FloatType>(getElementTypeOrSelf(t)); });
    bool anyFloatResult = llvm::any_of(function.getResultTypes(), [](Type t) { return isa<FloatType>(getElementTypeOrSelf(t)); });
    if ((kind == 1 || kind == 2) && !(anyFloatArgument && anyFloatResult))
      kind = 0;
    if (kind == 3 && function.getNumArguments() == 0)
      kind = 0;
    if (kind == 1)
      wrapped = check::addVjp(function);
    if (kind == 2)
      wrapped = check::addJvp(function);
    SmallVector<bool> over;
    if (kind == 3)
      wrapped = check::addMap(function, over = SmallVector<bool>(function.getNumArguments(), true));
    SmallVector<Value> operands;
    for (auto [i, type] : llvm::enumerate(wrapped.getArgumentTypes())) {
      Dims dims = toDims(wrapped.getArgAttrOfType<ArrayAttr>(i, kDimsAttr));
      for (DimAttr &d : dims)
        d = d.substitute([&](StringRef symbol) { return extents.contains(symbol) ? DimAttr() : dim("m"); });
      bool isInner = i < innerInputs.size();
      double low = -1, high = 1;
      if (isInner && !innerInputs[i].isReal()) {
        low = -1;
        high = 2;
      }
      std::optional<Entry> known = find([&](const Entry &e) { return isBase(e) && e.dims == dims && e.value.getType() == type && e.low >= -2 && e.high <= 2; });
      operands.push_back(known ? known->value : argument(dims, low, high, getElementTypeOrSelf(type)).value);
    }
    auto call = create<func::CallOp>(wrapped, operands);
    for (auto [i, result] : llvm::enumerate(call.getResults())) {
      Dims dims = toDims(wrapped.getResultAttrOfType<ArrayAttr>(i, kDimsAttr));
      for (DimAttr &d : dims)
        d = d.substitute([&](StringRef symbol) { return extents.contains(symbol) ? DimAttr() : dim("m"); });
      bool isKnown = llvm::all_of(dims, [&](DimAttr d) {
        return d.evaluate([&](StringRef symbol) -> std::optional<int64_t> {
          auto found = extents.find(symbol);
          return found == extents.end() ? std::nullopt : std::optional<int64_t>(found->second);
        }).has_value();
      });
      if (isKnown)
        pool.push_back({result, dims, -1e6, 1e6});
    }
  }

  //===--------------------------------------------------------------------===//
  // Functions and transforms
  //===--------------------------------------------------------------------===//

  func::FuncOp buildFunction(StringRef name, int64_t steps) {
    builder.setInsertionPointToEnd(module.getBody());
    auto function = func::FuncOp::create(builder, loc(), name, builder.getFunctionType({}, {}));
    function.setPrivate();
    block = function.addEntryBlock();
    builder.setInsertionPointToEnd(block);
    pool.clear();
    argumentDims.clear();
    keep(argument({dim("n")}, -2, 2));      // every name is the extent of some argument
    keep(argument({dim("m"), dim("n")}, -2, 2));
    if (chance(0.5))
      keep(argument(randomDims(0, 3), -2, 2));
    for (int64_t i = 0; i < steps; ++i)
      step();
    // Results: the last value, and one or two others.
    SmallVector<Value> results;
    lastResults.clear();
    auto give = [&](const Entry &e) {
      if (!llvm::is_contained(results, e.value)) {
        results.push_back(e.value);
        lastResults.push_back(e.dims);
      }
    };
    give(pool.back());
    give(*find([&](const Entry &e) { return isReal(e); }));
    if (chance(0.4))
      give(pool[between(0, pool.size() - 1)]);
    create<func::ReturnOp>(results);
    function.setType(builder.getFunctionType(block->getArgumentTypes(), ValueRange(results).getTypes()));
    SmallVector<Attribute> noArguments(block->getNumArguments(), builder.getDictionaryAttr({})), noResults(results.size(), builder.getDictionaryAttr({}));
    function.setArgAttrsAttr(builder.getArrayAttr(noArguments));
    function.setResAttrsAttr(builder.getArrayAttr(noResults));
    for (auto [i, dims] : llvm::enumerate(argumentDims))
      function.setArgAttr(i, kDimsAttr, shapeAttr(dims));
    for (auto [i, dims] : llvm::enumerate(lastResults))
      function.setResultAttr(i, kDimsAttr, shapeAttr(dims));
    return function;
  }

  void addTransforms(Program &program, int depth) {
    auto function = module.lookupSymbol<func::FuncOp>("f");
    size_t arguments = function.getNumArguments();
    auto count = [](TypeRange types) { return llvm::count_if(types, [](Type t) { return isa<FloatType>(getElementTypeOrSelf(t)); }); };
    size_t reals = count(function.getArgumentTypes()), realResults = count(function.getResultTypes());
    for (int i = 0; i < depth; ++i) {
      Transform transform{Transform::Kind(between(0, 2)), {}};
      if (transform.kind == Transform::Map) {
        for (size_t k = 0; k < arguments; ++k)
          transform.over.push_back(chance(0.6));
        if (!llvm::is_contained(transform.over, true))
          transform.over[between(0, arguments - 1)] = true;
      }
      // The arguments of the function with this request around it.
      if (transform.kind == Transform::Vjp) {
        arguments += realResults;
        std::tie(reals, realResults) = std::make_pair(reals + realResults, realResults + reals);
      } else if (transform.kind == Transform::Jvp) {
        arguments += reals;
        reals *= 2;
        realResults *= 2;
      }
      program.transforms.push_back(std::move(transform));
    }
  }

  MLIRContext *context;
  OpBuilder builder;
  std::mt19937_64 engine;
  uint64_t seed;
  ModuleOp module;
  Block *block = nullptr;
  Type real;
  bool isSpecial = false, nested = false;
  int functions = 0;
  llvm::StringMap<int64_t> extents;
  std::vector<Entry> pool;
  std::vector<Dims> argumentDims, lastResults;
  std::vector<Array> inputs;
};

} // namespace

Program generate(MLIRContext *context, uint64_t seed, int depth) { return Generator(context, seed).run(depth); }

} // namespace costate::random
