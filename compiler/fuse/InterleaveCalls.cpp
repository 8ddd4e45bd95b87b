// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that go through the same large arrays one after the other read them from memory each time. Where all of them go row by row, no row needs
// what another row has written: then each takes a chunk of rows in turn, so that it finds in the cache what the one before has left there, and threads
// share the chunks. A kernel does for rows of a chunk what it does for them among all rows, so no bit of a result changes.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/optim/Optim.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include <numeric>

using namespace mlir;

namespace costate::fuse {

#define GEN_PASS_DEF_INTERLEAVECALLS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

//===--- Rows of a kernel ---===//

/// What a kernel that goes row by row touches of its buffers, inputs and then outputs: for a row i the elements [i * unit, (i + 1) * unit), or any (unit 0).
struct RowAccess {
  unsigned extent; ///< the argument that is the number of rows
  SmallVector<int64_t> units;
};

class RowAnalysis {
public:
  explicit RowAnalysis(kernel::DefineOp define) : define(define), units(define.getBody().getNumArguments()) {}

  std::optional<RowAccess> run() {
    for (kernel::StageOp stage : define.getStageOps()) {
      auto extent =
          stage.getRank() == 0 ? BlockArgument() : dyn_cast_if_present<BlockArgument>(dyn_cast<Value>(stage.getMixedExtents().front()));
      if (!extent || (rows && rows != extent))
        return std::nullopt;
      rows = extent;
      if (!stage.isUndef() && !visit(stage.getDefinition().front(), stage.getMixedExtents()))
        return std::nullopt;
      for (kernel::UpdateOp update : stage.getUpdateOps()) {
        SmallVector<OpFoldResult> extents = stage.getMixedExtents();
        llvm::append_range(extents, update.getMixedDomain());
        Block &body = update.getBody().front();
        if (update.getContract() || !update.isFree(0) || !visit(body, extents))
          return std::nullopt;
      }
    }
    if (!rows || llvm::any_of(rows.getUsers(), [](Operation *user) { return !isa<kernel::StageOp>(user); }))
      return std::nullopt;
    RowAccess access{rows.getArgNumber(), {}};
    for (std::optional<int64_t> unit : units)
      access.units.push_back(unit.value_or(0));
    for (Value output : define.getOutput().getValues()) {
      std::optional<int64_t> unit = sizeOfRow(cast<kernel::BufferType>(output.getType()));
      if (!unit)
        return std::nullopt;
      access.units.push_back(*unit);
    }
    return access;
  }

private:
  /// row * the row + something in [low, high].
  struct Index {
    int64_t row, low, high;
  };

  static std::optional<int64_t> sizeOfRow(kernel::BufferType type) {
    int64_t size = 1;
    for (int64_t extent : type.getShape().drop_front()) {
      if (ShapedType::isDynamic(extent))
        return std::nullopt;
      size *= extent;
    }
    return size;
  }

  std::optional<Index> indexOf(Value value, Block &body, ArrayRef<OpFoldResult> extents) {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      return Index{0, *constant, *constant};
    if (auto variable = dyn_cast<BlockArgument>(value); variable && variable.getOwner() == &body) {
      if (variable == body.getArgument(0))
        return Index{1, 0, 0};
      std::optional<int64_t> extent = getConstantIntValue(extents[variable.getArgNumber()]);
      return extent ? std::optional(Index{0, 0, *extent - 1}) : std::nullopt;
    }
    Operation *op = value.getDefiningOp();
    if (!isa_and_nonnull<arith::AddIOp, arith::MulIOp>(op))
      return std::nullopt;
    std::optional<Index> x = indexOf(op->getOperand(0), body, extents), y = indexOf(op->getOperand(1), body, extents);
    if (!x || !y)
      return std::nullopt;
    if (isa<arith::AddIOp>(op))
      return Index{x->row + y->row, x->low + y->low, x->high + y->high};
    if (x->row == 0 && x->low == x->high)
      std::swap(x, y);
    if (y->row != 0 || y->low != y->high || y->low < 0)
      return std::nullopt;
    return Index{x->row * y->low, x->low * y->low, x->high * y->low};
  }

