// The command program: what runs. Launches, copies and control flow over planned buffers.
//
// A Program is plain data: no pointers into graphs, no LLVM. Its kernels are kernel IR; compiled
// code for them is held elsewhere. On x86 the whole program becomes one native function
// (program/host_abi.h); other devices walk the commands.
#ifndef CERMET_IR_PROGRAM_PROGRAM_H_
#define CERMET_IR_PROGRAM_PROGRAM_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/constant_store.h"
#include "ir/dim.h"
#include "ir/kernel/kernel.h"
#include "ir/type.h"

namespace cermet::program {

enum class BufferKind : uint8_t {
  kInput,   // `index`-th input of the caller, read only unless an output aliases it (donated)
  kOutput,  // `index`-th output of the caller; or, with `alias`, the donated input that is updated
            // in place
  kConstant,  // an entry of the constant store, possibly packed
  kTemp,      // at `offset` in the workspace
};

struct Buffer {
  std::string name;  // printed as %name, unique
  Type type;         // the physical type: shape after packing
  BufferKind kind = BufferKind::kTemp;
  int64_t index = 0;                       // kInput, kOutput
  std::string user_name;                   // kInput, kOutput: the user's name
  std::string constant;                    // kConstant: its name in the store
  std::optional<kernel::Packing> packing;  // kConstant: how it is derived
  Dim offset;                              // kTemp: bytes, a multiple of 64
  // kOutput: the donated input that it updates; kTemp: the buffer in whose storage it lies; or -1.
  int32_t alias = -1;
};

struct Command;
using CommandList = std::vector<Command>;

enum class CommandKind : uint8_t {
  kLaunch,  // kernel `kernel` on `buffers`, its parallel loop cut in ranges of at least `grain`
            // iterations
  kCopy,    // all bytes of buffers[0] to buffers[1]; equal element types and counts
  kPack,    // packs buffers[0] into buffers[1] as `kernel`, a packing kernel, says
  kIf,      // buffers[0]: a bool scalar; bodies[0] or bodies[1]
  kWhile,   // runs bodies[0], then, while buffers[0] (a bool scalar it wrote) holds, bodies[1] and
            // bodies[0] again
};

struct Command {
  CommandKind kind = CommandKind::kLaunch;
  int32_t kernel = -1;
  std::vector<int32_t> buffers;
  int64_t grain = 1;
  Location location;
  std::vector<CommandList> bodies;
};

struct CheckMessage {
  int64_t code = 0;
  std::string message;  // what failed
  std::string node;     // the node, as errors name it
};

// A relation between dims that must hold for a run to be sound, and that shapes alone do not
// guarantee: the caller's inputs decide.
struct Requirement {
  bool is_equality = true;  // lhs = rhs, else lhs <= rhs
  Dim lhs;
  Dim rhs;
  std::string node;  // who needs it, as errors name nodes
};

struct Program {
  std::string name;
  std::vector<std::string> symbols;  // run-time dims, in the order of the dims buffer
  DimFacts facts;
  std::vector<Requirement> requirements;  // of the nodes that were compiled; BindDims checks them
  std::vector<Buffer> buffers;            // inputs, outputs, constants, temps
  std::vector<kernel::Kernel> kernels;
  CommandList commands;
  std::vector<CheckMessage> checks;  // kCheck's `code` in kernels is an index into this table
  Dim temp_bytes;                    // the workspace without scratch
  Dim scratch_bytes;  // per worker, a multiple of 64; the workspace is temp_bytes + max_workers *
                      // scratch_bytes

  // The buffer whose memory `buffer` has: itself, or what its aliases lead to.
  int32_t StorageOf(int32_t buffer) const;
  int64_t num_inputs() const;
  int64_t num_outputs() const;
  int64_t num_constants() const;
  // Bytes of the workspace for `workers` under `dims`; an error names a missing symbol or an
  // overflow.
  absl::StatusOr<int64_t> WorkspaceBytes(int64_t workers, const DimBindings& dims) const;
  // Binds the symbols from the shapes of the inputs, in order, and checks facts and requirements.
  // Errors name the input, the two shapes and the dim, or the node and the relation that does not
  // hold.
  absl::StatusOr<DimBindings> BindDims(const std::vector<std::vector<int64_t>>& input_shapes) const;
  // The shapes of the outputs, in order. An error names a missing symbol, or an output that is too
  // large.
  absl::StatusOr<std::vector<std::vector<int64_t>>> OutputShapes(const DimBindings& dims) const;
};

// Text form; inverse byte for byte. Includes the kernels.
std::string Print(const Program& program);
absl::StatusOr<Program> ParseProgram(absl::string_view text, absl::string_view file);
// Buffers exist and agree in type with the kernels' buffers; temps that live at once do not
// overlap; aliases are donated inputs.
absl::Status Verify(const Program& program);

// Packs a dense array as `packing` says: `from` has the logical shape under `dims`, `to` the packed
// one. Plain memory, any thread.
absl::Status Pack(const kernel::Packing& packing, DType dtype, const DimBindings& dims,
                  const void* from, void* to);

}  // namespace cermet::program

#endif  // CERMET_IR_PROGRAM_PROGRAM_H_
