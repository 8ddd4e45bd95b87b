// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's derivatives: a graph of evaluated arrays, recorded while a program runs.
//
// Every value is a Node: an array that has been computed, and the Record of how. Control flow has already happened, so the graph is a
// straight line. The adjoint of a record is computed with the same recorded functions (Algebra.h), so it can be
// differentiated again: vjp nests to any order, and a jvp is the transpose of the transpose. Nothing here knows an op of a dialect.

#ifndef COSTATE_TESTS_ORACLE_TAPE_H
#define COSTATE_TESTS_ORACLE_TAPE_H

#include "costate/tests/oracle/Array.h"

#include <functional>
#include <memory>

namespace costate::oracle {

struct Record;

/// An immutable array and its origin. A copy shares both. A null node stands for a cotangent that is zero.
class Node {
public:
  Node() = default;
  Node(Array array) : array(std::make_shared<const Array>(std::move(array))) {}

  explicit operator bool() const { return array != nullptr; }
  const Array &operator*() const { return *array; }
  const Array *operator->() const { return array.get(); }

  /// Whether the value depends on a variable.
  bool isTracked() const { return record != nullptr; }
  /// The same array as a constant.
  Node detached() const;

private:
  friend struct Record;
  friend class Tape;
  friend class Sweep;

  std::shared_ptr<const Array> array;
  std::shared_ptr<Record> record;
  size_t output = 0;
};

using Nodes = std::vector<Node>;

/// The cotangent of input `i` of a function, given its inputs, its output and the output's cotangent; null for none. It must not hold nodes
/// itself: a record that held its own output would never be released.
using Pull = std::function<Node(size_t i, const Nodes &inputs, const Node &output, const Node &cotangent)>;
/// The cotangents of all inputs, given those of all outputs (null: zero).
using PullAll = std::function<Nodes(const Nodes &inputs, const Nodes &cotangents)>;

class Tape {
public:
  /// A value that derivatives may be asked of: the same array, linked to `value` by an identity if that is tracked.
  static Node variable(const Node &value);

  /// The result of a function of `inputs`; a constant if no input is tracked or the kind is not real.
  static Node record(Array value, Nodes inputs, Pull pull);
  /// The same with several results.
  static Nodes record(std::vector<Array> values, Nodes inputs, PullAll pull);
};

/// The cotangents of `variables`, given those of `outputs` (null: zero); a result is null where no output depends on the variable.
Nodes pullback(const Nodes &outputs, const Nodes &cotangents, const Nodes &variables);

/// The tangents of `outputs`, given those of `variables`; a result is null where the output depends on none.
Nodes pushforward(const Nodes &outputs, const Nodes &variables, const Nodes &tangents);

} // namespace costate::oracle

#endif