  /// A definition: its variables are the first arguments of `body`, the row the first of them.
  bool visit(Block &body, ArrayRef<OpFoldResult> extents) {
    llvm::DenseSet<Value> byRow{body.getArgument(0)}; // values that depend on the row, but for what is loaded
    for (Operation &op : body) {
      auto load = dyn_cast<kernel::LoadOp>(op);
      bool dependsOnRow = llvm::any_of(op.getOperands(), [&](Value operand) { return byRow.contains(operand); });
      if (load && !visit(load, dependsOnRow, body, extents))
        return false;
      if (load || !dependsOnRow || isa<kernel::WriteOp>(op)) // the place of a write: the row is free
        continue;
      if (!isa<arith::AddIOp, arith::MulIOp>(op))
        return false;
      byRow.insert(op.getResult(0));
    }
    return true;
  }

  bool visit(kernel::LoadOp load, bool dependsOnRow, Block &body, ArrayRef<OpFoldResult> extents) {
    auto argument = dyn_cast<BlockArgument>(load.getBuffer());
    if (!argument || argument.getOwner() != &define.getBody()) // a stage
      return !load.getIndices().empty() && load.getIndices().front() == body.getArgument(0);
    int64_t unit = 0;
    if (dependsOnRow) {
      Index place{0, 0, 0};
      for (auto [axis, index] : llvm::enumerate(load.getIndices())) {
        std::optional<Index> next = indexOf(index, body, extents);
        int64_t extent = axis == 0 ? 0 : load.getBuffer().getType().getShape()[axis];
        if (!next || ShapedType::isDynamic(extent))
          return false;
        place = {place.row * extent + next->row, place.low * extent + next->low, place.high * extent + next->high};
      }
      if (place.low < 0 || place.high >= place.row)
        return false;
      unit = place.row;
    }
    std::optional<int64_t> &known = units[argument.getArgNumber()];
    if (known && *known != unit)
      return false;
    known = unit;
    return true;
  }

  kernel::DefineOp define;
  BlockArgument rows;
  SmallVector<std::optional<int64_t>> units;
};

//===--- Memory of a call ---===//

/// Bytes of an argument of the entry, or of constant data. Arguments do not overlap.
struct Place {
  Value base;
  int64_t begin, end;

  static std::optional<Place> of(Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.hasStaticShape())
      return std::nullopt;
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8), begin = 0;
    while (Operation *op = buffer.getDefiningOp()) {
      if (auto view = dyn_cast<memref::ViewOp>(op)) {
        std::optional<int64_t> shift = getConstantIntValue(view.getByteShift());
        if (!shift)
          return std::nullopt;
        begin += *shift;
        buffer = view.getSource();
      } else if (auto cast = dyn_cast<memref::ReinterpretCastOp>(op)) {
        std::optional<int64_t> offset = getConstantIntValue(cast.getMixedOffsets().front());
        if (!offset)
          return std::nullopt;
        begin += *offset * bytes;
        buffer = cast.getSource();
      } else if (isa<UnrealizedConversionCastOp>(op)) { // of the sign alone
        buffer = op->getOperand(0);
      } else if (isa<memref::GetGlobalOp>(op)) {
        break;
      } else {
        return std::nullopt;
      }
    }
    return Place{buffer, begin, begin + type.getNumElements() * bytes};
  }

  bool operator==(const Place &other) const = default;
  bool overlaps(const Place &other) const { return base == other.base && begin < other.end && other.begin < end; }
};

struct Operand {
  unsigned number; ///< of the call
  Value buffer;
  Place place;
  bool isWritten;
  int64_t bytes; ///< that a row touches, 0: any
};

struct Member {
  kernel::CallOp call;
  unsigned extent; ///< the input that is the number of rows
  int64_t rows;
  SmallVector<Operand> operands; ///< that are buffers
  int64_t weight = 0;            ///< of a row: a chunk has rows of equal weight of every member

