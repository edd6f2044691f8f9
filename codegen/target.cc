// Asks LLVM what a CPU has. Everything a schedule or an emitter needs later is in the plain Target
// that comes out, so nobody else looks at the machine.
#include "codegen/target.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "codegen/machine.h"
#include "ir/status.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

namespace cermet::codegen {
namespace {

struct Minimum {
  const char* cpu;
  std::vector<std::string> features;
};

// The least that Cermet compiles for on an architecture: fused multiply-add and vectors where the
// architecture has them.
absl::StatusOr<Minimum> MinimumOf(const llvm::Triple& triple) {
  if (triple.getArch() == llvm::Triple::x86_64) return Minimum{"x86-64-v3", {}};
  if (triple.getArch() == llvm::Triple::aarch64) return Minimum{"generic", {"+neon"}};
  if (triple.getArch() == llvm::Triple::riscv64) {
    return Minimum{"generic-rv64", {"+a", "+c", "+d", "+f", "+m"}};
  }
  if (triple.getArch() == llvm::Triple::wasm32) return Minimum{"generic", {"+simd128"}};
  if (triple.getArch() == llvm::Triple::nvptx64) return Minimum{"sm_80", {}};
  return absl::InvalidArgumentError(
      absl::StrCat("cannot compile for ", triple.str(),
                   ": the architectures are x86_64, aarch64, riscv64, wasm32 and nvptx64"));
}

std::vector<std::string> HostFeatures() {
  std::vector<std::string> features;
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
    features.push_back(absl::StrCat(feature.second ? "+" : "-", feature.first().str()));
  }
  std::sort(features.begin(), features.end());
  return features;
}

// The cache sizes of this machine, where the system knows them.
void SetHostCaches(Target* target) {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  if (const long l1 = sysconf(_SC_LEVEL1_DCACHE_SIZE); l1 > 0) target->l1_bytes = l1;
  if (const long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE); l2 > 0) target->l2_bytes = l2;
#endif
}

// Widths and registers follow from the features that LLVM derives from CPU and feature list.
absl::Status SetVectors(const llvm::Triple& triple, Target* target) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<llvm::TargetMachine> machine,
                          CreateMachine(*target, CodeUse::kObject));
  const llvm::MCSubtargetInfo& info = *machine->getMCSubtargetInfo();
  target->vector_bytes = 16;
  target->vector_registers = 32;
  if (triple.getArch() == llvm::Triple::wasm32) target->vector_registers = 16;
  if (triple.getArch() != llvm::Triple::x86_64) return absl::OkStatus();
  if (!info.checkFeatures("+avx2,+fma,+f16c,+bmi2")) {
    return absl::InvalidArgumentError(
        absl::StrCat("the x86 CPU ", target->cpu,
                     " is below Cermet's minimum, x86-64-v3 (AVX2, FMA, F16C, BMI2): results are "
                     "defined with fused multiply-add, which it would have to emulate"));
  }
  const bool wide = info.checkFeatures("+avx512f,+avx512vl,+avx512bw,+avx512dq");
  target->vector_bytes = wide ? 64 : 32;
  target->vector_registers = wide ? 32 : 16;
  return absl::OkStatus();
}

// `cpu` is "sm_" and the compute capability as a number, perhaps with a letter.
absl::Status CheckGpu(absl::string_view cpu) {
  absl::string_view digits = cpu;
  int capability = 0;
  const bool has_prefix = absl::ConsumePrefix(&digits, "sm_");
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  if (!has_prefix || !absl::SimpleAtoi(digits, &capability)) {
    return absl::InvalidArgumentError(
        absl::StrCat("nvptx64 knows no GPU ", cpu, "; their names are sm_80 and the like"));
  }
  if (capability >= 80) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the GPU ", cpu,
                   " is below Cermet's minimum, sm_80: schedules copy to shared "
                   "memory asynchronously"));
}

}  // namespace

absl::StatusOr<Target> HostTarget() { return ParseTarget("", "host"); }

absl::StatusOr<Target> ParseTarget(absl::string_view triple_text, absl::string_view cpu) {
  const llvm::Triple host(llvm::Triple::normalize(llvm::sys::getProcessTriple()));
  llvm::Triple triple = host;
  if (!triple_text.empty()) {
    triple = llvm::Triple(llvm::Triple::normalize(std::string(triple_text)));
  }
  CERMET_ASSIGN_OR_RETURN(const Minimum minimum, MinimumOf(triple));

  Target target;
  target.triple = triple.str();
  if (cpu == "host") {
    if (triple.getArch() != host.getArch()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--cpu host needs this machine's architecture, ", host.getArchName().str(),
                       ", not ", triple.getArchName().str()));
    }
    target.cpu = llvm::sys::getHostCPUName().str();
    target.features = HostFeatures();
    SetHostCaches(&target);
  } else {
    target.cpu = cpu.empty() ? minimum.cpu : std::string(cpu);
    target.features = minimum.features;
  }
  if (triple.getArch() == llvm::Triple::nvptx64) {
    target.kind = TargetKind::kCuda;
    CERMET_RETURN_IF_ERROR(CheckGpu(target.cpu));
    CERMET_RETURN_IF_ERROR(CreateMachine(target, CodeUse::kObject).status());
    return target;
  }
  CERMET_RETURN_IF_ERROR(SetVectors(triple, &target));
  return target;
}

}  // namespace cermet::codegen
