// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions, control flow and requests of random programs; what stands between them are steps (Steps.h).

#include "costate/tests/random/Generator.h"

#include "costate/dialects/optim/Optim.h"
#include "costate/tests/oracle/Check.h"
#include "costate/tests/random/Steps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::random {

using oracle::Array;

namespace {

size_t countReals(TypeRange types) {
  return llvm::count_if(types, [](Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); });
}

class Generator : public Steps {
public:
  using Steps::Steps;

  Program run(uint64_t seed, int depth) {
    Program program;
    program.seed = seed;
    program.module = ModuleOp::create(builder.getUnknownLoc());
    module = *program.module;
    program.isSpecial = isSpecial = chance(depth == 0 ? 0.5 : 0.2);
    real = chance(0.7) ? Type(builder.getF32Type()) : Type(builder.getF64Type());
    extents["n"] = pick<int64_t>({0, 1, 2, 3, 5}, {1, 2, 3, 3, 1});
    extents["m"] = pick<int64_t>({1, 2, 4});
    tapes = collectives = gathers = seed % 24;
    addArena();
    buildFunction("f", between(4, 10));
    program.inputs = inputs;
    for (auto &entry : extents)
      program.names[entry.getKey()] = entry.second;
    addTransforms(program, depth);
    removeDead(module);
    return program;
  }

private:
  /// Leaves of whole 64 bytes in f32 and f64: offsets in elements are then the same.
  void addArena() {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    auto arena = optim::ArenaOp::create(top, loc(), "p", real);
    OpBuilder body = OpBuilder::atBlockBegin(&arena.getBody().emplaceBlock());
    optim::LeafOp::create(body, loc(), "a", ArrayRef<int64_t>{2, 8}, StringAttr(), 0, false);
    optim::LeafOp::create(body, loc(), "b", ArrayRef<int64_t>{16}, StringAttr(), 0, false);
  }

  void anyStep() {
    if (chance(0.85) || regions == 2)
      return step();
    if (!isCallee && regions == 0 && chance(0.6))
      return request();
    switch (between(0, 2)) {
    case 0:
      return loop();
    case 1:
      return boundedLoop();
    case 2:
      return branch();
    }
  }

  //===--------------------------------------------------------------------===//
  // Control flow: what a body yields lies in [-1, 1], as its carry does
  //===--------------------------------------------------------------------===//

  /// Each tape in turn, for it changes no result. Not by chance: so the programs of a seed are what they were without.
  void giveTape(Operation *loop) { loop->setAttr(kTapeAttr, TapeAttr::get(context, Tape(tapes++ % 3))); }

  Value constantIndex(int64_t value) { return create<arith::ConstantIndexOp>(value); }

  Value lessThan(Value value, double bound) {
    Value limit = splat(bound, {}, getElementTypeOrSelf(value.getType()));
    return create<CompareOp>(RankedTensorType::get({}, builder.getI1Type()), ComparisonDirection::LT, value, limit);
  }

  /// A scalar in the shape of `like`.
  Value spread(Value scalar, const Entry &like) {
    return create<BroadcastInDimOp>(like.value.getType(), scalar, ArrayRef<int64_t>{}, shapeAttr(like.dims));
  }

  /// What one trip or branch makes of `carry` and of values around it, in the block at the insertion point.
  Value body(Entry carry) {
    std::vector<Entry> around = pool; // values of a block are not seen behind it
    keep(carry);
    ++regions;
    for (int64_t i = between(0, 2); i > 0; --i)
      anyStep();
    --regions;
    Entry other = bounded(*find([&](const Entry &e) { return isBase(e) && e.dims == carry.dims; }), 8);
    Entry both = chance(0.5) ? binary<MultiplyOp>(carry, other, -8, 8) : binary<AddOp>(carry, other, -9, 9);
    Value result = unary<SineOp>(both, -1, 1).value;
    pool = std::move(around);
    return result;
  }

  /// A trip count known from shapes, which may be 0.
  void loop() {
    Entry x = bounded(anyReal(), 1);
    Value high = constantIndex(between(0, 3));
    if (chance(0.3)) {
      Value n = create<ExtentOp>(RankedTensorType::get({}, builder.getI64Type()), dim(pick<StringRef>({"n", "m"})));
      high = create<arith::IndexCastOp>(builder.getIndexType(), create<tensor::ExtractOp>(n, ValueRange()));
    }
    auto loop = create<scf::ForOp>(constantIndex(between(0, 1)), high, constantIndex(between(1, 2)), ValueRange{x.value});
    giveTape(loop);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(loop.getBody());
    Entry carry{loop.getRegionIterArg(0), x.dims, -1, 1};
    Value result = body(carry);
    if (chance(0.4)) {
      Value trip = create<arith::IndexCastOp>(builder.getI64Type(), loop.getInductionVar());
      Value number = create<ConvertOp>(RankedTensorType::get({}, real), create<tensor::FromElementsOp>(RankedTensorType::get({}, builder.getI64Type()), trip));
      Entry scaled = binary<MultiplyOp>({result, x.dims, -1, 1}, {spread(number, x), x.dims, 0, 5}, -5, 5);
      result = unary<SineOp>(scaled, -1, 1).value;
    }
    create<scf::YieldOp>(result);
    keep({loop.getResult(0), x.dims, -1, 1});
  }

