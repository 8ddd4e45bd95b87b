// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON values: parsed from safetensors headers, printed by the tools. RFC 8259; numbers are doubles or, where they are whole, 64-bit integers.
#ifndef COSTATE_RUNTIME_JSON_H
#define COSTATE_RUNTIME_JSON_H

#include "costate/runtime/Status.h"

#include <cstdint>
#include <variant>

namespace costate::runtime {

class Json {
public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>; // in the order of the text

  Json() : value(nullptr) {}
  Json(bool value) : value(value) {}
  Json(int value) : value(int64_t(value)) {}
  Json(int64_t value) : value(value) {}
  Json(double value) : value(value) {}
  Json(const char *value) : value(std::string(value)) {}
  Json(std::string value) : value(std::move(value)) {}
  Json(Array value) : value(std::move(value)) {}
  Json(Object value) : value(std::move(value)) {}

  /// nullptr unless the value has that type.
  const int64_t *asInteger() const { return std::get_if<int64_t>(&value); }
  const std::string *asString() const { return std::get_if<std::string>(&value); }
  const Array *asArray() const { return std::get_if<Array>(&value); }
  const Object *asObject() const { return std::get_if<Object>(&value); }
  const double *asDouble() const { return std::get_if<double>(&value); }
  const bool *asBool() const { return std::get_if<bool>(&value); }
  bool isNull() const { return std::holds_alternative<std::nullptr_t>(value); }
  /// Member of an object, or nullptr.
  const Json *find(std::string_view key) const;

  /// One line, without spaces. NaN and infinities, which JSON lacks, become null.
  std::string print() const;

  /// Parses a whole text. Errors: InvalidArgument "byte 17: requires ..., but got ..."; nesting deeper than 64, a repeated key and
  /// invalid UTF-8 escapes are refused.
  static Result<Json> parse(std::string_view text);

private:
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Object> value;
};

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_JSON_H