  static std::optional<Member> of(kernel::CallOp call, SymbolTableCollection &symbols) {
    if (call.getExecutor() != kernel::Executor::Halide)
      return std::nullopt;
    std::optional<RowAccess> access = RowAnalysis(call.getKernel(symbols)).run();
    std::optional<int64_t> rows = access ? getConstantIntValue(call.getInputs()[access->extent]) : std::nullopt;
    if (!rows)
      return std::nullopt;
    Member member{call, access->extent, *rows, {}};
    for (auto [number, operand] : llvm::enumerate(call.getOperands())) {
      auto type = dyn_cast<MemRefType>(operand.getType());
      if (!type)
        continue;
      std::optional<Place> place = Place::of(operand);
      if (!place)
        return std::nullopt;
      int64_t bytes = access->units[number] * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      member.operands.push_back({unsigned(number), operand, *place, number >= call.getInputs().size(), bytes});
    }
    return member;
  }
};

/// Can chunks of one run beside other chunks of the other?
bool areIndependent(const Member &one, const Member &other) {
  return llvm::all_of(one.operands, [&](const Operand &x) {
    return llvm::all_of(other.operands, [&](const Operand &y) {
      bool isSameChunk =
          x.bytes > 0 && x.place.base == y.place.base && x.place.begin == y.place.begin && x.bytes * other.weight == y.bytes * one.weight;
      return !(x.isWritten || y.isWritten) || isSameChunk || !x.place.overlaps(y.place);
    });
  });
}

/// Must `op`, which stands before `member`, stay there?
bool mustPrecede(Operation *op, const Member &member) {
  if (isMemoryEffectFree(op))
    return false;
  auto call = dyn_cast<kernel::CallOp>(op);
  if (!call)
    return true;
  return llvm::any_of(llvm::enumerate(call.getOperands()), [&](auto operand) {
    if (!isa<MemRefType>(operand.value().getType()))
      return false;
    std::optional<Place> place = Place::of(operand.value());
    bool isWritten = operand.index() >= call.getInputs().size();
    return !place || llvm::any_of(member.operands,
                                  [&](const Operand &other) { return (isWritten || other.isWritten) && place->overlaps(other.place); });
  });
}

//===--- Runs of calls ---===//

/// Bytes that a chunk touches at most: half of a small second-level cache.
constexpr int64_t kChunk = 512 << 10;
/// Part of a chunk that may be read whole by each.
constexpr int64_t kWholePart = 4;

class Run {
public:
  explicit Run(Member first) : members{std::move(first)} {}

  /// Appends the call, which stands behind the others, if it can take their place and reads or writes `large` bytes of theirs.
  bool tryAdd(Member next, int64_t large) {
    Operation *first = members.front().call;
    for (Value operand : next.call.getOperands())
      if (Operation *made = operand.getDefiningOp(); made && made->getBlock() == first->getBlock() && !made->isBeforeInBlock(first))
        return false;
    for (Operation *op = first->getNextNode(); op != next.call; op = op->getNextNode())
      if (llvm::none_of(members, [&](Member &member) { return member.call == op; }) && mustPrecede(op, next))
        return false;
    int64_t shared = 0;
    for (const Operand &y : next.operands) {
      int64_t known = 0;
      for (Member &member : members)
        for (const Operand &x : member.operands) {
          if (x.bytes == 0 || y.bytes == 0 || x.place.base != y.place.base || x.place.begin != y.place.begin)
            continue;
          if (member.weight == 0) // alone so far
            member.weight = x.bytes;
          if (next.weight == 0 && (member.weight * y.bytes) % x.bytes == 0)
            next.weight = member.weight * y.bytes / x.bytes;
          known = std::max(known, std::min(x.place.end, y.place.end) - x.place.begin);
        }
      shared += known;
    }
    bool fits = shared >= large && next.weight > 0 && areIndependent(next, next) &&
                llvm::all_of(members, [&](Member &member) { return areIndependent(member, member) && areIndependent(member, next); });
    if (fits)
      members.push_back(next);
    if (fits && chooseChunk())
      return true;
    if (fits)
      members.pop_back();
    if (members.size() == 1)
      members.front().weight = 0;
    return false;
  }

  bool isOne() const { return members.size() == 1; }

