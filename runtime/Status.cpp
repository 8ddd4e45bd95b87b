// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Status.h"

#include <algorithm>
#include <cctype>

namespace costate::runtime {

std::string listNames(std::span<const std::string> names, size_t limit) {
  if (names.empty())
    return "nothing";
  std::string out;
  size_t shown = std::min(limit, names.size());
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0)
      out += i + 1 == names.size() ? " and " : ", ";
    append(out, text('\'', names[i], '\''));
  }
  if (shown < names.size())
    append(out, text(" and ", names.size() - shown, " more"));
  return out;
}

/// Levenshtein distance, in which two letters that changed places are one edit as well (`trian`); a change of case alone counts nothing, as `X_train` for
/// `x_train` is the most common slip.
static size_t editDistance(std::string_view a, std::string_view b) {
  auto same = [](char x, char y) { return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y)); };
  std::vector<size_t> older(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    older.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j - 1] + !same(a[i - 1], b[j - 1]), last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], older[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string suggest(std::string_view name, std::span<const std::string> candidates) {
  const std::string *best = nullptr;
  size_t bestDistance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string &candidate : candidates) {
    // A name from a file may be megabytes long; only lengths that could be close are compared. One that shares no letter is not meant.
    if (candidate.size() >= name.size() + bestDistance || name.size() >= candidate.size() + bestDistance)
      continue;
    if (size_t distance = editDistance(name, candidate); distance < std::min(bestDistance, std::max(name.size(), candidate.size()))) {
      best = &candidate;
      bestDistance = distance;
    }
  }
  return best ? text("; did you mean '", *best, "'?") : "";
}

} // namespace costate::runtime
