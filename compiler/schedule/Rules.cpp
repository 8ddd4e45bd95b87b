// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/schedule/Rules.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::schedule {

unsigned bytesOf(Type type) { return std::max(1u, type.isIndex() ? 4 : type.getIntOrFloatBitWidth() / 8); }

unsigned Machine::lanes(Type type) const { return std::max(1u, vectorBytes / bytesOf(type)); }

Block &Definition::body() const { return update ? UpdateOp(update).getBody().front() : StageOp(stage).getDefinition().front(); }

BlockArgument Definition::variable(unsigned dim) const { return body().getArgument(dim); }

SmallVector<Definition> getDefinitions(StageOp stage) {
  SmallVector<Definition> definitions;
  if (!stage.isUndef())
    definitions.push_back({stage, {}});
  for (UpdateOp update : stage.getUpdateOps())
    definitions.push_back({stage, update});
  return definitions;
}

std::string freshStageName(DefineOp kernel, StringRef base) {
  std::string name = base.str();
  for (unsigned number = 0; kernel.lookupStage(name); ++number)
    name = base.str() + std::to_string(number);
  return name;
}

StageOp copyStage(StageOp stage) {
  OpBuilder builder(stage.getContext());
  builder.setInsertionPointAfter(stage);
  Type type = cast<BufferType>(stage.getResult(0).getType()).getElementType();
  std::string name = freshStageName(stage->getParentOfType<DefineOp>(), (stage.getStageName() + "_stored").str());
  return StageOp::create(builder, stage.getLoc(), name, stage.getMixedExtents(), type,
                         [&](OpBuilder &inner, Location location, ValueRange variables) -> SmallVector<Value> {
                           return {LoadOp::create(inner, location, type, stage.getResult(0), variables)};
                         });
}

std::string pureName(unsigned dim) { return "i" + std::to_string(dim); }

int64_t countOperations(Definition definition) {
  // A load or store costs about as much as an operation.
  return std::max<int64_t>(1, llvm::range_size(definition.body()) - llvm::count_if(definition.body(), [](Operation &op) {
                                return isa<arith::ConstantOp>(op);
                              }));
}

int64_t countPoints(DefineOp kernel, StageOp stage, unsigned skip) {
  int64_t points = 1;
  SmallVector<OpFoldResult> extents = stage.getMixedExtents();
  for (OpFoldResult extent : ArrayRef(extents).drop_front(skip))
    points *= std::max<int64_t>(1, kernel.getHint(extent));
  return points;
}

int64_t countDomain(DefineOp kernel, Definition definition) {
  int64_t points = 1;
  if (definition.update)
    for (OpFoldResult extent : definition.update.getMixedDomain())
      points *= std::max<int64_t>(1, kernel.getHint(extent));
  return points;
}

ScheduleWriter::ScheduleWriter(DefineOp kernel)
    : builder(OpBuilder::atBlockEnd(&kernel.getOrCreateSchedule())), location(kernel.getLoc()) {}

IntegerAttr ScheduleWriter::update(Definition definition) {
  return definition.update ? builder.getI64IntegerAttr(definition.update.getPosition()) : IntegerAttr();
}

void ScheduleWriter::split(Definition definition, StringRef variable, int64_t factor, Tail tail) {
  SplitOp::create(builder, location, definition.stage.getStageNameAttr(), update(definition), name(variable), name((variable + "o").str()),
                  name((variable + "i").str()), builder.getI64IntegerAttr(factor), TailAttr::get(builder.getContext(), tail));
}

void ScheduleWriter::fuse(Definition definition, StringRef outer, StringRef inner, StringRef fused) {
  FuseOp::create(builder, location, definition.stage.getStageNameAttr(), update(definition), name(outer), name(inner), name(fused));
}

void ScheduleWriter::reorder(Definition definition, ArrayRef<std::string> innermostFirst) {
  if (innermostFirst.size() < 2)
    return;
  SmallVector<StringRef> names(innermostFirst.begin(), innermostFirst.end());
  ReorderOp::create(builder, location, definition.stage.getStageNameAttr(), update(definition), builder.getStrArrayAttr(names));
}

void ScheduleWriter::vectorize(Definition definition, StringRef variable) {
  VectorizeOp::create(builder, location, definition.stage.getStageNameAttr(), update(definition), name(variable));
}

void ScheduleWriter::unroll(Definition definition, StringRef variable) {
  UnrollOp::create(builder, location, definition.stage.getStageNameAttr(), update(definition), name(variable));
}

void ScheduleWriter::parallel(Definition definition, StringRef variable) {
  ParallelOp::create(builder, location, definition.stage.getStageNameAttr(), update(definition), name(variable));
}

void ScheduleWriter::computeRoot(StageOp stage) { ComputeRootOp::create(builder, location, stage.getStageNameAttr()); }

void ScheduleWriter::computeAt(StageOp stage, Definition consumer, StringRef variable) {
  ComputeAtOp::create(builder, location, stage.getStageNameAttr(), consumer.stage.getStageNameAttr(), update(consumer), name(variable));
}

void ScheduleWriter::computeWith(StageOp stage, StageOp leader, StringRef variable) {
  ComputeWithOp::create(builder, location, stage.getStageNameAttr(), leader.getStageNameAttr(), name(variable));
}

void ScheduleWriter::storeIn(StageOp stage, Memory memory) {
  StoreInOp::create(builder, location, stage.getStageNameAttr(), MemoryAttr::get(builder.getContext(), memory));
}

void ScheduleWriter::boundExtent(StageOp stage, StringRef variable, int64_t extent) {
  BoundExtentOp::create(builder, location, stage.getStageNameAttr(), name(variable), builder.getI64IntegerAttr(extent));
}

void ScheduleWriter::nontemporal(StageOp stage) { NontemporalOp::create(builder, location, stage.getStageNameAttr()); }

} // namespace costate::schedule
