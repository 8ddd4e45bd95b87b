// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names that a model shares with programs in C.

#ifndef COSTATE_DIALECTS_GRAPH_CNAMES_H
#define COSTATE_DIALECTS_GRAPH_CNAMES_H

#include "llvm/ADT/StringRef.h"

namespace costate::graph {

/// Is it a word of C or C++, or `main`?
bool isReservedInC(llvm::StringRef text);

/// What a program may not call a function that a model calls, and why: "is a word of C or C++"; empty where it may.
llvm::StringRef faultOfCFunction(llvm::StringRef name);

} // namespace costate::graph

#endif
