// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/interfaces/Interfaces.h"

#include "costate/dialects/interfaces/ArenaLayout.cpp.inc"
#include "costate/dialects/interfaces/Batchable.cpp.inc"
#include "costate/dialects/interfaces/Differentiable.cpp.inc"
#include "costate/dialects/interfaces/Expandable.cpp.inc"
