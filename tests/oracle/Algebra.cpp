// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/oracle/Algebra.h"

#include <cmath>
#include <limits>

namespace costate::oracle {

using llvm::ArrayRef;
using llvm::function_ref;

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

template <typename Real, typename Integer>
static Array zip(const Array &a, const Array &b, Real real, Integer integer) {
  Array result(a.kind, a.shape);
  for (size_t i = 0; i < a.reals.size(); ++i)
    result.reals[i] = round(a.kind, real(a.reals[i], b.reals[i]));
  for (size_t i = 0; i < a.integers.size(); ++i)
    result.integers[i] = wrap(a.kind, integer(a.integers[i], b.integers[i]));
  return result;
}

template <typename Real>
static Array each(const Array &a, Real real) {
  Array result(a.kind, a.shape);
  for (size_t i = 0; i < a.reals.size(); ++i)
    result.reals[i] = round(a.kind, real(a.reals[i]));
  return result;
}

static int64_t notReal(int64_t, int64_t) { return 0; }

/// Products and sums wrap: they are computed without sign.
static int64_t wrapped(uint64_t x) { return int64_t(x); }

Node add(const Node &a, const Node &b) {
  return Tape::record(zip(*a, *b, std::plus<double>(), [](uint64_t x, uint64_t y) { return wrapped(x + y); }), {a, b},
                      [](size_t, const Nodes &, const Node &, const Node &ct) { return ct; });
}

Node sub(const Node &a, const Node &b) {
  return Tape::record(zip(*a, *b, std::minus<double>(), [](uint64_t x, uint64_t y) { return wrapped(x - y); }), {a, b},
                      [](size_t i, const Nodes &, const Node &, const Node &ct) { return i == 0 ? ct : neg(ct); });
}

Node mul(const Node &a, const Node &b) {
  return Tape::record(zip(*a, *b, std::multiplies<double>(), [](uint64_t x, uint64_t y) { return wrapped(x * y); }), {a, b},
                      [](size_t i, const Nodes &in, const Node &, const Node &ct) { return mul(ct, in[1 - i]); });
}

Node div(const Node &a, const Node &b) {
  auto integer = [](int64_t x, int64_t y) -> int64_t { return y == 0 ? -1 : y == -1 ? wrapped(-uint64_t(x)) : x / y; };
  return Tape::record(zip(*a, *b, std::divides<double>(), integer), {a, b}, [](size_t i, const Nodes &in, const Node &, const Node &ct) {
    return i == 0 ? div(ct, in[1]) : neg(div(mul(ct, in[0]), mul(in[1], in[1])));
  });
}

Node neg(const Node &a) {
  return Tape::record(zip(*a, *a, [](double x, double) { return -x; }, [](uint64_t x, uint64_t) { return wrapped(-x); }), {a},
                      [](size_t, const Nodes &, const Node &, const Node &ct) { return neg(ct); });
}

Node scale(const Node &a, double factor) {
  return Tape::record(each(*a, [=](double x) { return factor * x; }), {a},
                      [=](size_t, const Nodes &, const Node &, const Node &ct) { return scale(ct, factor); });
}

Node remainder(const Node &a, const Node &b) {
  auto integer = [](int64_t x, int64_t y) -> int64_t { return y == 0 ? x : y == -1 ? 0 : x % y; };
  return Tape::record(zip(*a, *b, [](double x, double y) { return std::fmod(x, y); }, integer), {a, b},
                      [](size_t i, const Nodes &in, const Node &, const Node &ct) {
                        if (i == 0)
                          return ct;
                        Node quotient = zip(*in[0], *in[1], [](double x, double y) { return std::trunc(x / y); }, notReal);
                        return neg(mul(ct, quotient));
                      });
}

Node where(const Node &pred, const Node &a, const Node &b) {
  Array result(a->kind, a->shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    const Array &chosen = pred->integers[i] ? *a : *b;
    if (result.isReal())
      result.reals[i] = chosen.reals[i];
    else
      result.integers[i] = chosen.integers[i];
  }
  return Tape::record(std::move(result), {pred, a, b}, [](size_t i, const Nodes &in, const Node &, const Node &ct) {
    Node zero = like(ct, 0);
    return i == 1 ? where(in[0], ct, zero) : where(in[0], zero, ct);
  });
}

/// A function of a real number whose derivative at x is `slope(x, y)`.
static Node unary(const Node &x, double (*f)(double), Node (*slope)(const Node &x, const Node &y)) {
  return Tape::record(each(*x, f), {x},
                      [=](size_t, const Nodes &in, const Node &out, const Node &ct) { return mul(ct, slope(in[0], out)); });
}

static Node one(const Node &x) { return like(x, 1); }

Node exp(const Node &x) {
  return unary(x, std::exp, [](const Node &, const Node &y) { return y; });
}
Node expm1(const Node &x) {
  return unary(x, std::expm1, [](const Node &x, const Node &) { return exp(x); });
}
Node log(const Node &x) {
  return unary(x, std::log, [](const Node &x, const Node &) { return div(one(x), x); });
}
Node log1p(const Node &x) {
  return unary(x, std::log1p, [](const Node &x, const Node &) { return div(one(x), add(one(x), x)); });
}
Node sqrt(const Node &x) {
  return unary(x, std::sqrt, [](const Node &x, const Node &y) { return div(like(x, 0.5), y); });
}
Node tanh(const Node &x) {
  return unary(x, std::tanh, [](const Node &x, const Node &y) { return sub(one(x), mul(y, y)); });
}
Node logistic(const Node &x) {
  auto f = [](double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); };
  return unary(x, f, [](const Node &x, const Node &y) { return mul(y, sub(one(x), y)); });
}
Node erf(const Node &x) {
  return unary(x, std::erf, [](const Node &x, const Node &) { return scale(exp(neg(mul(x, x))), 2 / std::sqrt(M_PI)); });
}
Node sin(const Node &x) {
  return unary(x, std::sin, [](const Node &x, const Node &) { return cos(x); });
}
Node cos(const Node &x) {
  return unary(x, std::cos, [](const Node &x, const Node &) { return neg(sin(x)); });
}

