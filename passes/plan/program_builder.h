// The builder of command programs: what BuildProgram (passes/plan/build_program.h) keeps while it
// walks a fused graph.
//
// Storage is shared (Buffer::alias) in three cases, each proven where it is decided: an update in
// place of a value that nobody reads afterwards, an elementwise result over an operand that dies,
// and loop-carried values that the body writes where it read them.
#ifndef CERMET_PASSES_PLAN_PROGRAM_BUILDER_H_
#define CERMET_PASSES_PLAN_PROGRAM_BUILDER_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/program/program.h"
#include "passes/lower/lower_fusion.h"
#include "passes/plan/build_program.h"

namespace cermet::plan {

inline constexpr int32_t kNone = -1;
// The last use of a value that leaves its graph.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Builds one program: call Build once.
class ProgramBuilder {
 public:
  ProgramBuilder(const Module& module, const BuildProgramOptions& options)
      : module_(module), options_(options) {}
  absl::StatusOr<program::Program> Build();

 private:
  // What is known of the values of one graph while its commands are emitted.
  struct Scope {
    program::CommandList* commands;
    std::map<Value, int32_t> buffers;
    std::map<Value, int64_t> last_use;  // position of the last node that uses it
    std::map<Value, bool> owned;        // its storage may be overwritten once it is dead
    int64_t position = 0;
    bool DiesHere(Value value) const {
      auto it = last_use.find(value);
      return it != last_use.end() && it->second == position;
    }
  };

  Scope OpenScope(const Graph& graph, program::CommandList* commands);
  absl::Status EmitGraph(const Graph& graph, Scope* scope);
  absl::Status EmitFusion(const Node& node, Scope* scope);
  absl::Status EmitLaunch(const Node& node, lower::LoweredKernel lowered,
                          const std::vector<int32_t>& results, Scope* scope);
  absl::Status EmitIf(const Node& node, Scope* scope);
  absl::Status EmitSizeChecks(const Node& node, const Graph& branch, Scope* scope);
  absl::Status EmitWhile(const Node& node, Scope* scope);
  absl::Status EmitLoopResults(const Graph& body, const std::vector<int32_t>& carried,
                               Scope* scope);
  absl::StatusOr<int32_t> BufferOf(Value value, Scope* scope);
  absl::StatusOr<int32_t> ConstantBuffer(const Node& node);
  absl::StatusOr<int32_t> Packed(int32_t buffer, const kernel::Packing& packing,
                                 const Location& location, Scope* scope);
  absl::Status FinishResults(const Graph& graph, Scope* scope);
  std::optional<int32_t> StorageToReuse(const Node& node, const lower::LoweredFusion& lowered,
                                        int64_t result, Scope* scope);

  int32_t AddBuffer(program::Buffer buffer);
  int32_t AddTemp(const Type& type, absl::string_view hint);
  int32_t AddKernel(kernel::Kernel kernel);
  void EmitCopy(int32_t from, int32_t to, const Location& location, program::CommandList* commands);

  const Module& module_;
  const BuildProgramOptions& options_;
  program::Program program_;
  std::map<std::string, int32_t> kernels_;    // canonical key -> index
  std::map<std::string, int32_t> constants_;  // name and packing -> buffer
  std::map<std::string, int64_t> names_;      // of buffers, to keep them unique
  std::map<std::string, int64_t> kernel_names_;
  // Results that may be written to the donated input that they update.
  std::map<Value, int32_t> state_;
};

// By result of `graph`: the donated parameter that it updates, the one of its name or else the
// first of its type that is free; kNone if none.
std::vector<int64_t> DonatedParameters(const Graph& graph);

}  // namespace cermet::plan

#endif  // CERMET_PASSES_PLAN_PROGRAM_BUILDER_H_
