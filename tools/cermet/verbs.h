// The verbs, and what they share.
#ifndef CERMET_TOOLS_CERMET_VERBS_H_
#define CERMET_TOOLS_CERMET_VERBS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "passes/compile.h"
#include "tools/cermet/flags.h"

namespace cermet::cli {

Verb RunVerb();      // run.cc
Verb BenchVerb();    // bench.cc
Verb CompileVerb();  // compile.cc
Verb DumpVerb();     // dump.cc
Verb OptVerb();      // opt.cc
Verb ExplainVerb();  // explain.cc
Verb DevicesVerb();  // about.cc
Verb VersionVerb();  // about.cc
Verb OpsVerb();      // about.cc

// ---- model.cc

// The flags of verbs that read a model: --dim, --checked.
std::vector<Flag> ModelFlags();
// The flags of verbs that compile: --numerics, --disable, --vector-bytes, --tile-rows,
// --tile-columns.
std::vector<Flag> CompileFlags();
std::vector<Flag> Join(std::vector<std::vector<Flag>> lists);

// Values of --dim NAME=N.
absl::StatusOr<DimBindings> DimFlags(const Arguments& arguments);

struct LoadOptions {
  DimBindings dims;
  bool checked = false;
  // Shapes of the inputs that are given: if the model cannot be imported for symbolic dims, it is
  // for these (and says so).
  std::map<std::string, std::vector<int64_t>> input_shapes;
  // Their values: if a shape depends on elements of a small integer input, the import is for these
  // (and says so).
  std::map<std::string, Literal> input_values;
};
absl::StatusOr<LoadOptions> ReadLoadOptions(const Arguments& arguments);
// A model by the ending of its name: .onnx or .cermet. An ending that no importer has is a usage
// error.
absl::StatusOr<std::unique_ptr<Module>> LoadModel(const std::string& path,
                                                  const LoadOptions& options);

// For `target`, from the flags of CompileFlags and the environment.
absl::StatusOr<CompileOptions> ReadCompileOptions(const Arguments& arguments, const Target& target);

// One line on a terminal's standard error, replaced by the next and wiped at the end; nothing
// elsewhere.
class Progress {
 public:
  Progress();
  ~Progress() { Step(""); }
  void Step(absl::string_view what);

 private:
  bool terminal_;
};

// A usage error if one of `flags` names the model's own file, which would be lost.
absl::Status CheckOutputs(const Arguments& arguments, absl::Span<const absl::string_view> flags);
// Writes to the file of flag -o, which must not be the model, or to standard output.
absl::Status WriteResult(const Arguments& arguments, absl::string_view text);
// The same for a module, which may replace the text that it came from; the constants go to the side
// file.
absl::Status WriteModuleResult(const Arguments& arguments, const Module& module);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_VERBS_H_
