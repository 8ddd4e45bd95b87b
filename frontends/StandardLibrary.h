// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The library of layers, losses, optimizers and initialisers: files of the model language (frontends/std), kept in the
// binary so that an installed compiler needs no file at run time.
#ifndef COSTATE_FRONTENDS_STANDARDLIBRARY_H
#define COSTATE_FRONTENDS_STANDARDLIBRARY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace costate {

struct StandardFile {
  llvm::StringRef name; // as diagnostics print it: "std/losses.costate"
  llvm::StringRef text;
};

/// The files of frontends/std in alphabetical order. They live as long as the program.
llvm::ArrayRef<StandardFile> standardLibrary();

} // namespace costate

#endif // COSTATE_FRONTENDS_STANDARDLIBRARY_H
