// Descriptions of machines, as plain data: what passes need to schedule and emitters to generate
// code.
#ifndef CERMET_IR_TARGET_H_
#define CERMET_IR_TARGET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cermet {

enum class TargetKind : uint8_t { kCpu, kCuda };

// Values only; copy freely.
struct Target {
  TargetKind kind = TargetKind::kCpu;
  std::string triple;                 // LLVM's; empty: this machine
  std::string cpu = "generic";        // LLVM's name, or "sm_80"
  std::vector<std::string> features;  // sorted LLVM feature names with their sign, such as "+avx2"
  int64_t vector_bytes = 32;          // the width that schedules use: 16, 32 or 64
  int64_t vector_registers = 16;
  int64_t l1_bytes = 32 * 1024;
  int64_t l2_bytes = 512 * 1024;
  int64_t threads_per_block = 128;  // kCuda
  std::string ToString() const;     // all of it, for cache keys
};

}  // namespace cermet

#endif  // CERMET_IR_TARGET_H_
