// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maps of names: rules that are read say for every name where it is, or why not. A pattern that stands on both sides of a rule changes no name, and arrays that
// are arranged keep their elements.
#include "costate/runtime/data/Renaming.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace costate::runtime;

static void require(bool holds) {
  if (!holds)
    std::abort();
}

/// Whether a pattern is a name, as one would say it.
static bool isMatch(std::string_view pattern, std::string_view name) {
  std::vector<bool> ends(name.size() + 1, false); // the pattern so far is the name up to there
  ends[0] = true;
  for (char c : pattern) {
    std::vector<bool> next(ends.size(), false);
    for (size_t i = 0; i < ends.size(); ++i)
      next[i] = c == '*' ? ends[i] || (i > 0 && next[i - 1]) : i > 0 && ends[i - 1] && name[i - 1] == c;
    ends = std::move(next);
  }
  return ends.back();
}

static void checkArrange(const FilePlace &place) {
  Array array{COSTATE_U8, {2, 1, 3, 2}, Buffer(12)};
  if (!place.reversed && !place.axes.empty())
    array.shape.resize(std::min<size_t>(place.axes.size(), 4));
  int64_t count = 1;
  for (int64_t extent : array.shape)
    count *= extent;
  array.data = Buffer(count);
  for (int64_t i = 0; i < count; ++i)
    array.data.data()[i] = std::byte(i);
  Result<Array> arranged = place.arrange(std::move(array), "array");
  if (!arranged.ok())
    return;
  std::vector<std::byte> elements(arranged->data.data(), arranged->data.data() + arranged->data.size());
  std::sort(elements.begin(), elements.end());
  require(static_cast<int64_t>(elements.size()) == count);
  for (int64_t i = 0; i < count; ++i)
    require(elements[i] == std::byte(i));
}

/// The first byte says how long the rules are, by sixteenths of the rest; what is behind them is a name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  std::string_view text(reinterpret_cast<const char *>(data) + 1, size - 1),
      rules = text.substr(0, text.size() * std::min(data[0] & 15, 15) / 15);
  const std::vector<std::string> names = {std::string(text.substr(rules.size())), "f.w", "f.layers.0.w", "f.layers.12.attention.b", ""};
  Result<Renaming> renaming = Renaming::parse(rules);
  if (renaming.ok()) {
    (void)renaming->checkUsed(names);
    for (const std::string &name : names)
      if (Result<FilePlace> place = renaming->find(name); place.ok()) {
        (void)place->spelled();
        checkArrange(*place);
      }
  }
  // A pattern of the input as both sides.
  std::string pattern(rules.substr(0, std::min(rules.find_first_of("=;#\n"), rules.size())));
  Result<Renaming> same = Renaming::parse(pattern + "=" + pattern);
  pattern.erase(0, pattern.find_first_not_of(" \t\r"));
  pattern.resize(pattern.find_last_not_of(" \t\r") + 1);
  if (!same.ok() || pattern.ends_with(".T") || pattern.find(".transpose(") != std::string::npos)
    return 0;
  for (const std::string &name : names) {
    Result<FilePlace> place = same->find(name);
    require(place.ok() ? place->name == name : isMatch(pattern, name));
    require(same->checkUsed(std::span(&name, 1)).ok() == isMatch(pattern, name));
  }
  return 0;
}
