// Runs the flat form of a kernel; internal to the interpreter.
#ifndef CERMET_IR_KERNEL_INTERPRETER_MACHINE_H_
#define CERMET_IR_KERNEL_INTERPRETER_MACHINE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/kernel/interpreter/compiled_kernel.h"
#include "ir/kernel/interpreter/interpreter.h"

namespace cermet::kernel {

// One run. Not thread safe; made anew for each run.
class Machine {
 public:
  // `code` and `kernel` must outlive the machine.
  Machine(const Kernel& kernel, const CompiledKernel& code) : kernel_(kernel), code_(code) {}

  // Evaluates shapes and the prologue. Errors name a missing symbol or an extent out of range.
  absl::Status Prepare(absl::Span<void* const> arguments, const DimBindings& dims);
  // The number of iterations of the loop marked is_top_parallel, or 1.
  absl::StatusOr<int64_t> TopIterations();
  // Runs iterations [begin, end) of that loop, or all of the kernel. Errors are accesses outside
  // buffers and races.
  absl::Status Run(int64_t begin, int64_t end);
  const std::optional<CheckFailure>& failure() const { return failure_; }

 private:
  // An asynchronous copy.
  struct Transfer {
    const char* from = nullptr;  // null: zeros
    int32_t buffer = -1;
    int64_t offset = 0;  // in the buffer, in elements
    int64_t elements = 0;
  };
  // A thread of execution: the CPU's only one, or one of a GPU block.
  struct Context {
    std::vector<ScalarBits> registers;
    std::vector<char> scratch;
    int32_t thread = 0;
    // Copies under way, in groups from the oldest on; the last one is open.
    std::vector<std::vector<Transfer>> groups = std::vector<std::vector<Transfer>>(1);
  };
  // The place of a buffer in this run.
  struct Place {
    char* data = nullptr;   // null for scratch
    int64_t byte_size = 0;  // of an element
    std::vector<int64_t> extents;
    std::vector<int64_t> strides;  // in elements
  };
  // Who touched an element of a shared buffer, and in which interval between barriers.
  struct Touch {
    int64_t write_epoch = -1;
    int64_t read_epoch = -1;
    int32_t writer = -1;
    int32_t reader = -1;     // kMany: several
    bool in_flight = false;  // a copy to it is under way
  };

  // All return false once status_ holds an error.
  bool RunSteps(const StepList& steps, Context* context);
  bool RunStep(const Step& step, Context* context);
  bool RunFor(const Step& step, Context* context);
  bool RunLanes(const Step& step, Context* context, int64_t lower, int64_t upper);
  bool RunAccess(const Step& step, Context* context);
  template <typename T>
  bool AccessElements(const Step& step, const Place& place, Context* context);
  void RunCheck(const Step& step, const Context& context);
  bool RunCopy(const Step& step, Context* context);
  bool RunWait(int64_t groups_left, Context* context);
  bool ExpectNoCopies(const Context& context);

  bool RunLockstep(const StepList& steps, std::vector<Context>* contexts);
  bool RunLockstepFor(const Step& step, std::vector<Context>* contexts);
  bool RunThreads(const Step& step, std::vector<Context>* contexts);
  void RunCollective(const Step& step, std::vector<Context>* contexts);

  // The place of element number `element` of an access to `buffer`, in elements from its start.
  bool OffsetOf(const Step& step, int32_t buffer, const std::vector<SlotRef>& indices,
                const Context& context, int64_t element, int64_t* offset);
  bool CheckRace(int32_t buffer, int64_t element, const Context& context, bool write);
  bool OutOfBounds(const Step& step, int32_t buffer, const std::vector<SlotRef>& indices,
                   const Context& context, int64_t element);
  bool CheckAligned(const Step& step, int32_t buffer, int64_t offset);
  bool Fail(absl::Status status) {
    status_ = std::move(status);
    return false;
  }
  void BeginBlock(Context* context);
  static void Shuffle(const Step& step, Context* warp);
  static void MultiplyAccumulate(const Step& step, Context* warp);
  static void Copy(const std::vector<SlotCopy>& copies, Context* context);
  int64_t Scalar(const SlotRef& ref, const Context& context) const {
    return static_cast<int64_t>(context.registers[ref.slot]);
  }

  const Kernel& kernel_;
  const CompiledKernel& code_;
  std::vector<Place> places_;
  std::vector<int64_t> dims_;
  Context main_;
  std::vector<char> shared_;
  std::vector<Touch> touches_;
  int64_t epoch_ = 0;
  int64_t top_begin_ = 0;
  int64_t top_end_ = 1;
  absl::Status status_;
  std::optional<CheckFailure> failure_;
};

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_INTERPRETER_MACHINE_H_
