// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a kernel says: the kernel itself, its stages and updates, and its two kinds of call. Directives are in ScheduleOps.cpp.
#include "costate/dialects/kernel/Kernel.h"

#include "costate/dialects/kernel/LoopNests.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace costate::kernel {

//===--------------------------------------------------------------------------------------------------------------------===//
// Index spaces: `(%i0 < %n, %i1 < 10)`
//===--------------------------------------------------------------------------------------------------------------------===//

static ParseResult parseIndexSpace(OpAsmParser &parser, SmallVectorImpl<OpAsmParser::Argument> &variables,
                                   SmallVectorImpl<OpAsmParser::UnresolvedOperand> &extents, SmallVectorImpl<int64_t> &staticExtents) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&]() -> ParseResult {
    if (parser.parseArgument(variables.emplace_back()) || parser.parseLess())
      return failure();
    variables.back().type = parser.getBuilder().getIndexType();
    OpAsmParser::UnresolvedOperand extent;
    OptionalParseResult dynamic = parser.parseOptionalOperand(extent);
    if (!dynamic.has_value())
      return parser.parseInteger(staticExtents.emplace_back());
    extents.push_back(extent);
    staticExtents.push_back(ShapedType::kDynamic);
    return *dynamic;
  });
}

static void printIndexSpace(OpAsmPrinter &printer, ValueRange variables, OperandRange extents, ArrayRef<int64_t> staticExtents) {
  printer << '(';
  unsigned nextDynamic = 0;
  llvm::interleaveComma(llvm::enumerate(staticExtents), printer, [&](auto entry) {
    if (variables.empty())
      printer << "%i" << entry.index();
    else
      printer.printOperand(variables[entry.index()]);
    printer << " < ";
    if (ShapedType::isDynamic(entry.value()))
      printer.printOperand(extents[nextDynamic++]);
    else
      printer << entry.value();
  });
  printer << ')';
}

static void splitExtents(ArrayRef<OpFoldResult> mixed, SmallVectorImpl<Value> &extents, SmallVectorImpl<int64_t> &staticExtents) {
  for (OpFoldResult extent : mixed) {
    std::optional<int64_t> constant = getConstantIntValue(extent);
    staticExtents.push_back(constant.value_or(ShapedType::kDynamic));
    if (!constant)
      extents.push_back(cast<Value>(extent));
  }
}

static SmallVector<OpFoldResult> mixExtents(MLIRContext *context, OperandRange extents, ArrayRef<int64_t> staticExtents) {
  SmallVector<OpFoldResult> mixed;
  unsigned nextDynamic = 0;
  for (int64_t extent : staticExtents) {
    if (ShapedType::isDynamic(extent))
      mixed.push_back(extents[nextDynamic++]);
    else
      mixed.push_back(IntegerAttr::get(IndexType::get(context), extent));
  }
  return mixed;
}

static LogicalResult verifyExtents(Operation *op, OperandRange extents, ArrayRef<int64_t> staticExtents) {
  if (static_cast<size_t>(llvm::count(staticExtents, ShapedType::kDynamic)) != extents.size())
    return op->emitOpError("requires an operand for each of its ") << llvm::count(staticExtents, ShapedType::kDynamic)
                                                                   << " dynamic extents, but got " << extents.size();
  for (int64_t extent : staticExtents)
    if (!ShapedType::isDynamic(extent) && extent < 0)
      return op->emitOpError("requires extents not to be negative, but got ") << extent; // stage C4, update C4
  return success();
}

/// Stage C2, update C1: one index argument a variable, and pure ops only.
static LogicalResult verifyBody(Operation *op, Region &body, unsigned numVariables) {
  if (body.getNumArguments() != numVariables || !llvm::all_of(body.getArgumentTypes(), llvm::IsaPred<IndexType>))
    return op->emitOpError("requires its body to have ") << numVariables << " index arguments, one a variable";
  for (Operation &inner : body.front())
    if (!isa<LoadOp, YieldOp, WriteOp>(inner) &&
        (!isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()) || inner.getNumRegions() != 0)) {
      InFlightDiagnostic error = inner.emitOpError("may not stand in a stage");
      error.attachNote(op->getLoc()) << "a stage's bodies hold arith, math and kernel.load only";
      return error;
    }
  return success();
}

static LogicalResult verifyValues(Operation *terminator, ValueRange values, TypeRange results) {
  auto elementTypes = llvm::map_range(results, [](Type type) { return cast<BufferType>(type).getElementType(); });
  if (!llvm::equal(values.getTypes(), elementTypes))
    return terminator->emitOpError("requires the element types of the stage, (")
           << llvm::to_vector_of<Type>(elementTypes) << "), but got (" << SmallVector<Type>(values.getTypes()) << ")";
  return success();
}

