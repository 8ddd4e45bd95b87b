// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Stages to Halide Funcs.
///
/// A tied output shares its memory with an input, of which Halide knows nothing. So it is defined as `undef`, followed by an update in
/// which every read of the input is a read of the output itself: Halide then sees the dependence, and an element is read and
/// written once, by the same iteration.
#include "costate/compiler/codegen/KernelToHalide.h"

#include "costate/compiler/codegen/ArithToHalide.h"
#include "llvm/ADT/STLExtras.h"

#include <set>

using namespace mlir;
using namespace costate::kernel;
using Halide::Expr;

namespace costate::codegen {

std::optional<Halide::Stage> HalideStage::getDefinition(std::optional<int64_t> update) {
  std::optional<int> number = updates[update ? *update + 1 : 0];
  if (!number)
    return std::nullopt;
  return *number < 0 ? static_cast<Halide::Stage>(func) : func.update(*number);
}

namespace {

/// Does an index depend on the content of a buffer?
bool isLoaded(Value index) {
  Operation *op = index.getDefiningOp();
  return op && (isa<LoadOp>(op) || llvm::any_of(op->getOperands(), isLoaded));
}

/// Does a directive of this kind say where `stage` is computed?
template <typename Directive>
bool hasPlace(StageOp stage) {
  auto directives = cast<DefineOp>(stage->getParentOp()).getSchedule().getOps<Directive>();
  return llvm::any_of(directives, [&](Directive directive) { return directive.getStage() == stage.getStageName(); });
}

class StageBuilder {
public:
  explicit StageBuilder(DefineOp kernel) : kernel(kernel) {}

  std::variant<HalideKernel, HalideFailure> run();

private:
  /// A function whose result number `result` stands for a buffer.
  struct Source {
    StageOp stage;
    Halide::Func func;
    unsigned result;
  };
  using Body = std::vector<Expr>;

  void addArgument(BlockArgument argument);
  bool addStage(StageOp stage);
  bool addUpdate(UpdateOp update, HalideStage &translated);
  bool convert(Operation &op, Rounding rounding = Rounding::Ieee);
  Expr load(LoadOp op);
  void constrain(std::vector<Halide::OutputImageParam> outputs, StageOp stage);
  Halide::Pipeline makePipeline();
  bool fail(Operation *op, const std::string &message) {
    failure.emplace(HalideFailure{op->getLoc(), message});
    return false;
  }

  /// Indices into a stage, in Halide's order. One that is itself loaded has no bounds that Halide can infer; it lies in the stage, or has
  /// no meaning. Of a stage that is computed as a whole Halide knows the extents: where it cannot prove that an index lies in them, it asserts it,
  /// takes the assertion for a fact in what follows, and is wrong if only its bounds were wide.
  std::vector<Expr> indicesInto(StageOp stage, ValueRange indices) {
    std::vector<Expr> result;
    SmallVector<OpFoldResult> extents = stage.getMixedExtents();
    bool isWhole = hasPlace<ComputeRootOp>(stage);
    for (auto [index, size] : llvm::reverse(llvm::zip_equal(indices, extents))) {
      Value place = placeOf(index);
      Expr position = values.at(place);
      bool isPromised = place != index || isLoaded(index) || (isWhole && !isa<BlockArgument>(index));
      result.push_back(isPromised ? Halide::unsafe_promise_clamped(position, 0, extent(size) - 1) : position);
    }
    return result;
  }

  /// Of a place that only a predicate keeps inside, a vector is dense, so that it is loaded under a mask, not lane by lane.
  Value placeOf(Value index) { return update ? update.withoutClamp(index) : index; }

  Expr extent(OpFoldResult extent) {
    if (auto value = dyn_cast<Value>(extent))
      return values.at(value);
    return Expr(static_cast<int32_t>(*getConstantIntValue(extent)));
  }

