// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/Jit.h"

#include "costate/compiler/codegen/StatusConversion.h"
#include "costate/runtime/Symbols.h"

#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

#include <cmath>
#include <cstring>
#include <mutex>

namespace costate {

namespace orc = llvm::orc;
using codegen::toStatus;

struct Jit::State {
  std::unique_ptr<orc::LLJIT> jit;
};

Jit::Jit(std::unique_ptr<State> state) : state(std::move(state)) {}
Jit::~Jit() = default;

namespace {

template <typename F>
void *addressOf(F *function) {
  return reinterpret_cast<void *>(function);
}

/// What LLVM may write in place of a loop, or of an instruction that the target lacks.
const runtime::Symbol cLibrary[] = {
    {"memcpy", addressOf(&std::memcpy)},
    {"memmove", addressOf(&std::memmove)},
    {"memset", addressOf(&std::memset)},
    {"memcmp", addressOf(&std::memcmp)},
    {"fma", addressOf<double(double, double, double)>(&std::fma)},
    {"fmaf", addressOf<float(float, float, float)>(&std::fma)},
    {"fmod", addressOf<double(double, double)>(&std::fmod)},
    {"fmodf", addressOf<float(float, float)>(&std::fmod)},
    {"floor", addressOf<double(double)>(&std::floor)},
    {"floorf", addressOf<float(float)>(&std::floor)},
    {"ceil", addressOf<double(double)>(&std::ceil)},
    {"ceilf", addressOf<float(float)>(&std::ceil)},
    {"trunc", addressOf<double(double)>(&std::trunc)},
    {"truncf", addressOf<float(float)>(&std::trunc)},
    {"roundeven", addressOf<double(double)>(&std::nearbyint)}, // the runtime never leaves the default rounding mode
    {"roundevenf", addressOf<float(float)>(&std::nearbyint)},
};

orc::SymbolMap knownSymbols(orc::LLJIT &jit) {
  orc::SymbolMap map;
  for (std::span<const runtime::Symbol> symbols : {runtime::symbols(), std::span<const runtime::Symbol>(cLibrary)})
    for (const runtime::Symbol &symbol : symbols)
      map[jit.mangleAndIntern(symbol.name)] = {orc::ExecutorAddr::fromPtr(symbol.address),
                                               llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  return map;
}

} // namespace

absl::StatusOr<std::unique_ptr<Jit>> Jit::load(const codegen::Package &package) {
  static std::once_flag registered;
  std::call_once(registered, [] { llvm::InitializeNativeTarget(); });

  // Objects only: no IR is compiled here, hence no platform, no process symbols and no detection of the CPU.
  auto jit = orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(orc::JITTargetMachineBuilder(llvm::Triple(llvm::sys::getProcessTriple())))
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .setObjectLinkingLayerCreator([](orc::ExecutionSession &session) -> llvm::Expected<std::unique_ptr<orc::ObjectLayer>> {
                   auto memory = llvm::jitlink::InProcessMemoryManager::Create();
                   if (!memory)
                     return memory.takeError();
                   return std::make_unique<orc::ObjectLinkingLayer>(session, std::move(*memory));
                 })
                 .create();
  if (!jit)
    return toStatus(jit.takeError(), "cannot start the JIT");
  auto state = std::make_unique<State>();
  state->jit = std::move(*jit);
  // ORC prints failures of a session to stderr unless told otherwise; they also come back from the lookup.
  std::string reported;
  state->jit->getExecutionSession().setErrorReporter([&](llvm::Error error) { reported += llvm::toString(std::move(error)) + "; "; });
  if (llvm::Error error = state->jit->getMainJITDylib().define(orc::absoluteSymbols(knownSymbols(*state->jit))))
    return toStatus(std::move(error), "cannot bind the runtime");
  for (const codegen::Member &object : package.objects)
    if (llvm::Error error = state->jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object.bytes, object.name)))
      return toStatus(std::move(error), "cannot load object " + object.name);

  std::unique_ptr<Jit> loaded(new Jit(std::move(state)));
  absl::StatusOr<void *> info = loaded->lookup(package.name + "_info");
  loaded->state->jit->getExecutionSession().setErrorReporter([](llvm::Error error) { llvm::consumeError(std::move(error)); });
  if (!info.ok())
    return absl::InternalError(reported + std::string(info.status().message()));
  loaded->modelInfo = reinterpret_cast<const costate_model_info *(*)()>(*info)();
  return loaded;
}

absl::StatusOr<void *> Jit::lookup(const std::string &symbol) {
  auto address = state->jit->lookup(symbol);
  if (!address)
    return absl::NotFoundError("cannot find symbol '" + symbol + "': " + llvm::toString(address.takeError()));
  return address->toPtr<void *>();
}

} // namespace costate