//===--------------------------------------------------------------------------------------------------------------------===//
// kernel.define
//===--------------------------------------------------------------------------------------------------------------------===//

void DefineOp::build(OpBuilder &builder, OperationState &state, StringRef name, TypeRange inputs, TypeRange results,
                     ArrayRef<int64_t> tied) {
  SmallVector<int64_t> ties(tied);
  ties.resize(results.size(), -1);
  state.getOrAddProperties<Properties>().setSymName(builder.getStringAttr(name));
  state.getOrAddProperties<Properties>().setFunctionType(TypeAttr::get(builder.getFunctionType(inputs, results)));
  state.getOrAddProperties<Properties>().setTied(builder.getDenseI64ArrayAttr(ties));
  Block &body = state.addRegion()->emplaceBlock();
  body.addArguments(inputs, SmallVector<Location>(inputs.size(), state.location));
  state.addRegion();
}

ParseResult DefineOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Type> results;
  SmallVector<int64_t> tied;
  (void)impl::parseOptionalVisibilityKeyword(parser, state.attributes);
  if (parser.parseSymbolName(name, getSymNameAttrName(state.name), state.attributes) ||
      parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren, /*allowType=*/true))
    return failure();
  auto parseResult = [&]() -> ParseResult {
    if (parser.parseType(results.emplace_back()))
      return failure();
    tied.push_back(-1);
    if (failed(parser.parseOptionalKeyword("tied")))
      return success();
    OpAsmParser::UnresolvedOperand input;
    SMLoc place = parser.getCurrentLocation();
    if (parser.parseOperand(input))
      return failure();
    auto match = llvm::find_if(arguments, [&](auto &argument) { return argument.ssaName.name == input.name; });
    if (match == arguments.end())
      return parser.emitError(place, "requires 'tied' to name an argument, but got '") << input.name << "'";
    tied.back() = match - arguments.begin();
    return success();
  };
  if (succeeded(parser.parseOptionalArrow()) && parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseResult))
    return failure();
  SmallVector<Type> inputs = llvm::map_to_vector(arguments, [](auto &argument) { return argument.type; });
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(parser.getBuilder().getFunctionType(inputs, results)));
  state.addAttribute(getTiedAttrName(state.name), parser.getBuilder().getDenseI64ArrayAttr(tied));
  if (parser.parseOptionalAttrDictWithKeyword(state.attributes) || parser.parseKeyword("stages") ||
      parser.parseRegion(*state.addRegion(), arguments))
    return failure();
  Region *schedule = state.addRegion();
  if (failed(parser.parseOptionalKeyword("schedule")))
    return success();
  if (parser.parseRegion(*schedule))
    return failure();
  if (schedule->empty())
    schedule->emplaceBlock();
  return success();
}

void DefineOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  if (std::optional<StringRef> visibility = getSymVisibility())
    printer << *visibility << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(getBody().getArguments(), printer, [&](BlockArgument argument) { printer.printRegionArgument(argument); });
  printer << ')';
  if (getFunctionType().getNumResults() != 0) {
    printer << " -> (";
    llvm::interleaveComma(llvm::enumerate(getFunctionType().getResults()), printer, [&](auto result) {
      printer << result.value();
      if (std::optional<unsigned> input = getTiedInput(result.index()))
        printer << " tied " << getBody().getArgument(*input);
    });
    printer << ')';
  }
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getSymVisibilityAttrName(), getFunctionTypeAttrName(), getTiedAttrName()});
  printer << " stages ";
  printer.printRegion(getStages(), /*printEntryBlockArgs=*/false);
  if (isScheduled()) {
    printer << " schedule ";
    printer.printRegion(getSchedule(), /*printEntryBlockArgs=*/false);
  }
}

static bool isScalar(Type type) { return type.isF32() || type.isF64() || type.isInteger(32) || type.isInteger(64) || type.isInteger(1); }

LogicalResult DefineOp::verify() {
  for (Type input : getFunctionType().getInputs())
    if (!isa<IndexType, BufferType>(input) && !isScalar(input))
      return emitOpError("requires arguments to be index, f32, f64, i32, i64, i1 or buffers, but got ") << input; // C1
  for (Type result : getFunctionType().getResults())
    if (!isa<BufferType>(result))
      return emitOpError("requires results to be buffers, but got ") << result; // C1
  if (getTied().size() != getFunctionType().getNumResults())
    return emitOpError("requires 'tied' to have ") << getFunctionType().getNumResults() << " entries, but got " << getTied().size(); // C5
  if (getHints() && getHints()->size() != getFunctionType().getNumInputs())
    return emitOpError("requires 'hints' to have ") << getFunctionType().getNumInputs() << " entries, but got " << getHints()->size(); // C5
  for (auto [result, input] : llvm::enumerate(getTied())) {
    if (input == -1)
      continue;
    if (input < -1 || input >= static_cast<int64_t>(getFunctionType().getNumInputs()) || llvm::count(getTied(), input) != 1)
      return emitOpError("requires result #") << result << " to be tied to an input of its own, but got " << input; // C3
    if (getFunctionType().getInput(input) != getFunctionType().getResult(result))
      return emitOpError("requires a tied input to have the type of its output, ")
             << getFunctionType().getResult(result) << ", but got " << getFunctionType().getInput(input); // C3
  }
  return success();
}