  void write() {
    chooseChunk();
    OpBuilder b(members.front().call);
    Location loc = FusedLoc::get(b.getContext(), llvm::map_to_vector(members, [](Member &member) { return member.call.getLoc(); }));
    auto index = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    int64_t chunks = 0;
    for (Member &member : members)
      chunks = std::max<int64_t>(chunks, llvm::divideCeil(member.rows, weight / member.weight));
    auto loop = scf::ParallelOp::create(b, loc, index(0), index(chunks), index(1));
    b.setInsertionPointToStart(loop.getBody());
    Value number = loop.getInductionVars().front();
    for (Member &member : members) {
      Value most = index(weight / member.weight), rows = index(member.rows);
      Value first = b.createOrFold<arith::MulIOp>(loc, number, most);
      if ((chunks - 1) * (weight / member.weight) > member.rows)
        first = arith::MinSIOp::create(b, loc, first, rows);
      Value count = arith::MinSIOp::create(b, loc, arith::SubIOp::create(b, loc, rows, first), most);
      SmallVector<Value> operands(member.call.getOperands());
      operands[member.extent] = count;
      DenseMap<std::pair<Value, int64_t>, Value> parts; // one of what is input and output
      for (const Operand &operand : member.operands)
        if (operand.bytes > 0) {
          Value &part = parts[{operand.buffer, operand.bytes}];
          part = part ? part : rowsOf(b, loc, operand, first, count);
          operands[operand.number] = part;
        }
      auto copy = cast<kernel::CallOp>(b.clone(*member.call));
      copy->setOperands(operands);
      if (auto operations = copy->getAttrOfType<IntegerAttr>("operations"))
        copy->setAttr("operations", b.getI64IntegerAttr(llvm::divideCeil(operations.getInt(), chunks)));
      member.call.erase();
    }
  }

private:
  /// The weight of a chunk, of whole rows of all members. Fails if there is none that stays in a cache.
  bool chooseChunk() {
    int64_t least = 1, whole = 0;
    for (Member &member : members)
      least = std::lcm(least, member.weight);
    double touched = 0; // by a chunk of the least weight
    SmallVector<Place> seen;
    for (Member &member : members)
      for (const Operand &operand : member.operands)
        if (!llvm::is_contained(seen, operand.place)) {
          seen.push_back(operand.place);
          whole += operand.bytes == 0 ? operand.place.end - operand.place.begin : 0;
          touched += double(operand.bytes) * double(least / member.weight);
        }
    if (touched > kChunk || whole > kChunk / kWholePart)
      return false;
    weight = least * int64_t(llvm::bit_floor(uint64_t(kChunk / touched)));
    return true;
  }

  static Value rowsOf(OpBuilder &b, Location loc, const Operand &operand, Value first, Value count) {
    auto type = cast<MemRefType>(operand.buffer.getType());
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    for (int64_t extent : type.getShape().drop_front())
      bytes *= extent;
    Value times = arith::ConstantIndexOp::create(b, loc, operand.bytes / bytes);
    SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), strides(type.getRank(), b.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
    offsets.front() = b.createOrFold<arith::MulIOp>(loc, first, times);
    sizes.front() = b.createOrFold<arith::MulIOp>(loc, count, times);
    return memref::SubViewOp::create(b, loc, operand.buffer, offsets, sizes, strides);
  }

  SmallVector<Member> members;
  int64_t weight = 0;
};

struct InterleaveCalls : impl::InterleaveCallsBase<InterleaveCalls> {
  using InterleaveCallsBase::InterleaveCallsBase;

  void runOnOperation() override {
    SymbolTableCollection symbols;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(optim::kEntryAttr))
        function.walk([&](Block *block) { interleave(*block, symbols); });
  }

  void interleave(Block &block, SymbolTableCollection &symbols) {
    SmallVector<Member> waiting;
    for (auto call : block.getOps<kernel::CallOp>())
      if (std::optional<Member> member = Member::of(call, symbols))
        waiting.push_back(std::move(*member));
    while (!waiting.empty()) {
      Run run(waiting.front());
      SmallVector<Member> rest;
      for (Member &member : MutableArrayRef(waiting).drop_front())
        if (!run.tryAdd(member, large))
          rest.push_back(std::move(member));
      if (!run.isOne())
        run.write();
      waiting = std::move(rest);
    }
  }
};

} // namespace

} // namespace costate::fuse
