// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a running entry tells its caller beside its results.
#include "costate/runtime/Context.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace costate::runtime;

/// Shortest digits; of a number that came from f32, those of f32.
static void appendNumber(std::string &out, double value) {
  if (static_cast<double>(static_cast<float>(value)) == value)
    append(out, static_cast<float>(value));
  else
    append(out, value);
}

int32_t costate_require(costate_context *context, const char *text, const uint8_t *holds, const double *first, const double *second, int64_t count) {
  if (*holds)
    return COSTATE_OK;
  try {
    std::string message = text;
    for (int64_t i = 0; i < count; ++i) {
      message += i == 0 ? ", but got " : " and ";
      appendNumber(message, i == 0 ? *first : *second);
    }
    return costate_fail(context, COSTATE_REQUIREMENT, message.c_str());
  } catch (const std::bad_alloc &) {
    return costate_fail(context, COSTATE_REQUIREMENT, text);
  }
}

void costate_context_set_printer(costate_context *context, costate_printer_fn printer, void *user) { context->printer = {printer, user}; }

static void appendElement(std::string &out, const costate_array &array, int64_t place) {
  switch (array.type) {
  case COSTATE_F32: return append(out, static_cast<const float *>(array.data)[place]);
  case COSTATE_F64: return append(out, static_cast<const double *>(array.data)[place]);
  case COSTATE_I32: return append(out, static_cast<const int32_t *>(array.data)[place]);
  case COSTATE_I64: return append(out, static_cast<const int64_t *>(array.data)[place]);
  case COSTATE_I8: return append(out, int32_t(static_cast<const int8_t *>(array.data)[place]));
  case COSTATE_U8: return append(out, int32_t(static_cast<const uint8_t *>(array.data)[place]));
  case COSTATE_I1: return append(out, static_cast<const uint8_t *>(array.data)[place] ? "true" : "false");
  default: return append(out, '?'); // a type of storage, which is converted before it is shown
  }
}

/// The part of an array that begins at element `place`, from `axis` on.
static void appendElements(std::string &out, const costate_array &array, int32_t axis, int64_t place) {
  constexpr int64_t kEnds = 3; // shown of an axis that is longer than both
  if (axis == array.rank)
    return appendElement(out, array, place);
  int64_t stride = 1;
  for (int32_t later = axis + 1; later < array.rank; ++later)
    stride *= array.shape[later];
  out += '[';
  for (int64_t i = 0, n = array.shape[axis]; i < n; ++i) {
    out += i ? ", " : "";
    if (n > 2 * kEnds && i == kEnds) {
      out += "..., ";
      i = n - kEnds;
    }
    appendElements(out, array, axis + 1, place + i * stride);
  }
  out += ']';
}

static std::string lineOf(const char *name, const costate_array &array) {
  std::string out = text(name, " = ");
  if (array.rank > 0) {
    append(out, costate_type_name(array.type));
    for (int32_t axis = 0; axis < array.rank; ++axis)
      out += text(axis ? ", " : "[", array.shape[axis]);
    out += "] ";
  }
  appendElements(out, array, 0, 0);
  return out;
}

int64_t costate_array_text(const char *name, const costate_array *value, char *buffer, int64_t size) {
  try {
    std::string line = lineOf(name, *value);
    if (size > 0) {
      size_t written = std::min<size_t>(line.size(), size - 1);
      std::memcpy(buffer, line.data(), written);
      buffer[written] = 0;
    }
    return line.size();
  } catch (const std::bad_alloc &) {
    if (size > 0)
      buffer[0] = 0;
    return 0;
  }
}

int32_t costate_print(costate_context *context, const char *name, const void *data, int64_t type, int64_t rank, int64_t n0, int64_t n1, int64_t n2,
                      int64_t n3, int64_t n4, int64_t n5, int64_t n6, int64_t n7) {
  int64_t shape[] = {n0, n1, n2, n3, n4, n5, n6, n7};
  costate_array value{const_cast<void *>(data), static_cast<int32_t>(type), static_cast<int32_t>(rank), shape};
  if (context->printer.function) {
    context->printer.function(context->printer.user, name, &value);
    return COSTATE_OK;
  }
  try {
    std::fputs((lineOf(name, value) + '\n').c_str(), stderr);
    return COSTATE_OK;
  } catch (const std::bad_alloc &) {
    return costate_fail(context, COSTATE_OUT_OF_MEMORY, "out of memory");
  }
}