/// C3: the input is read only where it is replaced, at the index that is written.
static LogicalResult verifyTie(DefineOp kernel, BlockArgument input, StageOp stage) {
  for (OpOperand &use : input.getUses()) {
    auto load = dyn_cast<LoadOp>(use.getOwner());
    if (load && load->getParentRegion() == &stage.getDefinition() &&
        llvm::equal(load.getIndices(), stage.getDefinition().getArguments()))
      continue;
    return use.getOwner()->emitOpError("requires tied input #")
           << input.getArgNumber() << " to be read only in the definition of stage '" << stage.getStageName()
           << "', which replaces it, at that stage's own variables";
  }
  return success();
}

LogicalResult DefineOp::verifyRegions() {
  if (getBody().getArgumentTypes() != getFunctionType().getInputs())
    return emitOpError("requires its stages to have the declared arguments");
  if (getBody().empty() || !isa<OutputOp>(getBody().back()))
    return emitOpError("requires its stages to end with kernel.output");
  llvm::StringSet<> names;
  for (Operation &op : getBody().without_terminator()) {
    if (auto stage = dyn_cast<StageOp>(op)) {
      if (!names.insert(stage.getStageName()).second)
        return stage.emitOpError("requires a name of its own, but '") << stage.getStageName() << "' is taken"; // C4
    } else if (!isa<arith::ArithDialect>(op.getDialect()) || op.getNumRegions() != 0) {
      return op.emitOpError("may not stand between the stages of a kernel"); // C4
    }
  }
  OutputOp output = getOutput();
  if (output.getValues().getTypes() != getFunctionType().getResults())
    return output.emitOpError("requires the declared results, (")
           << getFunctionType().getResults() << "), but got (" << SmallVector<Type>(output.getValues().getTypes()) << ")"; // C2
  llvm::SmallPtrSet<Value, 4> distinct;
  for (Value value : output.getValues())
    if (!value.getDefiningOp<StageOp>() || !distinct.insert(value).second)
      return output.emitOpError("requires different results of stages"); // C2
  for (unsigned result = 0; result < getTied().size(); ++result) {
    std::optional<unsigned> input = getTiedInput(result);
    if (!input)
      continue;
    OpResult value = getOutputValue(result);
    auto stage = cast<StageOp>(value.getOwner());
    unsigned first = result - std::min(result, value.getResultNumber());
    if (output.getValues().slice(first, std::min<size_t>(stage.getNumResults(), output.getValues().size() - first)) != stage.getResults())
      return output.emitOpError("requires all results of stage '") << stage.getStageName() << "', which is tied, side by side"; // C3
    if (failed(verifyTie(*this, getBody().getArgument(*input), stage)))
      return failure();
  }
  return verifySchedule(*this);
}

Block &DefineOp::getOrCreateSchedule() {
  if (getSchedule().empty())
    getSchedule().emplaceBlock();
  return getSchedule().front();
}

OutputOp DefineOp::getOutput() { return cast<OutputOp>(getBody().back()); }

std::vector<StageOp> DefineOp::getStageOps() {
  auto stages = getBody().getOps<StageOp>();
  return {stages.begin(), stages.end()};
}

StageOp DefineOp::lookupStage(StringRef name) {
  for (StageOp stage : getBody().getOps<StageOp>())
    if (stage.getStageName() == name)
      return stage;
  return {};
}

OpResult DefineOp::getOutputValue(unsigned result) { return cast<OpResult>(getOutput().getValues()[result]); }

std::optional<unsigned> DefineOp::getTiedInput(unsigned result) {
  int64_t input = getTied()[result];
  return input < 0 ? std::nullopt : std::optional<unsigned>(input);
}

std::optional<unsigned> DefineOp::getTiedOutput(unsigned input) {
  const int64_t *match = llvm::find(getTied(), static_cast<int64_t>(input));
  return match == getTied().end() ? std::nullopt : std::optional<unsigned>(match - getTied().begin());
}

bool DefineOp::isTiedStage(StageOp stage) {
  return llvm::any_of(llvm::enumerate(getOutput().getValues()),
                      [&](auto value) { return value.value().getDefiningOp() == stage && getTiedInput(value.index()); });
}

