// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where in a file the arrays of a model are, if not under their own names and as they are: weights of other programs.
#ifndef COSTATE_RUNTIME_DATA_RENAMING_H
#define COSTATE_RUNTIME_DATA_RENAMING_H

#include "costate/runtime/data/Array.h"

namespace costate::runtime {

/// An array of a file, seen with its axes in another order.
struct FilePlace {
  std::string name;
  std::string view;          // as it is written: ".T", ".transpose(2, 3, 1, 0)", or nothing
  std::vector<int64_t> axes; // of the file's array, in the order of the model's; empty: as they are
  bool reversed = false;     // all of them, however many there are

  /// Name and view as a rule spells them.
  std::string spelled() const { return name + view; }
  /// The array in the model's order. Errors: InvalidArgument if it has another number of axes.
  Result<Array> arrange(Array array, std::string_view where) const;
};

/// Rules `MODEL NAME = FILE NAME`, one a line or behind ';'; '#' begins a comment. In both names `*` is any text, the same in the same order. Behind the
/// file's name, NumPy's `.T` or `.transpose(2, 3, 1, 0)` says that the model's array is that one with its axes so arranged:
///
///     f.layers.*.w = net.*.weight.T       # PyTorch's matrices are [out, in]
///     f.layers.*.b = net.*.bias
class Renaming {
public:
  /// Errors: InvalidArgument, quoting the rule.
  static Result<Renaming> parse(std::string_view text);
  /// Where the model's array `name` is: under its own name, unless a rule says otherwise. Errors: InvalidArgument if two rules do, or one in two ways.
  Result<FilePlace> find(std::string_view name) const;
  /// Errors: NotFound if a rule is about none of these arrays of the model.
  Status checkUsed(std::span<const std::string> names) const;

private:
  struct Rule {
    std::string text, model;
    FilePlace file;
  };
  static Result<Rule> parseRule(std::string_view text);

  std::vector<Rule> rules;
};

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_DATA_RENAMING_H
