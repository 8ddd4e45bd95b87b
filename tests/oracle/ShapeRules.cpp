// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of layout, indexing, sorting and parameter sets: which element comes from where.

#include "costate/tests/oracle/Evaluator.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace costate::oracle {

namespace {

/// A total order on elements: numbers ascending, NaN above all; equal if neither is below.
bool isBelow(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

//===----------------------------------------------------------------------===//
// Layout and indexing
//===----------------------------------------------------------------------===//

Node pad(graph::PadOp op, const Node &x, const Node &value, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  Shape shape, strides = stridesOf(x->shape);
  for (size_t i = 0; i < low.size(); ++i)
    shape.push_back(low[i] + std::max<int64_t>(0, x->shape[i] + (x->shape[i] - 1) * op.getInterior()[i]) + high[i]);
  auto position = [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (size_t i = 0; i < low.size(); ++i) {
      int64_t inner = index[i] - low[i], step = op.getInterior()[i] + 1;
      if (inner < 0 || inner % step != 0 || inner / step >= x->shape[i])
        return int64_t(-1);
      from += inner / step * strides[i];
    }
    return from;
  };
  Node inside = takeBy(x, shape, position);
  Node outside = broadcast(value, {}, shape);
  Array isInside(Kind::i1, shape);
  forEachIndex(shape, [&](int64_t flat, ArrayRef<int64_t> index) { isInside.integers[flat] = position(index) >= 0; });
  return where(Node(isInside), inside, outside);
}

Node concatenate(ArrayRef<Node> parts, int64_t axis) {
  Shape shape = parts.front()->shape;
  shape[axis] = 0;
  for (const Node &part : parts)
    shape[axis] += part->shape[axis];
  Node result;
  int64_t start = 0;
  Array none = Array::full(parts.front()->kind, shape, 0);
  for (const Node &part : parts) { // each part in its place, the others' places as -0, the unit of addition
    Shape strides = stridesOf(part->shape);
    Array isHere(Kind::i1, shape);
    forEachIndex(shape, [&](int64_t flat, ArrayRef<int64_t> index) {
      isHere.integers[flat] = index[axis] >= start && index[axis] < start + part->shape[axis];
    });
    Node here = takeBy(part, shape, [&](ArrayRef<int64_t> index) {
      if (index[axis] < start || index[axis] >= start + part->shape[axis])
        return int64_t(-1);
      int64_t from = 0;
      for (size_t i = 0; i < strides.size(); ++i)
        from += (index[i] - (int64_t(i) == axis ? start : 0)) * strides[i];
      return from;
    });
    result = where(Node(isHere), here, result ? result : Node(none));
    start += part->shape[axis];
  }
  return result;
}

/// Flat positions in an operand [b..., a, r...] of the rows that indices [b..., i...] name; -1 for an index outside.
Positions rowPositions(ArrayRef<int64_t> operand, const Array &indices, int64_t batchDims, Shape &shape) {
  shape = indices.shape;
  shape.append(operand.begin() + batchDims + 1, operand.end());
  Shape strides = stridesOf(operand), indexStrides = stridesOf(indices.shape);
  auto positions = std::make_shared<std::vector<int64_t>>(count(shape));
  forEachIndex(shape, [&](int64_t flat, ArrayRef<int64_t> index) {
    int64_t which = 0, position = 0;
    for (size_t i = 0; i < indexStrides.size(); ++i)
      which += index[i] * indexStrides[i];
    int64_t row = indices.integers[which];
    for (int64_t i = 0; i < batchDims; ++i)
      position += index[i] * strides[i];
    position += row * strides[batchDims];
    for (size_t i = batchDims + 1; i < operand.size(); ++i)
      position += index[indices.shape.size() + i - batchDims - 1] * strides[i];
    (*positions)[flat] = row >= 0 && row < operand[batchDims] ? position : -1;
  });
  return positions;
}

/// in: operand, indices, updates, whose places in the operand are `places`.
Node scatterMax(const Nodes &in, const Positions &places) {
  const Array &x = *in[0], &u = *in[2];
  Array best = x;
  for (auto [i, to] : llvm::enumerate(*places)) {
    if (to < 0)
      continue;
    if (x.isReal()) {
      double v = u.reals[i], &so = best.reals[to];
      if (std::isnan(v) || v > so || (v == so && std::signbit(so)))
        so = std::isnan(so) ? so : v;
    } else {
      best.integers[to] = std::max(best.integers[to], u.integers[i]);
    }
  }
  if (!x.isReal())
    return best;
  // Who attains the maximum of a place shares what that gets.
  auto attains = [&](double v, int64_t place) { return v == best.reals[place] || std::isnan(v); };
  std::vector<double> ties(best.size());
  Array own(x.kind, x.shape), others(u.kind, u.shape);
  for (int64_t place = 0; place < best.size(); ++place)
    ties[place] += own.reals[place] = attains(x.reals[place], place);
  for (auto [i, to] : llvm::enumerate(*places))
    if (to >= 0)
      ties[to] += others.reals[i] = attains(u.reals[i], to);
  for (int64_t place = 0; place < best.size(); ++place)
    own.reals[place] /= ties[place];
  for (auto [i, to] : llvm::enumerate(*places))
    if (to >= 0)
      others.reals[i] /= ties[to];
  Node ofOperand(own), ofUpdates(others);
  Shape shape = u.shape;
  return Tape::record(std::move(best), in, [=](size_t i, const Nodes &, const Node &, const Node &ct) {
    return i == 0 ? mul(ct, ofOperand) : i == 2 ? mul(take(ct, places, shape), ofUpdates) : Node();
  });
}

Shape clampedStarts(ArrayRef<Node> starts, ArrayRef<int64_t> extents, ArrayRef<int64_t> sizes) {
  Shape clamped;
  for (size_t i = 0; i < starts.size(); ++i)
    clamped.push_back(std::max<int64_t>(0, std::min(starts[i]->integer(), extents[i] - sizes[i])));
  return clamped;
}

Node slice(const Node &x, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes, ArrayRef<int64_t> steps) {
  Shape strides = stridesOf(x->shape);
  return takeBy(x, sizes, [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (size_t i = 0; i < strides.size(); ++i)
      from += (starts[i] + index[i] * steps[i]) * strides[i];
    return from;
  });
}

/// The operand outside the block, the update inside.
Node updateSlice(const Node &x, const Node &update, ArrayRef<int64_t> starts) {
  Shape strides = stridesOf(update->shape);
  Array isInside(Kind::i1, x->shape);
  auto position = [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (size_t i = 0; i < strides.size(); ++i) {
      int64_t inner = index[i] - starts[i];
      if (inner < 0 || inner >= update->shape[i])
        return int64_t(-1);
      from += inner * strides[i];
    }
    return from;
  };
  forEachIndex(x->shape, [&](int64_t flat, ArrayRef<int64_t> index) { isInside.integers[flat] = position(index) >= 0; });
  return where(Node(isInside), takeBy(update, x->shape, position), x);
}

/// Positions of the elements of `key` when sorted along `axis`: result[index] comes from positions[index].
Positions sortedPositions(const Array &key, int64_t axis, function_ref<bool(double, double)> below) {
  auto positions = std::make_shared<std::vector<int64_t>>(key.size());
  int64_t extent = key.shape[axis], step = stridesOf(key.shape)[axis];
  auto element = [&](int64_t i) { return key.isReal() ? key.reals[i] : 0; };
  forEachIndex(key.shape, [&](int64_t flat, ArrayRef<int64_t> index) {
    if (index[axis] != 0)
      return;
    std::vector<int64_t> order;
    for (int64_t i = 0; i < extent; ++i)
      order.push_back(flat + i * step);
    llvm::stable_sort(order, [&](int64_t a, int64_t b) {
      return key.isReal() ? below(element(a), element(b)) : below(1, 0) ? key.integers[a] > key.integers[b] : key.integers[a] < key.integers[b];
    });
    for (int64_t i = 0; i < extent; ++i)
      (*positions)[flat + i * step] = order[i];
  });
  return positions;
}

//===----------------------------------------------------------------------===//
// Parameter sets
//===----------------------------------------------------------------------===//

/// Places of a leaf's elements in its arena.
Positions leafPositions(const ArenaLeaf &leaf) {
  auto positions = std::make_shared<std::vector<int64_t>>(leaf.size());
  for (int64_t i = 0; i < leaf.size(); ++i)
    (*positions)[i] = leaf.offset + i;
  return positions;
}

} // namespace

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

/// An array of dimensions, evaluated; the error has been emitted if it is empty.
#define EXTENTS(variable, attribute)                                                                                            \
  FailureOr<Shape> variable = frame.shape(op, attribute);                                                                       \
  if (failed(variable))                                                                                                         \
    return failure();

FailureOr<Nodes> applyLayout(Operation *op, const Nodes &in, const Frame &frame, Kind kind) {
  using Result = FailureOr<Nodes>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](graph::ConstantOp o) -> Result {
        Array value = fromAttribute(o.getValue(), true); // an f32 constant is the rounded one, whatever it is computed in
        value.kind = kind;
        return Nodes{value};
      })
      .Case([&](graph::ExtentOp o) -> Result {
        EXTENTS(extent, ArrayAttr::get(op->getContext(), {Attribute(o.getDim())}));
        return Nodes{Array::of(Kind::i64, {}, std::vector<int64_t>{extent->front()})};
      })
      .Case([&](graph::IotaOp o) -> Result {
        EXTENTS(shape, o.getShape());
        Array result(kind, *shape);
        forEachIndex(*shape, [&](int64_t flat, ArrayRef<int64_t> index) {
          if (result.isReal())
            result.reals[flat] = round(kind, index[o.getAxis()]);
          else
            result.integers[flat] = wrap(kind, index[o.getAxis()]);
        });
        return Nodes{result};
      })
      .Case([&](graph::BroadcastInDimOp o) -> Result {
        EXTENTS(shape, o.getShape());
        for (auto [extent, dim] : llvm::zip_equal(in[0]->shape, o.getDims()))
          if (extent != 1 && extent != (*shape)[dim])
            return op->emitOpError() << "requires an extent of 1 or " << (*shape)[dim] << " at run time, but got " << toString(*in[0]);
        return Nodes{broadcast(in[0], o.getDims(), *shape)};
      })
      .Case([&](graph::ReshapeOp o) -> Result {
        EXTENTS(shape, o.getShape());
        if (count(*shape) != in[0]->size())
          return op->emitOpError() << "requires " << count(*shape) << " elements at run time, but got " << toString(*in[0]);
        return Nodes{reshape(in[0], *shape)};
      })
      .Case([&](graph::TransposeOp o) -> Result {
        Shape shape, strides = stridesOf(in[0]->shape);
        for (int64_t axis : o.getPermutation())
          shape.push_back(in[0]->shape[axis]);
        return Nodes{takeBy(in[0], shape, [&](ArrayRef<int64_t> index) {
          int64_t from = 0;
          for (size_t i = 0; i < shape.size(); ++i)
            from += index[i] * strides[o.getPermutation()[i]];
          return from;
        })};
      })
      .Case([&](graph::SliceOp o) -> Result {
        EXTENTS(starts, o.getStarts());
        EXTENTS(sizes, o.getSizes());
        for (size_t i = 0; i < sizes->size(); ++i)
          if ((*sizes)[i] > 0 && (*starts)[i] + ((*sizes)[i] - 1) * o.getStrides()[i] >= in[0]->shape[i])
            return op->emitOpError() << "requires the last element of axis " << i << " to lie inside at run time, but got " << toString(*in[0]);
        return Nodes{slice(in[0], *starts, *sizes, o.getStrides())};
      })
      .Case([&](graph::PadOp o) -> Result {
        EXTENTS(low, o.getLow());
        EXTENTS(high, o.getHigh());
        return Nodes{pad(o, in[0], in[1], *low, *high)};
      })
      .Case([&](graph::ConcatenateOp o) -> Result {
        for (const Node &part : in)
          if (without(part->shape, {int64_t(o.getAxis())}) != without(in[0]->shape, {int64_t(o.getAxis())}))
            return op->emitOpError() << "requires equal extents at run time, but got " << toString(*in[0]) << " and " << toString(*part);
        return Nodes{concatenate(in, o.getAxis())};
      })
      .Case([&](graph::ReverseOp o) -> Result {
        Shape strides = stridesOf(in[0]->shape);
        return Nodes{takeBy(in[0], in[0]->shape, [&](ArrayRef<int64_t> index) {
          int64_t from = 0;
          for (size_t i = 0; i < strides.size(); ++i)
            from += (llvm::is_contained(o.getAxes(), int64_t(i)) ? in[0]->shape[i] - 1 - index[i] : index[i]) * strides[i];
          return from;
        })};
      })
      .Default([](Operation *) { return Nodes(); });
}