std::optional<unsigned> DefineOp::getCopiedInput(OpResult result) {
  auto stage = cast<StageOp>(result.getOwner());
  if (stage.isUndef())
    return std::nullopt;
  Block &body = stage.getDefinition().front();
  auto load = body.getTerminator()->getOperand(result.getResultNumber()).getDefiningOp<LoadOp>();
  auto input = load ? dyn_cast<BlockArgument>(load.getBuffer()) : BlockArgument();
  if (!input || input.getOwner() != &getBody() || !llvm::equal(load.getIndices(), body.getArguments()))
    return std::nullopt;
  return input.getArgNumber();
}

bool DefineOp::isIdentity(StageOp stage) {
  return llvm::all_of(stage->getResults(), [&](OpResult result) {
    std::optional<unsigned> input = getCopiedInput(result), output = input ? getTiedOutput(*input) : std::nullopt;
    return output && getOutputValue(*output) == result;
  });
}

bool DefineOp::isOutputStage(StageOp stage) {
  return llvm::any_of(getOutput().getValues(), [&](Value value) { return value.getDefiningOp() == stage; });
}

int64_t DefineOp::getHint(OpFoldResult extent, int64_t otherwise) {
  if (std::optional<int64_t> constant = getConstantIntValue(extent))
    return *constant;
  Value value = cast<Value>(extent);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    int64_t hint = getHints() ? (*getHints())[argument.getArgNumber()] : 0;
    return hint > 0 ? hint : otherwise;
  }
  Operation *op = value.getDefiningOp();
  SmallVector<Attribute> operands;
  for (Value operand : op->getOperands()) {
    if (!operand.getType().isIndex())
      return otherwise;
    operands.push_back(IntegerAttr::get(operand.getType(), getHint(operand, otherwise)));
  }
  // The folder of an op is its arithmetic.
  SmallVector<OpFoldResult> folded;
  if (failed(op->fold(operands, folded)) || folded.empty())
    return otherwise;
  return getConstantIntValue(folded.front()).value_or(otherwise);
}

//===--------------------------------------------------------------------------------------------------------------------===//
// kernel.stage
//===--------------------------------------------------------------------------------------------------------------------===//

void StageOp::build(OpBuilder &builder, OperationState &state, StringRef name, ArrayRef<OpFoldResult> extents, TypeRange elementTypes,
                    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)> body) {
  SmallVector<Value> dynamicExtents;
  SmallVector<int64_t> staticExtents;
  splitExtents(extents, dynamicExtents, staticExtents);
  state.addOperands(dynamicExtents);
  state.getOrAddProperties<Properties>().setStageName(builder.getStringAttr(name));
  state.getOrAddProperties<Properties>().setStaticExtents(builder.getDenseI64ArrayAttr(staticExtents));
  for (Type elementType : elementTypes)
    state.addTypes(BufferType::get(builder.getContext(), staticExtents, elementType));
  Region *definition = state.addRegion();
  state.addRegion();
  if (!body)
    return;
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> indices(extents.size(), builder.getIndexType());
  Block *block = builder.createBlock(definition, {}, indices, SmallVector<Location>(extents.size(), state.location));
  SmallVector<Value> values = body(builder, state.location, block->getArguments());
  YieldOp::create(builder, state.location, values);
}

UpdateOp StageOp::addUpdate(OpBuilder &builder, ArrayRef<OpFoldResult> domain, bool contract,
                            function_ref<void(OpBuilder &, Location, ValueRange, ValueRange, ValueRange)> body) {
  OpBuilder::InsertionGuard guard(builder);
  if (getUpdates().empty())
    getUpdates().emplaceBlock().addArguments(getResultTypes(), SmallVector<Location>(getNumResults(), getLoc()));
  builder.setInsertionPointToEnd(&getUpdates().front());
  SmallVector<Value> dynamicDomain;
  SmallVector<int64_t> staticDomain;
  splitExtents(domain, dynamicDomain, staticDomain);
  auto update = UpdateOp::create(builder, getLoc(), dynamicDomain, staticDomain, contract);
  SmallVector<Type> indices(getRank() + domain.size(), builder.getIndexType());
  builder.createBlock(&update.getBody(), {}, indices, SmallVector<Location>(indices.size(), getLoc()));
  body(builder, getLoc(), getSelf(), update.getVariables(), update.getReductionVariables());
  return update;
}

