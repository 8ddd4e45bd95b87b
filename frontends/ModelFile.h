// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model file as a tree. It is text, or binary (model.fbs): the tree of a text, or what a program built. Both mean the same, to the same IR, and
// errors of a binary one are located where it came from: in the text, or at the calls of the program.
#ifndef COSTATE_FRONTENDS_MODELFILE_H
#define COSTATE_FRONTENDS_MODELFILE_H

#include "costate/frontends/Imports.h"
#include "costate/frontends/Syntax.h"

#include "llvm/Support/MemoryBuffer.h"

namespace costate {

/// A tree and what it refers to.
struct ModelFile {
  std::unique_ptr<llvm::MemoryBuffer> bytes; // of the names in a binary file
  std::vector<std::unique_ptr<SourceFile>> sources; // at least one; the first is where the whole is located
  syntax::File tree;
  std::vector<std::unique_ptr<ModelFile>> imported; // by this one or each other, each once; without models and checks
};

/// Whether these bytes claim to be a model in binary form. No text does: one of the first bytes is zero.
bool isModelFile(llvm::StringRef bytes);

/// Reads a model of either form, and what it imports: files that a binary one brings along, or else those that are given. No byte of a binary one is
/// trusted: a tree that comes back is one that the parser could have made. Null after an error, which says what is wrong and where.
std::unique_ptr<ModelFile> readModelFile(llvm::StringRef bytes, llvm::StringRef fileName, Diagnostics &diagnostics,
                                         llvm::ArrayRef<ImportedText> given = {});

/// What can be read of a text with errors, of which none is reported (parsePart).
std::unique_ptr<ModelFile> readPart(llvm::StringRef text, llvm::StringRef fileName, Diagnostics &diagnostics, llvm::ArrayRef<ImportedText> given);

/// The binary form.
std::string writeModelFile(const ModelFile &model);

/// What a model in binary form was made of; nothing if it is damaged.
std::vector<std::unique_ptr<SourceFile>> sourcesOf(llvm::StringRef bytes);

} // namespace costate

#endif // COSTATE_FRONTENDS_MODELFILE_H
