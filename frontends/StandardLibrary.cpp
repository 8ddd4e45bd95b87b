// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/StandardLibrary.h"

static const costate::StandardFile files[] = {
#include "StandardFiles.inc" // made of frontends/std by frontends/CMakeLists.txt
};

llvm::ArrayRef<costate::StandardFile> costate::standardLibrary() { return files; }
