// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The examples of a page: its blocks of the model language. One whose fence has a name, as "```costate losses.costate", is a file that the blocks behind it may
// import.
#ifndef COSTATE_TESTS_FRONTENDS_PAGEBLOCKS_H
#define COSTATE_TESTS_FRONTENDS_PAGEBLOCKS_H

#include "costate/frontends/Imports.h"
#include "llvm/ADT/StringRef.h"

namespace costate {

struct PageBlock {
  std::string name, text;
  std::vector<ImportedText> imports;
};

inline std::vector<PageBlock> blocksOf(llvm::StringRef page, const std::string &name) {
  constexpr llvm::StringLiteral fence = "```";
  std::vector<PageBlock> blocks;
  std::vector<ImportedText> files;
  for (llvm::StringRef rest = page.split("```costate").second; !rest.empty(); rest = rest.split("```costate").second) {
    auto [file, behind] = rest.split('\n');
    llvm::StringRef text = behind.split(fence).first;
    blocks.push_back({name + ", block " + std::to_string(blocks.size() + 1), text.str(), files});
    if (!file.trim().empty())
      files.push_back({importedName(name, file.trim().str()), text.str()});
    rest = behind.split(fence).second;
  }
  return blocks;
}

} // namespace costate

#endif // COSTATE_TESTS_FRONTENDS_PAGEBLOCKS_H