Node power(const Node &x, const Node &y) {
  Array value = zip(*x, *y, [](double a, double b) { return std::pow(a, b); }, notReal);
  return Tape::record(std::move(value), {x, y}, [](size_t i, const Nodes &in, const Node &out, const Node &ct) {
    const Node &x = in[0], &y = in[1];
    if (i == 0) { // y x^(y-1); a constant where y = 0, whatever x
      Node isZero = mask(y, [](double y) { return y == 0; });
      Node slope = mul(y, power(x, sub(y, one(y))));
      return where(isZero, like(ct, 0), mul(ct, slope));
    }
    // x^y log(x), whose limit at x = 0 is 0
    Node isZero = mask(x, [](double x) { return x == 0; });
    return where(isZero, like(ct, 0), mul(ct, mul(out, log(where(isZero, one(x), x)))));
  });
}

Node atan2(const Node &y, const Node &x) {
  return Tape::record(zip(*y, *x, [](double y, double x) { return std::atan2(y, x); }, notReal), {y, x},
                      [](size_t i, const Nodes &in, const Node &, const Node &ct) {
                        const Node &y = in[0], &x = in[1];
                        Node square = add(mul(x, x), mul(y, y));
                        return i == 0 ? mul(ct, div(x, square)) : neg(mul(ct, div(y, square)));
                      });
}

Node like(const Node &x, double value) { return Array::full(x->kind, x->shape, value); }

Node mask(const Node &x, function_ref<bool(double)> holds) {
  Array result(Kind::i1, x->shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    result.integers[i] = holds(x->at(i));
  return result;
}

Node cast(const Node &x, Kind kind) {
  Array result(kind, x->shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    if (result.isReal()) {
      result.reals[i] = round(kind, x->at(i));
    } else if (kind == Kind::i1) {
      result.integers[i] = x->isReal() ? x->reals[i] != 0 : x->integers[i] != 0;
    } else if (!x->isReal()) {
      result.integers[i] = wrap(kind, x->integers[i]);
    } else {
      unsigned width = kind == Kind::i64 ? 64 : kind == Kind::i32 ? 32 : 8;
      bool isSigned = kind != Kind::u8;
      double real = std::trunc(x->reals[i]), low = isSigned ? -std::ldexp(1, width - 1) : 0, high = std::ldexp(1, isSigned ? width - 1 : width);
      int64_t most = isSigned ? std::numeric_limits<int64_t>::max() >> (64 - width) : 255;
      result.integers[i] = std::isnan(real) ? 0 : real >= high ? most : real <= low ? int64_t(low) : int64_t(real);
    }
  }
  Kind from = x->kind;
  return Tape::record(std::move(result), {x}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return cast(ct, from); });
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

Node take(const Node &x, Positions positions, ArrayRef<int64_t> shape) {
  Array result(x->kind, shape);
  for (size_t i = 0; i < positions->size(); ++i) {
    int64_t from = (*positions)[i];
    if (from < 0)
      continue;
    if (result.isReal())
      result.reals[i] = x->reals[from];
    else
      result.integers[i] = x->integers[from];
  }
  Shape back = x->shape;
  return Tape::record(std::move(result), {x}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return put(ct, positions, back); });
}

