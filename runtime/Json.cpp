// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Json.h"

#include <cmath>
#include <unordered_set>

namespace costate::runtime {

const Json *Json::find(std::string_view key) const {
  if (const Object *object = asObject())
    for (const auto &[name, member] : *object)
      if (name == key)
        return &member;
  return nullptr;
}

// ==== Printing ======================================================================================================================

static void printString(std::string &out, std::string_view words) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (char c : words) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20)
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    else
      out += c;
  }
  out += '"';
}

std::string Json::print() const {
  std::string out;
  if (const bool *flag = asBool()) {
    out = *flag ? "true" : "false";
  } else if (const int64_t *integer = asInteger()) {
    out = text(*integer);
  } else if (const double *number = asDouble()) {
    out = std::isfinite(*number) ? text(*number) : "null";
  } else if (const std::string *words = asString()) {
    printString(out, *words);
  } else if (const Array *array = asArray()) {
    out = "[";
    for (const Json &element : *array)
      out += (out.size() > 1 ? "," : "") + element.print();
    out += ']';
  } else if (const Object *object = asObject()) {
    out = "{";
    for (const auto &[name, member] : *object) {
      if (out.size() > 1)
        out += ',';
      printString(out, name);
      out += ':' + member.print();
    }
    out += '}';
  } else {
    out = "null";
  }
  return out;
}

// ==== Parsing =======================================================================================================================

namespace {

class Parser {
public:
  explicit Parser(std::string_view input) : input(input) {}

  Result<Json> parseText() {
    Result<Json> value = parseValue(0);
    if (!value.ok())
      return value;
    skipSpace();
    if (at < input.size())
      return expected("the end of the text");
    return value;
  }

private:
  void skipSpace() {
    while (at < input.size() && (input[at] == ' ' || input[at] == '\t' || input[at] == '\n' || input[at] == '\r'))
      ++at;
  }

  bool take(char c) {
    skipSpace();
    if (at == input.size() || input[at] != c)
      return false;
    ++at;
    return true;
  }

  bool takeWord(std::string_view word) {
    if (input.substr(at, word.size()) != word)
      return false;
    at += word.size();
    return true;
  }

  Status expected(std::string_view what) const {
    if (at >= input.size())
      return invalidArgument("byte ", at, ": requires ", what, ", but the text ends");
    unsigned char c = input[at];
    return invalidArgument("byte ", at, ": requires ", what, ", but got ", c < 0x20 || c > 0x7e ? text("byte value ", int(c)) : text('\'', char(c), '\''));
  }

  Result<Json> parseValue(int depth) {
    if (depth > 64)
      return invalidArgument("byte ", at, ": requires at most 64 nested values");
    skipSpace();
    if (at == input.size())
      return expected("a value");
    switch (input[at]) {
    case '{': return parseObject(depth);
    case '[': return parseArray(depth);
    case '"': {
      Result<std::string> words = parseString();
      if (!words.ok())
        return words.status();
      return Json(std::move(*words));
    }
    case 't':
      if (takeWord("true"))
        return Json(true);
      break;
    case 'f':
      if (takeWord("false"))
        return Json(false);
      break;
    case 'n':
      if (takeWord("null"))
        return Json();
      break;
    default: return parseNumber();
    }
    return expected("a value");
  }

  Result<Json> parseObject(int depth) {
    Json::Object object;
    std::unordered_set<std::string> keys;
    take('{');
    if (take('}'))
      return Json(std::move(object));
    do {
      skipSpace();
      size_t start = at;
      Result<std::string> key = parseString();
      if (!key.ok())
        return key.status();
      if (!keys.insert(*key).second)
        return invalidArgument("byte ", start, ": requires different keys, but got '", *key, "' again");
      if (!take(':'))
        return expected("':'");
      Result<Json> member = parseValue(depth + 1);
      if (!member.ok())
        return member;
      object.emplace_back(std::move(*key), std::move(*member));
    } while (take(','));
    if (!take('}'))
      return expected("',' or '}'");
    return Json(std::move(object));
  }

  Result<Json> parseArray(int depth) {
    Json::Array array;
    take('[');
    if (take(']'))
      return Json(std::move(array));
    do {
      Result<Json> element = parseValue(depth + 1);
      if (!element.ok())
        return element;
      array.push_back(std::move(*element));
    } while (take(','));
    if (!take(']'))
      return expected("',' or ']'");
    return Json(std::move(array));
  }

  Result<Json> parseNumber() {
    size_t end = at;
    bool whole = true;
    while (end < input.size() && std::string_view("+-0123456789.eE").find(input[end]) != std::string_view::npos) {
      whole &= input[end] == '-' || (input[end] >= '0' && input[end] <= '9');
      ++end;
    }
    const char *first = input.data() + at, *last = input.data() + end;
    if (first == last || *first == '+' || *first == '.')
      return expected("a value");
    int64_t integer;
    double number;
    if (auto [stop, error] = std::from_chars(first, last, integer);
        whole && error == std::errc() && stop == last && (integer != 0 || *first != '-')) { // no integer is -0
      at = end;
      return Json(integer);
    }
    if (auto [stop, error] = std::from_chars(first, last, number); error == std::errc() && stop == last) {
      at = end;
      return Json(number);
    }
    return expected("a number");
  }

  /// Four hexadecimal digits, or -1.
  int parseHex() {
    int code = 0;
    for (int i = 0; i < 4; ++i, ++at) {
      char c = at < input.size() ? input[at] : 0;
      int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0)
        return -1;
      code = code * 16 + digit;
    }
    return code;
  }

  static void appendUtf8(std::string &out, int code) {
    if (code < 0x80) {
      out += char(code);
    } else if (code < 0x800) {
      (out += char(0xC0 | code >> 6)) += char(0x80 | (code & 63));
    } else if (code < 0x10000) {
      ((out += char(0xE0 | code >> 12)) += char(0x80 | (code >> 6 & 63))) += char(0x80 | (code & 63));
    } else {
      (((out += char(0xF0 | code >> 18)) += char(0x80 | (code >> 12 & 63))) += char(0x80 | (code >> 6 & 63))) += char(0x80 | (code & 63));
    }
  }

  Result<std::string> parseString() {
    if (at == input.size() || input[at] != '"')
      return expected("a string");
    ++at;
    std::string out;
    while (at < input.size() && input[at] != '"') {
      char c = input[at];
      if (static_cast<unsigned char>(c) < 0x20)
        return expected("an escaped control character");
      ++at;
      if (c != '\\') {
        out += c;
        continue;
      }
      static constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
      if (at == input.size())
        break;
      if (size_t index = names.find(input[at]); index != std::string_view::npos) {
        out += meanings[index];
        ++at;
        continue;
      }
      if (input[at] != 'u')
        return expected("an escape sequence");
      ++at;
      int code = parseHex();
      if (code >= 0xD800 && code < 0xDC00) { // first half of a pair
        int low = takeWord("\\u") ? parseHex() : -1;
        code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : -1;
      } else if (code >= 0xDC00 && code < 0xE000) {
        code = -1;
      }
      if (code < 0)
        return expected("four hexadecimal digits of a character");
      appendUtf8(out, code);
    }
    if (at == input.size())
      return expected("'\"'");
    ++at;
    return out;
  }

  std::string_view input;
  size_t at = 0;
};

} // namespace

Result<Json> Json::parse(std::string_view text) { return Parser(text).parseText(); }

} // namespace costate::runtime
