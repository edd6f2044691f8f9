// PTX text of kernels scheduled for a GPU.
//
// A kernel's parameters are its buffers' pointers, then its run-time dims as .u64, in the order of
// kernel::Kernel::Symbols(). A block loop is a dimension of the grid and a thread loop one of the
// block, the innermost along x. The block's size is fixed (.reqntid), the grid may have any size:
// blocks stride over their loop.
#ifndef CERMET_CODEGEN_PTX_H_
#define CERMET_CODEGEN_PTX_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/kernel/kernel.h"
#include "ir/program/program.h"
#include "ir/target.h"

namespace cermet::codegen {

// How to launch a kernel: threads of a block along x, y, z.
struct GpuLaunch {
  std::string entry;  // the kernel's symbol in the PTX
  std::array<int64_t, 3> block = {1, 1, 1};
};

// One PTX module with every kernel of `kernels`. `launches`, if not null, receives how each is
// launched, in order. Errors: a kernel that is not scheduled for a GPU, or has an instruction that
// a GPU does not take.
absl::StatusOr<std::string> EmitPtx(const std::vector<kernel::Kernel>& kernels,
                                    const Target& target,
                                    std::vector<GpuLaunch>* launches = nullptr);
absl::StatusOr<std::string> EmitPtx(const program::Program& program, const Target& target);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_PTX_H_