ParseResult StageOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> variables, self;
  SmallVector<OpAsmParser::UnresolvedOperand> extents;
  SmallVector<int64_t> staticExtents;
  SmallVector<Type> elementTypes;
  if (parser.parseAttribute(name, getStageNameAttrName(state.name), state.attributes) ||
      parseIndexSpace(parser, variables, extents, staticExtents) || parser.parseColonTypeList(elementTypes) ||
      parser.resolveOperands(extents, parser.getBuilder().getIndexType(), state.operands))
    return failure();
  state.addAttribute(getStaticExtentsAttrName(state.name), parser.getBuilder().getDenseI64ArrayAttr(staticExtents));
  for (Type elementType : elementTypes) {
    Type type = parser.getChecked<BufferType>(parser.getContext(), ArrayRef<int64_t>(staticExtents), elementType);
    if (!type)
      return failure();
    state.addTypes(type);
  }
  if (parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  Region *definition = state.addRegion(), *updates = state.addRegion();
  if (failed(parser.parseOptionalKeyword("undef")) && parser.parseRegion(*definition, variables))
    return failure();
  if (failed(parser.parseOptionalKeyword("updates")))
    return success();
  if (parser.parseArgumentList(self, AsmParser::Delimiter::Paren))
    return failure();
  if (self.size() != state.types.size())
    return parser.emitError(parser.getNameLoc(), "requires 'updates' to name ") << state.types.size() << " buffers, but got " << self.size();
  for (auto [argument, type] : llvm::zip_equal(self, state.types))
    argument.type = type;
  return parser.parseRegion(*updates, self);
}

void StageOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getStageNameAttr() << ' ';
  printIndexSpace(printer, isUndef() ? ValueRange() : ValueRange(getDefinition().getArguments()), getExtents(), getStaticExtents());
  printer << " : ";
  llvm::interleaveComma(getResultTypes(), printer, [&](Type type) { printer << cast<BufferType>(type).getElementType(); });
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getStageNameAttrName(), getStaticExtentsAttrName()});
  printer << ' ';
  if (isUndef())
    printer << "undef";
  else
    printer.printRegion(getDefinition(), /*printEntryBlockArgs=*/false);
  if (getUpdates().empty())
    return;
  printer << " updates (";
  printer.printOperands(getSelf());
  printer << ") ";
  printer.printRegion(getUpdates(), /*printEntryBlockArgs=*/false);
}

void StageOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  if (getNumResults() != 0)
    setName(getResult(0), getStageName());
}

void StageOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (BlockArgument argument : region.getArguments())
    setName(argument, &region == &getDefinition() ? "i" + std::to_string(argument.getArgNumber()) : "self");
}

LogicalResult StageOp::verify() {
  if (getNumResults() == 0)
    return emitOpError("requires a result");
  for (Type type : getResultTypes())
    if (cast<BufferType>(type).getShape() != getStaticExtents())
      return emitOpError("requires results to have its extents, but got ") << type; // C1
  return verifyExtents(*this, getExtents(), getStaticExtents());
}

LogicalResult StageOp::verifyRegions() {
  if (isUndef() && getUpdates().empty())
    return emitOpError("requires updates, because it is undef"); // C3
  if (!isUndef()) {
    if (failed(verifyBody(*this, getDefinition(), getRank())))
      return failure();
    auto yield = getDefinition().front().empty() ? YieldOp() : dyn_cast<YieldOp>(getDefinition().front().back());
    if (!yield)
      return emitOpError("requires its definition to end with kernel.yield"); // C2
    if (failed(verifyValues(yield, yield.getValues(), getResultTypes())))
      return failure();
  }
  if (getUpdates().empty())
    return success();
  if (getUpdates().getArgumentTypes() != getResultTypes())
    return emitOpError("requires 'updates' to have its results as arguments");
  for (Operation &op : getUpdates().front())
    if (!isa<UpdateOp>(op))
      return op.emitOpError("may not stand among the updates of a stage");
  return success();
}

SmallVector<OpFoldResult> StageOp::getMixedExtents() { return mixExtents(getContext(), getExtents(), getStaticExtents()); }

std::vector<UpdateOp> StageOp::getUpdateOps() {
  if (getUpdates().empty())
    return {};
  auto updates = getUpdates().front().getOps<UpdateOp>();
  return {updates.begin(), updates.end()};
}

ValueRange StageOp::getSelf() { return getUpdates().empty() ? ValueRange() : ValueRange(getUpdates().getArguments()); }

//===--------------------------------------------------------------------------------------------------------------------===//
// kernel.update
//===--------------------------------------------------------------------------------------------------------------------===//

