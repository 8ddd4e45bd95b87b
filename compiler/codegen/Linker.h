// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Objects to an archive and to a shared library.
#ifndef COSTATE_COMPILER_CODEGEN_LINKER_H
#define COSTATE_COMPILER_CODEGEN_LINKER_H

#include "costate/compiler/codegen/Package.h"

namespace costate::codegen {

/// An ar archive with a symbol table; the same members give the same bytes.
absl::StatusOr<std::string> writeArchive(const std::vector<Member> &members);

/// Links the objects of model `name` to a shared library, which exports the functions of its header and nothing else. bundledRuntime: path of
/// libcostate_rt.a, which becomes part of it and whose header's functions leave it too; empty: functions of the runtime stay open. Links in memory, one at a time in a process.
/// Errors: what the system said; Internal with the linker's message.
absl::StatusOr<std::string> linkLibrary(const std::string &name, const std::vector<Member> &objects, const std::string &bundledRuntime = "");

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_LINKER_H