  DefineOp kernel;
  HalideKernel result;
  DenseMap<Value, Expr> values;
  DenseMap<Value, Halide::ImageParam> inputs;
  DenseMap<Value, Source> sources;
  UpdateOp update; ///< the one that is being translated
  std::optional<HalideFailure> failure;
};

/// Halide's dimensions are ours in reverse.
template <typename T>
std::vector<T> reversed(ArrayRef<T> values) {
  return std::vector<T>(values.rbegin(), values.rend());
}

} // namespace

void StageBuilder::addArgument(BlockArgument argument) {
  std::string name = "in" + std::to_string(argument.getArgNumber());
  auto buffer = dyn_cast<BufferType>(argument.getType());
  if (!buffer) {
    Halide::Parameter parameter(toHalideType(argument.getType()), false, 0, name);
    values[argument] = Halide::Internal::Variable::make(parameter.type(), name, parameter);
    result.arguments.emplace_back(name, Halide::Argument::InputScalar, parameter.type(), 0, Halide::ArgumentEstimates());
    return;
  }
  if (kernel.getTiedOutput(argument.getArgNumber()))
    return; // the output holds it
  Halide::ImageParam image(toHalideType(buffer.getElementType()), buffer.getRank(), name);
  // Dense and row-major. Extents that only the caller knows stay with the buffer, and strides are their products.
  Expr stride = 1;
  for (int64_t dim = buffer.getRank() - 1, halideDim = 0; dim >= 0; --dim, ++halideDim) {
    image.dim(halideDim).set_min(0).set_stride(stride);
    if (!buffer.isDynamicDim(dim))
      image.dim(halideDim).set_extent(static_cast<int32_t>(buffer.getShape()[dim]));
    stride = stride * image.dim(halideDim).extent();
  }
  inputs[argument] = image;
  result.arguments.push_back(image);
}

Expr StageBuilder::load(LoadOp op) {
  if (auto input = inputs.find(op.getBuffer()); input != inputs.end()) {
    std::vector<Expr> indices;
    for (Value index : llvm::reverse(op.getIndices()))
      indices.push_back(values.at(placeOf(index)));
    return input->second(indices);
  }
  const Source &source = sources.at(op.getBuffer());
  Halide::FuncRef reference = source.func(indicesInto(source.stage, op.getIndices()));
  return source.func.outputs() == 1 ? Expr(reference) : Expr(reference[source.result]);
}

bool StageBuilder::convert(Operation &op, Rounding rounding) {
  if (auto read = dyn_cast<LoadOp>(op)) {
    values[read.getResult()] = load(read);
    return true;
  }
  SmallVector<Expr> operands;
  for (Value operand : op.getOperands())
    operands.push_back(values.at(operand));
  std::vector<Expr> results = toHalide(&op, operands, rounding);
  if (results.empty())
    return fail(&op, "'" + op.getName().getStringRef().str() + "' has no exact form in Halide");
  for (auto [value, expression] : llvm::zip_equal(op.getResults(), results))
    values[value] = expression;
  return true;
}

/// Functions that Halide knows nothing about, so that its simplifier leaves them alone. `Settle` takes them out of the lowered program.
constexpr const char *kSelf = "costate_self"; ///< its argument
constexpr const char *kYes = "costate_yes";   ///< true

namespace {

class Settle : public Halide::Internal::IRMutator {
public:
  using IRMutator::visit;
  Expr visit(const Halide::Internal::Call *call) override {
    if (call->name == kSelf)
      return mutate(call->args[0]);
    return call->name == kYes ? Halide::Internal::const_true(call->type.lanes()) : IRMutator::visit(call);
  }
  Expr visit(const Halide::Internal::Select *select) override {
    Expr condition = mutate(select->condition);
    return Halide::Internal::is_const_one(condition) ? mutate(select->true_value) : IRMutator::visit(select);
  }
  // Halide takes what no loop changes out of it, and so a name may stand for `kYes`.
  Halide::Internal::Stmt visit(const Halide::Internal::LetStmt *let) override {
    if (!Halide::Internal::is_const_one(mutate(let->value)) || !let->value.type().is_bool())
      return IRMutator::visit(let);
    names.insert(let->name);
    return mutate(let->body);
  }
  Expr visit(const Halide::Internal::Variable *variable) override {
    return names.count(variable->name) ? Halide::Internal::const_true(variable->type.lanes()) : Expr(variable);
  }

private:
  std::set<std::string> names; ///< of what is true
};

} // namespace

static Expr yes() { return Halide::Internal::Call::make(Halide::Bool(), kYes, {}, Halide::Internal::Call::PureExtern); }

/// Halide drops iterations that store what was there before, and in the search for them it takes zero times anything for zero, of strict operations
/// too.
static Expr hidden(Expr value) { return Halide::Internal::Call::make(value.type(), kSelf, {value}, Halide::Internal::Call::PureExtern); }

/// Defines `place`, of a Func that is defined before if it is an update.
///
/// A value of a tuple is computed before another is stored only if Halide sees that it reads the other's place, and Halide 21 does not
/// look for reads inside calls, such as the strict intrinsics. So each value gets a read of the next one's place that it sees, on a branch
/// that is never taken: all of them are computed before any is stored.
static void define(Halide::FuncRef place, std::vector<Expr> values, bool isUpdate) {
  if (values.size() == 1) {
    place = values.front();
    return;
  }
  if (isUpdate) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = Halide::select(yes(), values[i], Halide::cast(values[i].type(), place[static_cast<int>((i + 1) % values.size())]));
  }
  place = Halide::Tuple(values);
}