ParseResult UpdateOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::Argument> variables;
  SmallVector<OpAsmParser::UnresolvedOperand> domain;
  SmallVector<int64_t> staticDomain;
  if (parser.parseArgumentList(variables, AsmParser::Delimiter::Paren))
    return failure();
  for (OpAsmParser::Argument &variable : variables)
    variable.type = parser.getBuilder().getIndexType();
  if (succeeded(parser.parseOptionalKeyword("over")) && parseIndexSpace(parser, variables, domain, staticDomain))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("contract")))
    state.addAttribute(getContractAttrName(state.name), parser.getBuilder().getUnitAttr());
  state.addAttribute(getStaticDomainAttrName(state.name), parser.getBuilder().getDenseI64ArrayAttr(staticDomain));
  return failure(parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
                 parser.resolveOperands(domain, parser.getBuilder().getIndexType(), state.operands) ||
                 parser.parseRegion(*state.addRegion(), variables));
}

void UpdateOp::print(OpAsmPrinter &printer) {
  printer << " (";
  printer.printOperands(getVariables());
  printer << ')';
  if (!getStaticDomain().empty()) {
    printer << " over ";
    printIndexSpace(printer, getReductionVariables(), getDomain(), getStaticDomain());
  }
  if (getContract())
    printer << " contract";
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getStaticDomainAttrName(), getContractAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

void UpdateOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  unsigned rank = region.getNumArguments() - getStaticDomain().size();
  for (BlockArgument argument : region.getArguments())
    setName(argument, argument.getArgNumber() < rank ? "i" + std::to_string(argument.getArgNumber())
                                                     : "r" + std::to_string(argument.getArgNumber() - rank));
}

LogicalResult UpdateOp::verify() { return verifyExtents(*this, getDomain(), getStaticDomain()); }

LogicalResult UpdateOp::verifyRegions() {
  StageOp stage = getStage();
  if (failed(verifyBody(*this, getBody(), stage.getRank() + getStaticDomain().size())))
    return failure();
  auto write = getBody().front().empty() ? WriteOp() : dyn_cast<WriteOp>(getBody().front().back());
  if (!write)
    return emitOpError("requires its body to end with kernel.write"); // C2
  if (write.getIndices().size() != stage.getRank())
    return write.emitOpError("requires ") << stage.getRank() << " indices, but got " << write.getIndices().size(); // C2
  if (failed(verifyValues(write, write.getValues(), stage.getResultTypes())))
    return failure();
  for (auto [dim, variable] : llvm::enumerate(getVariables())) {
    if (!isFree(dim)) {
      if (!variable.use_empty())
        return emitOpError("requires variable #") << dim << " to have no use, because it is not written at its own place"; // C3
      continue;
    }
    for (LoadOp load : getBody().getOps<LoadOp>())
      if (llvm::is_contained(stage.getSelf(), load.getBuffer()) && load.getIndices()[dim] != variable)
        return load.emitOpError("requires index #") << dim << " to be the variable that the update writes there"; // C3
  }
  return success();
}

unsigned UpdateOp::getPosition() { return std::distance((*this)->getBlock()->begin(), (*this)->getIterator()); }

SmallVector<OpFoldResult> UpdateOp::getMixedDomain() { return mixExtents(getContext(), getDomain(), getStaticDomain()); }

ValueRange UpdateOp::getVariables() { return ValueRange(getBody().getArguments()).drop_back(getStaticDomain().size()); }

ValueRange UpdateOp::getReductionVariables() { return ValueRange(getBody().getArguments()).take_back(getStaticDomain().size()); }

WriteOp UpdateOp::getWrite() { return cast<WriteOp>(getBody().front().back()); }

bool UpdateOp::isFree(unsigned dim) { return getWrite().getIndices()[dim] == getVariables()[dim]; }

/// Is an index at least 0? Variables and extents are; another argument of the kernel may be anything.
static bool isAtLeastZero(Value index) {
  if (auto argument = dyn_cast<BlockArgument>(index))
    return !isa<DefineOp>(argument.getOwner()->getParentOp()) || llvm::any_of(index.getUsers(), [](Operation *user) { return isa<StageOp, UpdateOp>(user); });
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return *constant >= 0;
  Operation *op = index.getDefiningOp();
  return isa<arith::AddIOp, arith::MulIOp, arith::MaxSIOp, arith::MinSIOp>(op) && llvm::all_of(op->getOperands(), isAtLeastZero);
}

Value UpdateOp::withoutClamp(Value index) {
  Value predicate = getWrite().getPredicate();
  auto isInside = predicate ? predicate.getDefiningOp<arith::CmpIOp>() : arith::CmpIOp();
  auto raised = index.getDefiningOp<arith::MaxSIOp>();
  auto lowered = raised ? raised.getLhs().getDefiningOp<arith::MinSIOp>() : arith::MinSIOp();
  if (!isInside || isInside.getPredicate() != arith::CmpIPredicate::slt || !lowered || !matchPattern(raised.getRhs(), m_Zero()))
    return index;
  Value place = isInside.getLhs(), size = isInside.getRhs(), largest = lowered.getRhs();
  auto last = largest.getDefiningOp<arith::SubIOp>();
  std::optional<int64_t> constant = getConstantIntValue(size);
  bool isLast = constant ? getConstantIntValue(largest) == *constant - 1 : last && last.getLhs() == size && matchPattern(last.getRhs(), m_One());
  return isLast && lowered.getLhs() == place && isAtLeastZero(place) ? place : index;
}

