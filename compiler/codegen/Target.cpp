// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/Target.h"

#include "costate/runtime/costate.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include <span>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace costate::codegen {

namespace {

struct Feature {
  uint64_t bit;
  const char *name;
};
// LLVM switches on what a feature implies; the list names what the bit adds.
constexpr Feature llvmNames[] = {
    {COSTATE_ISA_SSE41, "+sse4.1"},       {COSTATE_ISA_AVX, "+avx"},           {COSTATE_ISA_F16C, "+f16c"},
    {COSTATE_ISA_FMA, "+fma"},            {COSTATE_ISA_AVX2, "+avx2"},         {COSTATE_ISA_AVX512, "+avx512f"},
    {COSTATE_ISA_AVX512, "+avx512cd"},    {COSTATE_ISA_AVX512, "+avx512vl"},   {COSTATE_ISA_AVX512, "+avx512dq"},
    {COSTATE_ISA_AVX512, "+avx512bw"},
};
// Halide implies nothing.
constexpr Feature halideNames[] = {
    {COSTATE_ISA_SSE41, "sse41"}, {COSTATE_ISA_AVX, "avx"},
    {COSTATE_ISA_F16C, "f16c"},   {COSTATE_ISA_FMA, "fma"},
    {COSTATE_ISA_AVX2, "avx2"},   {COSTATE_ISA_AVX512, "avx512-avx512_skylake"},
};

std::vector<const char *> namesOf(std::span<const Feature> features, uint64_t isa) {
  std::vector<const char *> names;
  for (const Feature &feature : features)
    if (isa & feature.bit)
      names.push_back(feature.name);
  return names;
}

constexpr uint64_t v2 = COSTATE_ISA_SSE41;
constexpr uint64_t v3 = v2 | COSTATE_ISA_AVX | COSTATE_ISA_F16C | COSTATE_ISA_FMA | COSTATE_ISA_AVX2;
constexpr uint64_t v4 = v3 | COSTATE_ISA_AVX512;

struct Level {
  std::string_view name;
  uint64_t isa;
};
constexpr Level levels[] = {{"x86-64", 0}, {"x86-64-v2", v2}, {"x86-64-v3", v3}, {"x86-64-v4", v4}};

/// Maker, family, model and stepping of this CPU: what LLVM knows its timings by.
std::string cpuSignature() {
  unsigned words[4] = {}, ignored[3] = {};
#if defined(__x86_64__)
  __get_cpuid(0, &ignored[0], &words[0], &words[1], &words[2]);
  __get_cpuid(1, &words[3], &ignored[0], &ignored[1], &ignored[2]);
#endif
  return absl::StrJoin(words, ".");
}

} // namespace

absl::StatusOr<Target> Target::named(std::string_view name) {
  Target target;
  target.name = name;
  target.triple = COSTATE_TRIPLE;
#if !defined(__x86_64__) || !defined(__ELF__)
  return absl::UnimplementedError(absl::StrCat("requires an x86-64 machine with ELF objects, but got ", target.triple));
#endif
  if (target.isHost()) {
    // No kernel computes in bf16 or by dot products of bytes.
    target.isa = costate_cpu_isa() & ~uint64_t(COSTATE_ISA_AVX512_BF16_VNNI);
    return target;
  }
  for (const Level &level : levels)
    if (level.name == name) {
      target.isa = level.isa;
      return target;
    }
  return absl::InvalidArgumentError(
      absl::StrCat("requires a target among host, x86-64, x86-64-v2, x86-64-v3 and x86-64-v4, but got '", std::string(name), "'"));
}

std::string Target::llvmFeatures() const { return absl::StrJoin(namesOf(llvmNames, isa), ","); }

std::string Target::halide() const {
  std::vector<const char *> names = namesOf(halideNames, isa);
  names.insert(names.begin(), "x86-64-linux");
  return absl::StrJoin(names, "-");
}

int Target::vectorBytes() const { return isa & COSTATE_ISA_AVX512 ? 64 : isa & COSTATE_ISA_AVX ? 32 : 16; }

bool Target::hasFma() const { return isa & COSTATE_ISA_FMA; }

std::string Target::key() const { return absl::StrCat(triple, "/", isHost() ? cpuSignature() : "generic", "/", absl::Hex(isa)); }

} // namespace costate::codegen