bool StageBuilder::addStage(StageOp stage) {
  HalideStage translated;
  translated.func = Halide::Func(stage.getStageName().str());
  std::vector<Halide::Var> pure;
  std::map<std::string, Halide::VarOrRVar> names;
  for (unsigned dim = 0; dim < stage.getRank(); ++dim) {
    pure.emplace_back("i" + std::to_string(dim));
    names.emplace(pure.back().name(), pure.back());
    translated.extents.push_back(extent(stage.getMixedExtents()[dim]));
  }
  std::vector<Halide::Var> arguments = reversed<Halide::Var>(pure);
  bool tied = kernel.isTiedStage(stage), undefined = tied || stage.isUndef();

  std::vector<Expr> open;
  for (Type type : stage.getResultTypes())
    open.push_back(Halide::undef(toHalideType(cast<BufferType>(type).getElementType())));
  if (undefined)
    define(translated.func(arguments), open, /*isUpdate=*/false);
  for (auto [number, value] : llvm::enumerate(stage.getResults()))
    sources.try_emplace(value, Source{stage, translated.func, static_cast<unsigned>(number)});
  if (tied)
    for (unsigned output = 0; output < kernel.getTied().size(); ++output)
      if (std::optional<unsigned> input = kernel.getTiedInput(output); input && kernel.getOutputValue(output).getOwner() == stage)
        sources.try_emplace(kernel.getBody().getArgument(*input), Source{stage, translated.func, kernel.getOutputValue(output).getResultNumber()});

  translated.variables.push_back(names);
  translated.updates.push_back(std::nullopt);
  if (!stage.isUndef() && !(tied && kernel.isIdentity(stage))) {
    for (auto [variable, argument] : llvm::zip_equal(pure, stage.getDefinition().getArguments()))
      values[argument] = variable;
    for (Operation &op : stage.getDefinition().front().without_terminator())
      if (!convert(op))
        return false;
    std::vector<Expr> body;
    for (Value value : stage.getDefinition().front().getTerminator()->getOperands())
      body.push_back(values.at(value));
    define(translated.func(arguments), body, /*isUpdate=*/tied);
    translated.updates.back() = tied ? 0 : -1;
  }
  for (auto [self, value] : llvm::zip(stage.getSelf(), stage.getResults()))
    sources.try_emplace(self, sources.at(value));
  for (UpdateOp update : stage.getUpdateOps())
    if (!addUpdate(update, translated))
      return false;
  result.stages.emplace(stage.getStageName().str(), std::move(translated));
  return true;
}

/// Is a value read from memory? A stage without a place of its own is no memory, but an expression.
static bool isElement(Value value) {
  auto load = value.getDefiningOp<LoadOp>();
  if (!load)
    return false;
  auto stage = load.getBuffer().getDefiningOp<StageOp>();
  if (!stage)
    return true;
  return cast<DefineOp>(stage->getParentOp()).isOutputStage(stage) || hasPlace<ComputeRootOp>(stage) || hasPlace<ComputeAtOp>(stage);
}

SmallPtrSet<Operation *, 2> findContraction(UpdateOp update) {
  SmallPtrSet<Operation *, 2> contracted;
  if (!update.getContract() || update.getWrite().getValues().size() != 1)
    return contracted;
  auto sum = update.getWrite().getValues().front().getDefiningOp<arith::AddFOp>();
  if (!sum)
    return contracted;
  for (auto [self, other] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())}) {
    auto load = self.getDefiningOp<LoadOp>();
    auto product = other.getDefiningOp<arith::MulFOp>();
    if (load && product && isElement(product.getLhs()) && isElement(product.getRhs()) &&
        llvm::is_contained(update.getStage().getSelf(), load.getBuffer())) {
      contracted.insert(sum);
      contracted.insert(product);
      break;
    }
  }
  return contracted;
}