  /// Ends by a real and by a counter; lanes may end at different trips. The condition may pass on another value than the carry.
  void boundedLoop() {
    constexpr int64_t kMaxTrips = 4;
    Entry x = bounded(anyReal(), 1), start = argument({}, -1, 1);
    SmallVector<Value> inits{x.value, start.value, splat(0, {}, builder.getI32Type())};
    SmallVector<Type> types(ValueRange(inits).getTypes());
    SmallVector<Location> locations(inits.size(), loc());
    auto loop = create<scf::WhileOp>(types, inits);
    loop->setAttr(kMaxTripsAttr, builder.getI64IntegerAttr(kMaxTrips));
    giveTape(loop);
    OpBuilder::InsertionGuard guard(builder);
    Block *before = builder.createBlock(&loop.getBefore(), {}, types, locations);
    SmallVector<Value> passed(before->getArguments());
    Value isLow = lessThan(passed[1], 1), isEarly = lessThan(passed[2], kMaxTrips);
    if (chance(0.3))
      passed[0] = create<SineOp>(passed[0].getType(), passed[0]);
    create<scf::ConditionOp>(create<tensor::ExtractOp>(create<AndOp>(isLow.getType(), isLow, isEarly), ValueRange()), passed);
    Block *after = builder.createBlock(&loop.getAfter(), {}, types, locations);
    Entry carry{after->getArgument(0), x.dims, -1, 1};
    Value level = after->getArgument(1), counter = after->getArgument(2);
    Value next = body(carry);
    if (chance(0.5))
      next = unary<SineOp>(binary<AddOp>({next, x.dims, -1, 1}, {spread(level, x), x.dims, -2, 2}, -3, 3), -1, 1).value;
    Value higher = create<AddOp>(level.getType(), level, splat(0.6, {}, real));
    Value later = create<AddOp>(counter.getType(), counter, splat(1, {}, builder.getI32Type()));
    create<scf::YieldOp>(ValueRange{next, higher, later});
    keep({loop.getResult(1), {}, -1, 3});
    keep({loop.getResult(0), x.dims, -1, 1});
  }

