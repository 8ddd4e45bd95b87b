// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Comma-separated numbers and words under a header line (RFC 4180, but a quoted field holds neither commas nor quotes).
#include "costate/runtime/data/ArrayFile.h"

#include <cstring>

namespace costate::runtime {

namespace {

/// Some columns of the table as one array: [rows], or [rows, k] for columns NAME.0 ... NAME.(k-1).
struct ColumnGroup {
  std::string name;
  std::map<size_t, size_t> columns; // by index
  bool indexed;
};

struct Table {
  size_t width;
  std::vector<double> values;                                         // row-major; of a column of text, places among its words as they came
  std::vector<std::map<std::string, int32_t, std::less<>>> words;     // by column: none, unless it is one of text
  size_t rows() const { return values.size() / width; }
};

} // namespace

static std::string_view trim(std::string_view field) {
  while (!field.empty() && (field.front() == ' ' || field.front() == '\t'))
    field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\t' || field.back() == '\r'))
    field.remove_suffix(1);
  return field;
}

/// Cuts the next line off `rest`; false at the end.
static bool nextLine(std::string_view &rest, std::string_view &line) {
  if (rest.empty())
    return false;
  size_t end = rest.find('\n');
  line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return true;
}

/// Cuts the next field off `line`; false after the last one. `more` carries the state: true before the first call.
static bool nextField(std::string_view &line, bool &more, std::string_view &field) {
  if (!more)
    return false;
  size_t end = line.find(',');
  field = trim(line.substr(0, end));
  more = end != std::string_view::npos;
  line = more ? line.substr(end + 1) : std::string_view();
  return true;
}

/// A whole field as a number, "nan" and "inf" included.
static bool parseNumber(std::string_view field, double &value) {
  if (!field.empty() && field.front() == '+')
    field.remove_prefix(1);
  auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc() && stop == field.data() + field.size();
}

/// "x.12" -> "x", 12.
static bool splitIndex(std::string_view name, std::string &base, size_t &index) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size())
    return false;
  const char *first = name.data() + dot + 1, *last = name.data() + name.size();
  auto [stop, error] = std::from_chars(first, last, index);
  base = name.substr(0, dot);
  return error == std::errc() && stop == last && (*first != '0' || last - first == 1);
}

/// Groups NAME.0, NAME.1 ... wherever they stand; each column in order of its index.
static Result<std::vector<ColumnGroup>> groupColumns(std::span<const std::string> names, std::string_view where) {
  std::vector<ColumnGroup> groups;
  std::map<std::string, size_t> places;
  for (size_t column = 0; column < names.size(); ++column) {
    std::string base;
    size_t index = 0;
    bool indexed = splitIndex(names[column], base, index);
    if (!indexed)
      base = names[column];
    auto [place, fresh] = places.emplace(base, groups.size());
    if (fresh)
      groups.push_back({base, {}, indexed});
    ColumnGroup &group = groups[place->second];
    if (index > names.size())
      return invalidArgument(where, ": requires columns '", base, ".0' to '", base, ".(k-1)', but got '", names[column], '\'');
    if (!group.columns.emplace(index, column).second || group.indexed != indexed)
      return invalidArgument(where, ": requires different names, but column ", column + 1, " is '", names[column], "' again");
  }
  for (const ColumnGroup &group : groups)
    for (size_t wanted = 0; const auto &[index, column] : group.columns)
      if (index != wanted++)
        return invalidArgument(where, ": requires columns '", group.name, ".0' to '", group.name, '.', group.columns.rbegin()->first,
                               "', but '", group.name, '.', wanted - 1, "' is missing");
  return groups;
}

static std::string_view unquote(std::string_view field) {
  return field.size() >= 2 && field.front() == '"' && field.back() == '"' ? field.substr(1, field.size() - 2) : field;
}

/// The words of a column of text as their places in ascending order.
static Array rank(const Table &table, size_t column) {
  const auto &words = table.words[column];
  std::vector<int32_t> ranks(words.size());
  for (int32_t next = 0; const auto &[word, place] : words)
    ranks[place] = next++;
  Array array{COSTATE_I32, {static_cast<int64_t>(table.rows())}, Buffer(table.rows() * sizeof(int32_t))};
  for (size_t row = 0; row < table.rows(); ++row)
    std::memcpy(array.data.data() + row * sizeof(int32_t), &ranks[static_cast<size_t>(table.values[row * table.width + column])], sizeof(int32_t));
  return array;
}

