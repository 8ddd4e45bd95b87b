// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/data/Renaming.h"

#include "costate/runtime/Descriptor.h"

#include <algorithm>
#include <numeric>

namespace costate::runtime {

static std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

/// What stands before the next of `separators`, which is removed with it.
static std::string_view cut(std::string_view &rest, std::string_view separators) {
  size_t end = std::min(rest.find_first_of(separators), rest.size());
  std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

static int64_t countStars(std::string_view pattern) { return std::count(pattern.begin(), pattern.end(), '*'); }

/// The number of ways in which a pattern is a name, at most two; `texts` becomes what its stars are in one of them.
static int matches(std::string_view pattern, std::string_view name, std::vector<std::string_view> &texts) {
  // ways[i * width + j]: of what is left of the pattern from i on to be what is left of the name from j on. Without this table, stars cost their power of
  // the length of the name.
  const size_t width = name.size() + 1;
  if (!name.starts_with(pattern.substr(0, pattern.find('*'))) || pattern.size() - countStars(pattern) > name.size())
    return 0;
  std::vector<uint8_t> ways((pattern.size() + 1) * width, 0);
  ways.back() = 1;
  for (size_t i = pattern.size(); i-- > 0;)
    for (size_t j = width; j-- > 0;) {
      uint8_t behind =
          j < name.size() && (pattern[i] == '*' || pattern[i] == name[j]) ? ways[(pattern[i] == '*' ? i : i + 1) * width + j + 1] : 0;
      ways[i * width + j] = std::min(behind + (pattern[i] == '*' ? ways[(i + 1) * width + j] : 0), 2);
    }
  texts.clear();
  for (size_t i = 0, j = 0; ways[0] > 0 && i < pattern.size(); ++i) {
    size_t begin = j;
    if (pattern[i] != '*') {
      ++j;
      continue;
    }
    while (ways[(i + 1) * width + j] == 0)
      ++j;
    texts.push_back(name.substr(begin, j - begin));
  }
  return ways[0];
}

static std::string fill(std::string_view pattern, std::span<const std::string_view> texts) {
  std::string out;
  for (size_t next = 0; char c : pattern)
    if (c == '*')
      out += texts[next++];
    else
      out += c;
  return out;
}

// ==== Places ========================================================================================================================

/// Takes `.T` or `.transpose(...)` off the end of a name; false if what is between the parentheses is no order of axes.
static bool takeView(FilePlace &place) {
  constexpr std::string_view kTransposed = ".T", kOrdered = ".transpose(";
  size_t begin = place.name.rfind(kOrdered);
  if (place.name.ends_with(kTransposed)) {
    begin = place.name.size() - kTransposed.size();
    place.reversed = true;
  } else if (place.name.ends_with(')') && begin != std::string::npos) {
    std::string_view list(place.name);
    list = list.substr(begin + kOrdered.size(), list.size() - begin - kOrdered.size() - 1);
    while (!list.empty()) {
      std::string_view word = trimmed(cut(list, ","));
      int64_t axis = -1;
      auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), axis);
      if (error != std::errc() || stop != word.data() + word.size())
        return false;
      place.axes.push_back(axis);
    }
    std::vector<int64_t> sorted = place.axes;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i)
      if (sorted[i] != static_cast<int64_t>(i))
        return false;
    if (sorted.empty())
      return false;
  } else {
    return true;
  }
  place.view = place.name.substr(begin);
  place.name.resize(begin);
  return true;
}

Result<Array> FilePlace::arrange(Array array, std::string_view where) const {
  if (view.empty())
    return array;
  std::vector<int64_t> order = axes;
  if (reversed) {
    order.resize(array.shape.size());
    std::iota(order.rbegin(), order.rend(), 0);
  }
  if (order.size() != array.shape.size())
    return invalidArgument(where, " requires ", order.size(), " axes for '", view, "', but got ", typeText(array.type, array.shape));
  return permuteAxes(std::move(array), order);
}

// ==== Rules =========================================================================================================================

Result<Renaming::Rule> Renaming::parseRule(std::string_view text) {
  size_t sign = text.find('=');
  Rule rule{std::string(text), std::string(trimmed(text.substr(0, sign))), {}};
  if (sign != std::string_view::npos)
    rule.file.name = trimmed(text.substr(sign + 1));
  auto refuse = [&](const auto &...parts) { return invalidArgument("rule '", text, "' requires ", parts...); };
  if (rule.model.empty() || rule.file.name.empty() || rule.file.name.find('=') != std::string::npos)
    return refuse("the form MODEL NAME = FILE NAME");
  if (!takeView(rule.file))
    return refuse("each axis once in '.transpose(...)', from 0, as in '.transpose(1, 0)'");
  if (rule.file.name.empty())
    return refuse("the name of an array before '", rule.file.view, "'");
  if (countStars(rule.model) != countStars(rule.file.name))
    return refuse("as many '*' on both sides, but got ", countStars(rule.model), " and ", countStars(rule.file.name));
  return rule;
}

Result<Renaming> Renaming::parse(std::string_view text) {
  Renaming renaming;
  while (!text.empty()) {
    std::string_view line = cut(text, "\n");
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      std::string_view rule = trimmed(cut(line, ";"));
      if (rule.empty())
        continue;
      Result<Rule> parsed = parseRule(rule);
      if (!parsed.ok())
        return parsed.status();
      renaming.rules.push_back(std::move(*parsed));
    }
  }
  return renaming;
}

Result<FilePlace> Renaming::find(std::string_view name) const {
  const Rule *found = nullptr;
  FilePlace place{std::string(name), {}, {}, false};
  for (const Rule &rule : rules) {
    std::vector<std::string_view> texts;
    int ways = matches(rule.model, name, texts);
    if (ways == 0)
      continue;
    if (found)
      return invalidArgument("requires one rule for '", name, "', but both '", found->text, "' and '", rule.text, "' match it");
    if (ways > 1)
      return invalidArgument("rule '", rule.text, "' requires one way to match '", name, "', but has several; write out one of its '*'");
    found = &rule;
    place = rule.file;
    place.name = fill(rule.file.name, texts);
  }
  return place;
}

Status Renaming::checkUsed(std::span<const std::string> names) const {
  for (const Rule &rule : rules) {
    std::vector<std::string_view> texts;
    if (std::none_of(names.begin(), names.end(), [&](const std::string &name) { return matches(rule.model, name, texts) > 0; }))
      return notFound("rule '", rule.text, "' requires an array of the model, which has ", listNames(names), suggest(rule.model, names));
  }
  return {};
}

} // namespace costate::runtime
