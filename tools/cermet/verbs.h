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
// Between them and the kind of file that the positional argument is.
Conflict ModelConflict(absl::string_view positional = "MODEL");
// The flags of verbs that run passes: --numerics, --disable.
std::vector<Flag> PassFlags();
// The flags of verbs that compile: those, --vector-bytes, --tile-rows, --tile-columns.
std::vector<Flag> CompileFlags();
// The flags of verbs that compile for another machine: --target, --cpu.
std::vector<Flag> TargetFlags();
std::vector<Flag> Join(std::vector<std::vector<Flag>> lists);

// Values of --dim NAME=N.
absl::StatusOr<DimBindings> DimFlags(const Arguments& arguments);

struct LoadOptions {
  DimBindings dims;
  bool checked = false;
  bool needs_constants = false;  // their bytes, too: without them the model is an error
  // Shapes of the inputs that are given: if the model cannot be imported for symbolic dims, it is
  // for these (and says so).
  std::map<std::string, std::vector<int64_t>> input_shapes;
  // Their values: if a shape depends on elements of a small integer input, the import is for these
  // (and says so).
  std::map<std::string, Literal> input_values;
};
absl::StatusOr<LoadOptions> ReadLoadOptions(const Arguments& arguments);
// One line on a terminal's standard error, replaced by the next and wiped at the end; nothing
// elsewhere. It has to be wiped before anything else is written.
class Progress {
 public:
  Progress();
  ~Progress() { Step(""); }
  void Step(absl::string_view what);
  // A line that stays, on standard error.
  void Note(absl::string_view text);

 private:
  bool terminal_;
  std::string step_;
};

// A model by the ending of its name: .onnx or .cermet. An ending that no importer has is a usage
// error, and so are dims that the model does not have or allow.
absl::StatusOr<std::unique_ptr<Module>> LoadModel(const std::string& path,
                                                  const LoadOptions& options, Progress* progress);

// An error if a constant of the module, which was read from `path`, has no bytes.
absl::Status CheckConstants(const Module& module, const std::string& path);

// The word that a text form begins with, after blank lines and comments: `graph`, `kernel`, ...
absl::string_view FirstWord(absl::string_view text);

// The target of PTX.
inline constexpr absl::string_view kGpuTriple = "nvptx64-nvidia-cuda";
// The machine of the flags --target and --cpu; without them this one, or the least of
// `default_triple` if it is not empty.
absl::StatusOr<Target> ReadTarget(const Arguments& arguments, absl::string_view default_triple);
// For `target`, from the flags of PassFlags and CompileFlags and the environment.
absl::StatusOr<CompileOptions> ReadCompileOptions(const Arguments& arguments, const Target& target);

// ---- outputs.cc

// Two flags that name one file of which one is written, one that names the model, or none (`-`),
// are a usage error; CERMET_TRACE counts as a flag. A file that cannot be written because of its
// folder is a failure.
absl::Status CheckOutputs(const Verb& verb, const Arguments& arguments);

// Writes to the file of flag -o, which must not be the model, or to standard output.
absl::Status WriteResult(const Arguments& arguments, absl::string_view text);
// The same for a module, which may replace the text that it came from; the constants go to the side
// file.
absl::Status WriteModuleResult(const Arguments& arguments, const Module& module);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_VERBS_H_