FailureOr<Nodes> applyIndexing(Evaluator &evaluator, Operation *op, const Nodes &in, const Frame &frame, Kind kind) {
  using Result = FailureOr<Nodes>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](graph::GatherOp o) -> Result {
        Shape shape;
        Positions rows = rowPositions(in[0]->shape, *in[1], o.getBatchDims(), shape);
        return Nodes{take(in[0], rows, shape)};
      })
      .Case([&](graph::ScatterAddOp o) -> Result {
        Shape shape;
        Positions rows = rowPositions(in[0]->shape, *in[1], o.getBatchDims(), shape);
        if (shape != in[2]->shape)
          return op->emitOpError() << "requires updates that fit the indices at run time, but got " << toString(*in[2]);
        // What no index names stays as it is, to the sign of a zero.
        Array isNamed(Kind::i1, in[0]->shape);
        for (int64_t position : *rows)
          if (position >= 0)
            isNamed.integers[position] = 1;
        return Nodes{where(Node(isNamed), add(in[0], put(in[2], rows, in[0]->shape)), in[0])};
      })
      .Case([&](graph::ScatterOp o) -> Result {
        Shape shape;
        Positions rows = rowPositions(in[0]->shape, *in[1], o.getBatchDims(), shape);
        if (shape != in[2]->shape)
          return op->emitOpError() << "requires updates that fit the indices at run time, but got " << toString(*in[2]);
        // Which update each place has in the end, if any.
        auto last = std::make_shared<std::vector<int64_t>>(in[0]->size(), -1);
        Array isNamed(Kind::i1, in[0]->shape);
        for (auto [update, place] : llvm::enumerate(*rows))
          if (place >= 0) {
            (*last)[place] = update;
            isNamed.integers[place] = 1;
          }
        return Nodes{where(Node(isNamed), take(in[2], last, in[0]->shape), in[0])};
      })
      .Case([&](graph::ScatterMaxOp o) -> Result {
        Shape shape;
        Positions rows = rowPositions(in[0]->shape, *in[1], o.getBatchDims(), shape);
        if (shape != in[2]->shape)
          return op->emitOpError() << "requires updates that fit the indices at run time, but got " << toString(*in[2]);
        return Nodes{scatterMax(in, rows)};
      })
      .Case([&](graph::DynamicSliceOp o) -> Result {
        EXTENTS(sizes, o.getSizes());
        Shape starts = clampedStarts(ArrayRef(in).drop_front(), in[0]->shape, *sizes);
        return Nodes{slice(in[0], starts, *sizes, Shape(sizes->size(), 1))};
      })
      .Case([&](graph::DynamicUpdateSliceOp) -> Result {
        return Nodes{updateSlice(in[0], in[1], clampedStarts(ArrayRef(in).drop_front(2), in[0]->shape, in[1]->shape))};
      })
      .Case([&](graph::SortOp o) -> Result {
        if (failed(sameShapes(op, in)))
          return failure();
        Positions order = sortedPositions(*in[0], o.getAxis(), isBelow);
        Nodes results;
        for (const Node &operand : in)
          results.push_back(take(operand, order, operand->shape));
        return results;
      })
      .Case([&](graph::TopKOp o) -> Result {
        int64_t axis = in[0]->shape.size() - 1, extent = in[0]->shape[axis];
        EXTENTS(k, graph::toArrayAttr(o.getContext(), {o.getK()}));
        if (k->front() < 0 || k->front() > extent)
          return op->emitOpError() << "requires 'k' in [0, " << extent << "] at run time, but got " << k->front();
        Positions order = sortedPositions(*in[0], axis, [](double a, double b) { return isBelow(b, a); });
        Shape shape = in[0]->shape, start(shape.size(), 0), steps(shape.size(), 1);
        shape[axis] = k->front();
        Array indices(evaluator.kindOf(o.getIndices().getType()), in[0]->shape);
        for (size_t i = 0; i < order->size(); ++i)
          indices.integers[i] = wrap(indices.kind, (*order)[i] % std::max<int64_t>(extent, 1));
        return Nodes{slice(take(in[0], order, in[0]->shape), start, shape, steps), slice(Node(indices), start, shape, steps)};
      })
      .Case([&](graph::LeafOp o) -> Result {
        auto arena = dyn_cast_or_null<ArenaLayout>(evaluator.symbols().lookupNearestSymbolFrom(op, o.getLeaf().getRootReference()));
        for (const ArenaLeaf &leaf : arena.getArenaLeaves())
          if (leaf.name == o.getLeaf().getLeafReference())
            return Nodes{take(in[0], leafPositions(leaf), leaf.shape)};
        return failure();
      })
      .Case([&](graph::PackOp o) -> Result {
        auto arena = dyn_cast_or_null<ArenaLayout>(evaluator.symbols().lookupNearestSymbolFrom(op, o.getArenaAttr().getAttr()));
        Node result = Array(kind, {arena.getArenaSize()});
        for (auto [name, node] : llvm::zip_equal(o.getNames(), in))
          for (const ArenaLeaf &leaf : arena.getArenaLeaves())
            if (leaf.name == cast<StringAttr>(name).getValue())
              result = add(result, put(node, leafPositions(leaf), {arena.getArenaSize()}));
        return Nodes{result};
      })
      .Default([](Operation *) { return Nodes(); });
}

#undef EXTENTS

} // namespace costate::oracle
