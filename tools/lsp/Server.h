// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TOOLS_LSP_SERVER_H
#define COSTATE_TOOLS_LSP_SERVER_H

#include "costate/tools/lsp/Declarations.h"

#include "llvm/Support/LSP/Transport.h"

namespace costate::lsp {

/// Serves model files until the client ends the session. waits: for the analysis of each text, before the next message is read; for tests.
/// Errors: those of the transport; a client that ends the session without saying so.
llvm::Error serve(llvm::lsp::JSONTransport &transport, const Library &library, bool waits);

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_SERVER_H