static Array gather(const Table &table, const ColumnGroup &group) {
  size_t rows = table.rows(), width = group.columns.size();
  Array array;
  array.type = COSTATE_F64;
  array.shape = {static_cast<int64_t>(rows)};
  if (group.indexed)
    array.shape.push_back(static_cast<int64_t>(width));
  array.data = Buffer(rows * width * sizeof(double));
  std::vector<size_t> columns;
  for (const auto &[index, column] : group.columns)
    columns.push_back(column);
  for (size_t row = 0; row < rows; ++row)
    for (size_t i = 0; i < width; ++i)
      std::memcpy(array.data.data() + (row * width + i) * sizeof(double), &table.values[row * table.width + columns[i]], sizeof(double));
  return array;
}

Result<std::vector<ArrayFile::Member>> openCsv(std::shared_ptr<const FileBytes> file) {
  std::string_view rest(reinterpret_cast<const char *>(file->bytes.data()), file->bytes.size()), line, field;
  if (rest.starts_with("\xEF\xBB\xBF")) // byte order mark, as spreadsheets write it
    rest.remove_prefix(3);
  if (rest.find('\0') != std::string_view::npos)
    return invalidArgument(file->where(), ": requires text in UTF-8, but byte ", rest.find('\0'), " is zero");
  std::vector<std::string> names;
  size_t number = 1;
  if (!nextLine(rest, line))
    return invalidArgument(file->where(), ": requires a header line, but the file is empty");
  if (line.find(',') == std::string_view::npos)
    if (size_t other = line.find_first_of(";\t"); other != std::string_view::npos)
      return invalidArgument(file->where(), ":1: requires commas between columns, but got ", line[other] == ';' ? "';'" : "tabs");
  for (bool more = true; nextField(line, more, field);) {
    field = unquote(field);
    if (double value; field.empty() || parseNumber(field, value))
      return invalidArgument(file->where(), ":1: requires a header line with a name for each column, but column ", names.size() + 1, " is '", field, '\'');
    names.emplace_back(field);
  }
  Result<std::vector<ColumnGroup>> groups = groupColumns(names, file->where());
  if (!groups.ok())
    return groups.status();

  auto table = std::make_shared<Table>();
  table->width = names.size();
  table->words.resize(names.size());
  while (nextLine(rest, line)) {
    ++number;
    if (trim(line).empty())
      continue;
    size_t column = 0;
    for (bool more = true; nextField(line, more, field); ++column) {
      double value = 0;
      if (field.find('"') != std::string_view::npos && unquote(field).find('"') != std::string_view::npos)
        return invalidArgument(file->where(), ':', number, ": requires quotes only around a field, and no comma between them, but got '", field.substr(0, 40),
                               '\'');
      if (column < names.size() && (!table->words[column].empty() || !parseNumber(field, value))) {
        auto &words = table->words[column];
        bool isText = !words.empty() || table->values.size() < names.size(); // the first row decides
        if (!isText || field.empty())
          return invalidArgument(file->where(), ':', number, ": requires a ", isText ? "word" : "number", " in column '", names[column], "', but got '",
                                 field.substr(0, 40), '\'');
        value = words.emplace(unquote(field), static_cast<int32_t>(words.size())).first->second;
      }
      table->values.push_back(value);
    }
    if (column != names.size())
      return invalidArgument(file->where(), ':', number, ": requires ", names.size(), " columns, but got ", column);
  }
  std::vector<ArrayFile::Member> members;
  for (const ColumnGroup &group : *groups) {
    auto isText = [&](const auto &place) { return !table->words[place.second].empty(); };
    if (!std::any_of(group.columns.begin(), group.columns.end(), isText)) {
      members.push_back({group.name, [table, group]() -> Result<Array> { return gather(*table, group); }});
      continue;
    }
    size_t column = group.columns.begin()->second;
    if (group.indexed)
      return invalidArgument(file->where(), ": requires numbers in columns '", group.name, ".0' to '", group.name, '.', group.columns.size() - 1, '\'');
    std::vector<std::string> labels;
    for (const auto &[word, place] : table->words[column])
      labels.push_back(word);
    members.push_back({group.name, [table, column]() -> Result<Array> { return rank(*table, column); }, std::move(labels)});
  }
  return members;
}

} // namespace costate::runtime