Node put(const Node &x, Positions positions, ArrayRef<int64_t> shape) {
  Array result(x->kind, shape);
  for (size_t i = 0; i < positions->size(); ++i) {
    int64_t to = (*positions)[i];
    if (to < 0)
      continue;
    if (result.isReal())
      result.reals[to] = round(x->kind, result.reals[to] + x->reals[i]);
    else
      result.integers[to] = wrap(x->kind, wrapped(uint64_t(result.integers[to]) + uint64_t(x->integers[i])));
  }
  Shape back = x->shape;
  return Tape::record(std::move(result), {x}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return take(ct, positions, back); });
}

static Positions positionsOf(ArrayRef<int64_t> shape, function_ref<int64_t(ArrayRef<int64_t>)> position) {
  auto positions = std::make_shared<std::vector<int64_t>>(count(shape));
  forEachIndex(shape, [&](int64_t flat, ArrayRef<int64_t> index) { (*positions)[flat] = position(index); });
  return positions;
}

/// start + steps . index of every index, in order.
static Positions positionsAlong(ArrayRef<int64_t> shape, ArrayRef<int64_t> steps, int64_t start = 0) {
  std::vector<int64_t> positions{start};
  for (auto [extent, step] : llvm::zip_equal(shape, steps)) {
    std::vector<int64_t> longer;
    longer.reserve(positions.size() * extent);
    for (int64_t position : positions)
      for (int64_t i = 0; i < extent; ++i)
        longer.push_back(position + i * step);
    positions = std::move(longer);
  }
  return std::make_shared<const std::vector<int64_t>>(std::move(positions));
}

Node takeBy(const Node &x, ArrayRef<int64_t> shape, function_ref<int64_t(ArrayRef<int64_t>)> position) {
  return take(x, positionsOf(shape, position), shape);
}

Node reshape(const Node &x, ArrayRef<int64_t> shape) {
  Array result = *x;
  result.shape = Shape(shape);
  Shape back = x->shape;
  return Tape::record(std::move(result), {x}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return reshape(ct, back); });
}

Node broadcast(const Node &x, ArrayRef<int64_t> dims, ArrayRef<int64_t> shape) {
  Shape strides = stridesOf(x->shape), steps(shape.size(), 0);
  for (size_t axis = 0; axis < dims.size(); ++axis)
    steps[dims[axis]] = x->shape[axis] == 1 ? 0 : strides[axis];
  return take(x, positionsAlong(shape, steps), shape);
}

Node at(const Node &x, int64_t axis, int64_t at) {
  Shape strides = stridesOf(x->shape), shape = without(x->shape, {axis});
  return take(x, positionsAlong(shape, without(strides, {axis}), at * strides[axis]), shape);
}

Node stack(const Nodes &parts, Kind kind, ArrayRef<int64_t> shape) {
  Shape all{int64_t(parts.size())};
  all.append(shape.begin(), shape.end());
  Array result(kind, all);
  int64_t size = count(shape);
  for (size_t i = 0; i < parts.size(); ++i) {
    std::copy(parts[i]->reals.begin(), parts[i]->reals.end(), result.reals.begin() + (result.isReal() ? i * size : 0));
    std::copy(parts[i]->integers.begin(), parts[i]->integers.end(), result.integers.begin() + (result.isReal() ? 0 : i * size));
  }
  return Tape::record(std::move(result), parts, [](size_t i, const Nodes &, const Node &, const Node &ct) { return at(ct, 0, i); });
}

Node join(const Nodes &parts, Kind kind, ArrayRef<int64_t> shape, int64_t axis) {
  Shape rest = without(shape, {axis});
  Node front = stack(parts, kind, rest);
  Shape strides = stridesOf(front->shape);
  return takeBy(front, shape, [&](ArrayRef<int64_t> index) {
    int64_t from = index[axis] * strides[0];
    for (int64_t i = 0, place = 1; i < int64_t(index.size()); ++i)
      if (i != axis)
        from += index[i] * strides[place++];
    return from;
  });
}