  void branch() {
    Entry x = bounded(anyReal(), 1);
    Value condition = create<tensor::ExtractOp>(lessThan(argument({}, -1, 1).value, 0), ValueRange());
    auto branch = create<scf::IfOp>(TypeRange{x.value.getType()}, condition, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    for (Block *block : {branch.thenBlock(), branch.elseBlock()}) {
      builder.setInsertionPointToStart(block);
      create<scf::YieldOp>(body(x));
    }
    keep({branch.getResult(0), x.dims, -1, 1});
  }

  //===--------------------------------------------------------------------===//
  // Functions and requests
  //===--------------------------------------------------------------------===//

  func::FuncOp buildFunction(StringRef name, int64_t steps) {
    builder.setInsertionPointToEnd(module.getBody());
    auto function = func::FuncOp::create(builder, loc(), name, builder.getFunctionType({}, {}));
    function.setPrivate();
    block = function.addEntryBlock();
    builder.setInsertionPointToEnd(block);
    keep(argument({dim("n")}, -2, 2)); // every name is the extent of some argument
    keep(argument({dim("m"), dim("n")}, -2, 2));
    if (chance(0.5))
      keep(argument(randomDims(0, 3), -2, 2));
    for (int64_t i = 0; i < steps; ++i)
      anyStep();
    // Results: a few values that nobody reads, the last ones first, and a real.
    SmallVector<Value> results;
    std::vector<Dims> resultDims;
    auto give = [&](const Entry &e) {
      results.push_back(e.value);
      resultDims.push_back(e.dims);
    };
    for (const Entry &e : llvm::reverse(pool))
      if (e.value.use_empty() && e.value.getDefiningOp() && results.size() < 4 && !llvm::is_contained(results, e.value))
        give(e);
    if (countReals(ValueRange(results).getTypes()) == 0)
      give(*find([&](const Entry &e) { return isReal(e); }));
    create<func::ReturnOp>(results);
    function.setType(builder.getFunctionType(block->getArgumentTypes(), ValueRange(results).getTypes()));
    SmallVector<Attribute> noArguments(block->getNumArguments(), builder.getDictionaryAttr({})), noResults(results.size(), builder.getDictionaryAttr({}));
    function.setArgAttrsAttr(builder.getArrayAttr(noArguments));
    function.setResAttrsAttr(builder.getArrayAttr(noResults));
    for (auto [i, dims] : llvm::enumerate(argumentDims))
      function.setArgAttr(i, kDimsAttr, shapeAttr(dims));
    for (auto [i, dims] : llvm::enumerate(resultDims))
      function.setResultAttr(i, kDimsAttr, shapeAttr(dims));
    return function;
  }

  /// A function of its own and the inputs that it was made with; the function under construction stays as it is.
  std::pair<func::FuncOp, std::vector<Array>> buildCallee() {
    OpBuilder::InsertionGuard guard(builder);
    auto around = std::make_tuple(block, std::move(pool), std::move(argumentDims), std::move(inputs));
    pool.clear();
    argumentDims.clear();
    inputs.clear();
    isCallee = true;
    func::FuncOp callee = buildFunction("g" + std::to_string(functions++), between(1, 4));
    isCallee = false;
    std::vector<Array> calleeInputs = std::move(inputs);
    std::tie(block, pool, argumentDims, inputs) = std::move(around);
    return {callee, std::move(calleeInputs)};
  }

  /// A function that calls this one and has a rule for its derivative: the derivative of this one.
  func::FuncOp addRuled(func::FuncOp function) {
    auto ruled = function.clone();
    ruled.setName((function.getName() + ".ruled").str());
    module.insert(std::next(function->getIterator()), ruled);
    func::FuncOp rule = check::addVjp(function);
    Operation *terminator = rule.front().getTerminator();
    unsigned values = function.getNumResults();
    SmallVector<Attribute> attrs(ArrayRef(rule.getResAttrsAttr().getValue()).drop_front(values));
    terminator->setOperands(SmallVector<Value>(terminator->getOperands().drop_front(values)));
    rule.setType(builder.getFunctionType(rule.getArgumentTypes(), terminator->getOperandTypes()));
    rule.setResAttrsAttr(builder.getArrayAttr(attrs));
    ruled->setAttr(kVjpAttr, FlatSymbolRefAttr::get(rule));
    return ruled;
  }

  /// Lets the lanes of the map in `mapped` see each other: each real result of a lane goes through two collectives, which come in turn.
  void addCollectives(func::FuncOp mapped, func::FuncOp callee) {
    auto request = *mapped.getOps<MapRequestOp>().begin();
    OpBuilder::InsertionGuard guard(builder);
    DimAttr lanes = request.getSize();
    Type number = builder.getI32Type();
    // How many lanes there are, a lane learns from an argument.
    NamedAttribute dims(builder.getStringAttr(kDimsAttr), shapeAttr({lanes}));
    (void)callee.insertArgument(callee.getNumArguments(), typeOf({lanes}, number), builder.getDictionaryAttr(dims), loc());
    builder.setInsertionPoint(request);
    SmallVector<Value> operands(request.getOperands());
    operands.push_back(create<IotaOp>(typeOf({lanes}, number), int64_t(0), shapeAttr({lanes})));
    SmallVector<bool> over(request.getOver());
    over.push_back(false);
    auto named = create<MapRequestOp>(request.getResultTypes(), callee.getName(), operands, over, lanes, builder.getStringAttr("lanes"),
                                      DenseBoolArrayAttr());
    request->replaceAllUsesWith(named);
    request->erase();
    Operation *terminator = callee.front().getTerminator();
    builder.setInsertionPoint(terminator);
    for (auto [i, value] : llvm::enumerate(SmallVector<Value>(terminator->getOperands())))
      if (auto type = cast<RankedTensorType>(value.getType()); type.getElementType() == real) {
        Dims shape = toDims(callee.getResultAttrOfType<ArrayAttr>(i, kDimsAttr));
        for (int times = 0; times < 2; ++times)
          value = create<SineOp>(type, collective(value, shape, lanes));
        terminator->setOperand(i, value);
      }
  }

  Value collective(Value value, Dims shape, DimAttr lanes) {
    Type type = value.getType();
    if (!shape.empty() && gathers++ % 2 == 0) {
      shape[0] = shape[0] * lanes;
      Type whole = typeOf(shape, real);
      Value all = create<SineOp>(whole, create<AllGatherOp>(whole, value, int64_t(0), "lanes", lanes));
      return create<ReduceScatterOp>(type, all, int64_t(0), "lanes", lanes);
    }
    switch (collectives++ % 4) {
    case 0: return create<AllReduceOp>(type, Combination::add, value, "lanes");
    case 1: return create<AllReduceOp>(type, collectives % 8 < 4 ? Combination::max : Combination::min, value, "lanes");
    case 2: return create<CollectivePermuteOp>(type, value, ArrayRef<int64_t>{0, 1, 2}, ArrayRef<int64_t>{1, 0, 3}, "lanes");
    }
    Value lane = create<AxisIndexOp>(RankedTensorType::get({}, builder.getI32Type()), "lanes");
    return create<MultiplyOp>(type, value, spread(create<ConvertOp>(RankedTensorType::get({}, real), lane), {value, shape, 0, 0}));
  }

  /// A call of another function, or a request for a derivative or a batch of it. It may have a rule for its derivative.
  void request() {
    auto [callee, calleeInputs] = buildCallee();
    enum { Call, Vjp, Jvp, Map };
    int64_t kind = isSpecial ? pick<int64_t>({Call, Map}) : between(Call, Map);
    if (chance(0.4))
      callee = addRuled(callee);
    func::FuncOp wrapped = callee;
    SmallVector<int64_t> some;
    llvm::copy_if(check::floatArguments(callee), std::back_inserter(some), [&](int64_t) { return chance(0.7); });
    if (kind == Vjp)
      wrapped = check::addVjp(callee, some);
    if (kind == Jvp)
      wrapped = check::addJvp(callee, some);
    if (kind == Map) {
      wrapped = check::addMap(callee, randomMask(callee.getNumArguments()));
      if (!callee->hasAttr(kVjpAttr))
        addCollectives(wrapped, callee);
    }
    // A name that is not one of this function's is the extent of lanes.
    auto dimsOf = [&](ArrayAttr attr) {
      Dims dims = toDims(attr);
      for (DimAttr &d : dims)
        d = d.substitute([&](StringRef symbol) { return extents.contains(symbol) ? DimAttr() : dim("m"); });
      return dims;
    };
    SmallVector<Value> operands;
    for (auto [i, type] : llvm::enumerate(wrapped.getArgumentTypes())) {
      Dims dims = dimsOf(wrapped.getArgAttrOfType<ArrayAttr>(i, kDimsAttr));
      bool isInteger = i < calleeInputs.size() && !calleeInputs[i].isReal();
      std::optional<Entry> known = find([&](const Entry &e) { return isBase(e) && e.dims == dims && e.value.getType() == type && e.low >= -2 && e.high <= 2; });
      operands.push_back(known ? known->value : argument(dims, -1, isInteger ? 2 : 1, getElementTypeOrSelf(type)).value);
    }
    auto call = create<func::CallOp>(wrapped, operands);
    for (auto [i, result] : llvm::enumerate(call.getResults()))
      keep({result, dimsOf(wrapped.getResultAttrOfType<ArrayAttr>(i, kDimsAttr)), -1e6, 1e6});
  }

  //===--------------------------------------------------------------------===//
  // Transforms
  //===--------------------------------------------------------------------===//

  /// Which arguments vary with the lane; at least one does.
  SmallVector<bool> randomMask(size_t arguments) {
    SmallVector<bool> over;
    for (size_t i = 0; i < arguments; ++i)
      over.push_back(chance(0.6));
    if (!llvm::is_contained(over, true))
      over[between(0, arguments - 1)] = true;
    return over;
  }

  void addTransforms(Program &program, int depth) {
    auto function = module.lookupSymbol<func::FuncOp>("f");
    size_t arguments = function.getNumArguments();
    size_t reals = countReals(function.getArgumentTypes()), realResults = countReals(function.getResultTypes());
    for (int i = 0; i < depth; ++i) {
      Transform transform{isSpecial ? Transform::Map : Transform::Kind(between(0, 2)), {}};
      // The arguments of the function with this request around it.
      switch (transform.kind) {
      case Transform::Map:
        transform.over = randomMask(arguments);
        break;
      case Transform::Vjp:
        arguments += realResults;
        std::tie(reals, realResults) = std::make_pair(reals + realResults, realResults + reals);
        break;
      case Transform::Jvp:
        arguments += reals;
        reals *= 2;
        realResults *= 2;
        break;
      }
      program.transforms.push_back(std::move(transform));
    }
  }

  bool isCallee = false;
  int regions = 0;                                  // around the insertion point
  int functions = 0;                                // besides f
  unsigned tapes = 0, collectives = 0, gathers = 0; // whose turn it is
};

} // namespace

Program generate(MLIRContext *context, uint64_t seed, int depth) { return Generator(context, seed).run(seed, depth); }

} // namespace costate::random