//===--------------------------------------------------------------------------------------------------------------------===//
// kernel.load
//===--------------------------------------------------------------------------------------------------------------------===//

LogicalResult LoadOp::canonicalize(LoadOp load, PatternRewriter &rewriter) {
  // A stage that is empty itself runs no load, and keeps its form.
  if (!llvm::is_contained(load.getBuffer().getType().getShape(), 0) || llvm::is_contained(load->getParentOfType<StageOp>().getStaticExtents(), 0))
    return failure();
  rewriter.replaceOpWithNewOp<arith::ConstantOp>(load, rewriter.getZeroAttr(load.getType()));
  return success();
}

LogicalResult LoadOp::verify() {
  int64_t rank = getBuffer().getType().getRank();
  if (static_cast<int64_t>(getIndices().size()) != rank)
    return emitOpError("requires ") << rank << " indices, but got " << getIndices().size(); // C1
  return success();
}

//===--------------------------------------------------------------------------------------------------------------------===//
// kernel.call and kernel.extern
//===--------------------------------------------------------------------------------------------------------------------===//

static bool isDense(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset, dense = 1;
  if (type.getLayout().isIdentity()) // also with an empty axis, whose strides mean nothing
    return true;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    if (ShapedType::isDynamic(dense)) // beyond a dynamic extent only the identity layout promises density
      return type.getLayout().isIdentity();
    if (strides[dim] != dense && type.getDimSize(dim) != 1)
      return false;
    dense = ShapedType::isDynamic(type.getDimSize(dim)) ? ShapedType::kDynamic : dense * type.getDimSize(dim);
  }
  return true;
}

/// Kernels know integers without sign; what calls them may have signs.
static bool sameElements(Type x, Type y) {
  return x == y || (isa<IntegerType>(x) && isa<IntegerType>(y) && x.getIntOrFloatBitWidth() == y.getIntOrFloatBitWidth());
}

/// Does a buffer of the kernel accept `type`? A dynamic extent accepts any; a static one only itself.
static bool accepts(BufferType buffer, Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !shaped.hasRank() || !sameElements(shaped.getElementType(), buffer.getElementType()) || shaped.getRank() != buffer.getRank())
    return false;
  if (auto memref = dyn_cast<MemRefType>(type); memref && !isDense(memref))
    return false;
  return llvm::all_of(llvm::zip_equal(buffer.getShape(), shaped.getShape()), [](auto pair) {
    auto [required, found] = pair;
    return ShapedType::isDynamic(required) || required == found;
  });
}

/// C2 of call, C1 of extern: tensors in and results out, or memrefs in and `outs`.
static LogicalResult verifyForm(Operation *op, ValueRange inputs, ValueRange outs) {
  bool onTensors = op->getNumResults() != 0;
  if (onTensors && !outs.empty())
    return op->emitOpError("requires either results, on tensors, or outs, on memrefs, but got both");
  for (Type type : inputs.getTypes())
    if (onTensors ? isa<MemRefType>(type) : isa<TensorType>(type))
      return op->emitOpError("requires ") << (onTensors ? "tensors" : "memrefs") << " as inputs, but got " << type;
  return success();
}

static void addEffects(MutableOperandRange inputs, MutableOperandRange outs,
                       SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &input : inputs)
    if (isa<MemRefType>(input.get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), &input);
  for (OpOperand &out : outs)
    effects.emplace_back(MemoryEffects::Write::get(), &out);
}

DefineOp CallOp::getKernel() { return SymbolTable::lookupNearestSymbolFrom<DefineOp>(*this, getCalleeAttr()); }

DefineOp CallOp::getKernel(SymbolTableCollection &symbols) { return symbols.lookupNearestSymbolFrom<DefineOp>(*this, getCalleeAttr()); }