Shape complement(ArrayRef<int64_t> axes, int64_t rank) {
  Shape rest;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(axes, axis))
      rest.push_back(axis);
  return rest;
}

Shape without(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  Shape rest;
  for (int64_t axis : complement(axes, shape.size()))
    rest.push_back(shape[axis]);
  return rest;
}

Node sum(const Node &x, ArrayRef<int64_t> axes) {
  Shape shape = without(x->shape, axes), strides = stridesOf(shape), steps(x->shape.size(), 0);
  for (auto [axis, stride] : llvm::zip_equal(complement(axes, x->shape.size()), strides))
    steps[axis] = stride;
  return put(x, positionsAlong(x->shape, steps), shape);
}

Node cumsum(const Node &x, int64_t axis, bool reverse) {
  Array result = *x;
  int64_t extent = x->shape[axis], step = stridesOf(x->shape)[axis];
  forEachIndex(without(x->shape, {axis}), [&](int64_t, ArrayRef<int64_t> index) {
    Shape full(index);
    full.insert(full.begin() + axis, 0);
    int64_t base = 0;
    Shape strides = stridesOf(x->shape);
    for (size_t i = 0; i < full.size(); ++i)
      base += full[i] * strides[i];
    for (int64_t i = 1; i < extent; ++i) {
      int64_t here = base + (reverse ? extent - 1 - i : i) * step, before = here + (reverse ? step : -step);
      if (result.isReal())
        result.reals[here] = round(x->kind, result.reals[here] + result.reals[before]);
      else
        result.integers[here] = wrap(x->kind, wrapped(uint64_t(result.integers[here]) + uint64_t(result.integers[before])));
    }
  });
  return Tape::record(std::move(result), {x}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return cumsum(ct, axis, !reverse); });
}

//===----------------------------------------------------------------------===//
// Contraction
//===----------------------------------------------------------------------===//

/// Offsets in an array with `labels` of every index of the space spanned by `space`.
static std::vector<int64_t> offsets(const Array &array, ArrayRef<int64_t> labels, ArrayRef<int64_t> space, ArrayRef<int64_t> extents) {
  Shape strides = stridesOf(array.shape), steps;
  for (int64_t label : space) {
    auto found = llvm::find(labels, label);
    steps.push_back(found == labels.end() ? 0 : strides[found - labels.begin()]);
  }
  std::vector<int64_t> result(count(extents));
  forEachIndex(extents, [&](int64_t flat, ArrayRef<int64_t> index) {
    for (size_t i = 0; i < steps.size(); ++i)
      result[flat] += index[i] * steps[i];
  });
  return result;
}

Node einsum(const Node &a, ArrayRef<int64_t> labelsA, const Node &b, ArrayRef<int64_t> labelsB, ArrayRef<int64_t> out) {
  auto extent = [&](int64_t label) {
    auto found = llvm::find(labelsA, label);
    return found != labelsA.end() ? a->shape[found - labelsA.begin()] : b->shape[llvm::find(labelsB, label) - labelsB.begin()];
  };
  Shape summed, sums, shape;
  for (int64_t label : labelsA)
    if (!llvm::is_contained(out, label)) {
      summed.push_back(label);
      sums.push_back(extent(label));
    }
  for (int64_t label : out)
    shape.push_back(extent(label));
  std::vector<int64_t> outA = offsets(*a, labelsA, out, shape), outB = offsets(*b, labelsB, out, shape);
  std::vector<int64_t> sumA = offsets(*a, labelsA, summed, sums), sumB = offsets(*b, labelsB, summed, sums);
  Array result(a->kind, shape);
  for (size_t i = 0; i < result.reals.size(); ++i) {
    double sum = 0;
    for (size_t k = 0; k < sumA.size(); ++k)
      sum += a->reals[outA[i] + sumA[k]] * b->reals[outB[i] + sumB[k]];
    result.reals[i] = round(a->kind, sum);
  }
  Shape left(labelsA), right(labelsB), both(out);
  return Tape::record(std::move(result), {a, b}, [=](size_t i, const Nodes &in, const Node &, const Node &ct) {
    return i == 0 ? einsum(ct, both, in[1], right, left) : einsum(ct, both, in[0], left, right);
  });
}

} // namespace costate::oracle