bool StageBuilder::addUpdate(UpdateOp update, HalideStage &translated) {
  std::map<std::string, Halide::VarOrRVar> names;
  for (auto [dim, variable] : llvm::enumerate(update.getVariables())) {
    Halide::Var pure("i" + std::to_string(dim));
    values[variable] = pure;
    if (update.isFree(dim))
      names.emplace(pure.name(), pure);
  }
  WriteOp write = update.getWrite();
  Halide::RDom domain;
  Halide::Region region;
  SmallVector<OpFoldResult> sizes = update.getMixedDomain();
  for (OpFoldResult size : llvm::reverse(sizes)) // Halide's first variable runs fastest
    region.emplace_back(0, extent(size));
  if (region.empty() && write.getPredicate())
    region.emplace_back(0, 1); // a predicate hangs on a domain
  if (!region.empty()) {
    domain = Halide::RDom(region);
    unsigned last = update.getReductionVariables().size();
    for (auto [number, variable] : llvm::enumerate(update.getReductionVariables())) {
      Halide::RVar reduction = domain[last - 1 - number];
      values[variable] = reduction;
      names.emplace("r" + std::to_string(number), reduction);
    }
  }
  SmallPtrSet<Operation *, 2> contracted = findContraction(update);
  this->update = update;
  for (Operation &op : update.getBody().front().without_terminator())
    if (!convert(op, contracted.contains(&op) ? Rounding::Contracted : Rounding::Ieee))
      return false;
  this->update = {};
  if (Value predicate = write.getPredicate())
    domain.where(values.at(predicate));
  std::vector<Expr> place = indicesInto(update.getStage(), write.getIndices()), body;
  for (Value value : write.getValues()) {
    bool isStrict = isa<FloatType>(value.getType()) && !contracted.contains(value.getDefiningOp());
    body.push_back(isStrict ? hidden(values.at(value)) : values.at(value));
  }
  // Halide attaches a domain, and with it the predicate, only to a definition that mentions one of its variables.
  if (domain.defined() && llvm::all_of(update.getReductionVariables(), [](Value variable) { return variable.use_empty(); }))
    body.front() = Halide::Internal::Call::make(body.front().type(), Halide::Internal::Call::return_second, {Expr(domain[0]), body.front()},
                                                Halide::Internal::Call::PureIntrinsic);
  define(translated.func(place), body, /*isUpdate=*/true);
  translated.variables.push_back(std::move(names));
  translated.updates.push_back(translated.func.num_update_definitions() - 1);
  return true;
}

/// Outputs are dense and row-major with the extents of their stage. Of a tuple's buffers Halide wants the first one constrained only.
void StageBuilder::constrain(std::vector<Halide::OutputImageParam> outputs, StageOp stage) {
  Expr stride = 1;
  SmallVector<OpFoldResult> extents = stage.getMixedExtents();
  for (auto [halideDim, size] : llvm::enumerate(llvm::reverse(extents))) {
    outputs.front().dim(halideDim).set_bounds(0, extent(size)).set_stride(stride);
    stride = stride * extent(size);
  }
}

/// Halide outputs whole Funcs: the results of a stage are output as they are if they stand side by side, else through a copy.
Halide::Pipeline StageBuilder::makePipeline() {
  std::vector<Halide::Func> outputs;
  auto outputValues = kernel.getOutput().getValues();
  for (unsigned number = 0; number < outputValues.size();) {
    auto stage = outputValues[number].getDefiningOp<StageOp>();
    HalideStage &translated = result.stages.at(stage.getStageName().str());
    if (outputValues.drop_front(number).take_front(stage.getNumResults()) == stage.getResults()) {
      outputs.push_back(translated.func);
      number += stage.getNumResults();
    } else {
      std::vector<Halide::Var> arguments = translated.func.args();
      Halide::Func copy(stage.getStageName().str() + "_out");
      copy(arguments) = translated.func(arguments)[cast<OpResult>(outputValues[number]).getResultNumber()];
      translated.func.compute_root();
      outputs.push_back(copy);
      ++number;
    }
    constrain(outputs.back().output_buffers(), stage);
  }
  Halide::Pipeline pipeline(outputs);
  pipeline.add_custom_lowering_pass(new Settle);
  return pipeline;
}

std::variant<HalideKernel, HalideFailure> StageBuilder::run() {
  for (BlockArgument argument : kernel.getBody().getArguments())
    addArgument(argument);
  for (Operation &op : kernel.getBody().without_terminator()) {
    auto stage = dyn_cast<StageOp>(op);
    if (!(stage ? addStage(stage) : convert(op)))
      return *failure;
  }
  result.pipeline = makePipeline();
  return std::move(result);
}

std::variant<HalideKernel, HalideFailure> buildStages(DefineOp kernel) { return StageBuilder(kernel).run(); }

} // namespace costate::codegen