LogicalResult CallOp::verify() { return verifyForm(*this, getInputs(), getOuts()); }

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<DefineOp>(*this, getCalleeAttr());
  if (!kernel)
    return emitOpError("requires a kernel called @") << getCallee() << ", but there is none";
  FunctionType type = kernel.getFunctionType();
  if (getInputs().size() != type.getNumInputs())
    return emitOpError("requires ") << type.getNumInputs() << " inputs, but got " << getInputs().size(); // C1
  for (auto [number, required, input] : llvm::enumerate(type.getInputs(), getInputs())) {
    auto buffer = dyn_cast<BufferType>(required);
    if (buffer ? !accepts(buffer, input.getType()) : required != input.getType())
      return emitOpError("requires input #") << number << " to fit " << required << ", but got " << input.getType(); // C1
  }
  bool onTensors = getNumResults() != 0;
  TypeRange found = onTensors ? TypeRange(getResultTypes()) : TypeRange(getOuts().getTypes());
  if (found.size() != type.getNumResults())
    return emitOpError("requires ") << type.getNumResults() << (onTensors ? " results" : " outs") << ", but got " << found.size(); // C2
  for (auto [number, required, given] : llvm::enumerate(type.getResults(), found))
    if (!accepts(cast<BufferType>(required), given))
      return emitOpError("requires output #") << number << " to fit " << required << ", but got " << given; // C2
  if (!onTensors)
    for (auto [number, out] : llvm::enumerate(getOuts()))
      if (std::optional<unsigned> input = kernel.getTiedInput(number); input && getInputs()[*input] != out)
        return emitOpError("requires outs #") << number << " to be input #" << *input << ", to which it is tied"; // C3
  return success();
}

void CallOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(getInputsMutable(), getOutsMutable(), effects);
}

/// Rebuilds the index arithmetic of a kernel on the inputs of a call.
static Value rebuildExtent(OpBuilder &builder, Value extent, ValueRange inputs, IRMapping &rebuilt) {
  if (auto argument = dyn_cast<BlockArgument>(extent))
    return inputs[argument.getArgNumber()];
  if (Value known = rebuilt.lookupOrNull(extent))
    return known;
  Operation *op = extent.getDefiningOp();
  for (Value operand : op->getOperands())
    if (!rebuilt.contains(operand))
      rebuilt.map(operand, rebuildExtent(builder, operand, inputs, rebuilt));
  builder.clone(*op, rebuilt);
  return rebuilt.lookup(extent);
}

LogicalResult CallOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  DefineOp kernel = getKernel();
  if (!kernel)
    return failure();
  IRMapping rebuilt;
  for (OpResult result : getResults()) {
    auto stage = cast<StageOp>(kernel.getOutputValue(result.getResultNumber()).getOwner());
    SmallVector<OpFoldResult> &shape = shapes.emplace_back();
    for (auto [dim, extent] : llvm::enumerate(stage.getMixedExtents())) {
      int64_t known = cast<RankedTensorType>(result.getType()).getDimSize(dim);
      if (!ShapedType::isDynamic(known))
        shape.push_back(builder.getIndexAttr(known));
      else if (auto value = dyn_cast<Value>(extent))
        shape.push_back(rebuildExtent(builder, value, getInputs(), rebuilt));
      else
        shape.push_back(extent);
    }
  }
  return success();
}

LogicalResult ExternOp::verify() {
  if (failed(verifyForm(*this, getInputs(), getOuts())))
    return failure();
  for (Type type : llvm::concat<const Type>(llvm::to_vector(getInputs().getTypes()), llvm::to_vector(getOuts().getTypes()))) {
    bool isScalar = type.isInteger(32) || type.isInteger(64) || type.isF32() || type.isF64();
    if (!isScalar && !isa<MemRefType, RankedTensorType>(type))
      return emitOpError("requires arrays, or scalars of i32, i64, f32 or f64, but got ") << type; // C1
    if (auto memref = dyn_cast<MemRefType>(type); memref && !isDense(memref))
      return emitOpError("requires dense row-major memrefs, but got ") << type; // C3
  }
  int64_t dynamic = 0;
  for (Type type : getResultTypes())
    dynamic += cast<RankedTensorType>(type).getNumDynamicDims();
  if (dynamic != static_cast<int64_t>(getSizes().size()))
    return emitOpError("requires 'sizes' to have ") << dynamic << " entries, one a dynamic extent of the results, but got " << getSizes().size(); // C2
  return success();
}

void ExternOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(getInputsMutable(), getOutsMutable(), effects);
  if (getOuts().empty() && getResults().empty()) // it is called for something else
    effects.emplace_back(MemoryEffects::Write::get());
}

LogicalResult ExternOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  unsigned nextDynamic = 0;
  for (Type type : getResultTypes()) {
    SmallVector<OpFoldResult> &shape = shapes.emplace_back();
    for (int64_t extent : cast<RankedTensorType>(type).getShape()) {
      if (ShapedType::isDynamic(extent))
        shape.push_back(getSizes()[nextDynamic++]);
      else
        shape.push_back(builder.getIndexAttr(extent));
    }
  }
  return success();
}

} // namespace costate::kernel

#define GET_OP_CLASSES
#include "costate/dialects/kernel/KernelOps.cpp.inc"
