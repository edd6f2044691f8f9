// Finding out what a machine can do, as the plain data of ir/target.h.
#ifndef CERMET_CODEGEN_TARGET_H_
#define CERMET_CODEGEN_TARGET_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/target.h"

namespace cermet::codegen {

// This machine: its triple, CPU, features, vector width (64 bytes with AVX-512 F, VL, BW and DQ,
// else 32), registers and caches. An x86 machine without AVX2 and FMA is an error: results are
// defined with fused multiply-add, and Cermet emits it as one instruction.
absl::StatusOr<Target> HostTarget();

// A target to compile for ahead of time. `triple` is LLVM's ("x86_64-linux-gnu",
// "aarch64-linux-gnu", "riscv64-linux-gnu", "wasm32-unknown-unknown", "nvptx64-nvidia-cuda"); empty
// means this machine's. `cpu` is LLVM's name, "host", or empty for the triple's minimum: x86-64-v3,
// generic, generic-rv64 with GC, generic with simd128, sm_80. Errors: an unknown triple or CPU
// (naming what there is), a CPU below the minimum.
absl::StatusOr<Target> ParseTarget(absl::string_view triple, absl::string_view cpu);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_TARGET_H_
