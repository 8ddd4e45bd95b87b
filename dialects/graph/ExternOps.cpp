// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/CNames.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/interfaces/Rules.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

bool graph::isReservedInC(StringRef text) {
  static const llvm::StringSet<> words = {
      "alignas",   "alignof",  "and",      "asm",       "auto",     "bool",     "break",   "case",    "catch",    "char",   "class",
      "compl",     "concept",  "const",    "constexpr", "continue", "default",  "delete",  "do",      "double",   "else",   "enum",
      "explicit",  "export",   "extern",   "false",     "float",    "for",      "friend",  "goto",    "if",       "inline", "int",
      "long",      "main",     "mutable",  "namespace", "new",      "noexcept", "not",     "nullptr", "operator", "or",     "private",
      "protected", "public",   "register", "requires",  "restrict", "return",   "short",   "signed",  "sizeof",   "static", "struct",
      "switch",    "template", "this",     "throw",     "true",     "try",      "typedef", "typeid",  "typename", "typeof", "union",
      "unsigned",  "using",    "virtual",  "void",      "volatile", "while",    "xor"};
  return words.contains(text);
}

StringRef graph::faultOfCFunction(StringRef name) {
  if (name.empty() || llvm::isDigit(name.front()) || !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return "is no identifier of C";
  if (isReservedInC(name))
    return "is a word of C or C++";
  if (name.starts_with("costate_") || name.starts_with("halide_") || name.starts_with("_"))
    return "is the runtime's or the system's";
  // What compilers know: they would take a call of it for one of the library's own, or write such calls themselves.
  static const llvm::TargetLibraryInfoImpl library(llvm::Triple("x86_64-unknown-linux-gnu"));
  llvm::LibFunc known;
  return library.getLibFunc(name, known) ? "is a function of the C library" : "";
}

//===----------------------------------------------------------------------===//
// graph.extern
//===----------------------------------------------------------------------===//

LogicalResult ExternOp::verify() {
  if (StringRef fault = faultOfCFunction(getSymbol()); !fault.empty()) // C1
    return emitOpError() << "requires the name of a C function of the program, but '" << getSymbol() << "' " << fault;
  if (failed(verifyCount(*this, "shapes", getShapes().size(), getNumResults(), "result"))) // C2
    return failure();
  for (auto [result, shape] : llvm::zip_equal(getResultTypes(), getShapes().getAsRange<ArrayAttr>()))
    if (failed(verifyShape(*this, cast<ShapedType>(result), shape)))
      return failure();
  return success();
}

Dims ExternOp::inferDimensions(unsigned index, DimensionsOf) { return toDims(cast<ArrayAttr>(getShapes()[index])); }

void ExternOp::batch(Batching &b) { b.loopOverLanes(*this); }
