// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate: the commands that run models. It links the runtime alone.
#include "costate/tools/costate/Commands.h"

int main(int argc, char **argv) {
  using namespace costate::tool;
  return runCommandLine(argc, argv, {{"train", addTrain}, {"run", addRun}, {"solve", addSolve}, {"bench", addBench}}, compilerProgram);
}
