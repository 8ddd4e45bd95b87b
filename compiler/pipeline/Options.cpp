// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/pipeline/Options.h"

namespace costate {

const char *phaseName(Phase phase) {
  static constexpr const char *names[] = {"import", "solve", "differentiate", "fuse", "schedule", "codegen"};
  return names[static_cast<int>(phase)];
}

std::optional<Phase> parsePhase(std::string_view name) {
  for (Phase phase : allPhases)
    if (phaseName(phase) == name)
      return phase;
  return std::nullopt;
}

} // namespace costate
