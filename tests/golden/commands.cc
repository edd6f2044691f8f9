// The commands of golden tests, one function each, in a table.
#include "tests/golden/commands.h"

#include <cmath>
#include <cstring>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ir/evaluator/evaluator.h"
#include "ir/kernel/text.h"
#include "ir/literal_text.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/sample_inputs.h"
#include "ir/status.h"
#include "passes/pass_manager.h"
#include "passes/registry.h"
#include "passes/schedule/rewrite_script.h"
#include "tests/schedule/schedule_testing.h"

namespace cermet {
namespace {

std::string ErrorText(const absl::Status& status) {
  return absl::StrCat("error: ", status.message(), "\n");
}

// Places in errors count from the first line of the case, so that blessing one case moves no other.
absl::StatusOr<std::unique_ptr<Module>> ParseCase(const GoldenCase& golden) {
  return ParseModule(golden.input, "input.cermet");
}

std::string Option(const GoldenFile& file, const std::string& name) {
  const auto it = file.options.find(name);
  return it == file.options.end() ? "" : it->second;
}

absl::StatusOr<DimBindings> DimsOption(const GoldenFile& file) {
  DimBindings dims;
  for (absl::string_view item : absl::StrSplit(Option(file, "dims"), ',', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(item, ':');
    int64_t value = 0;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &value)) {
      return absl::InvalidArgumentError("expected dims=name:number,...");
    }
    dims[parts[0]] = value;
  }
  return dims;
}

// The text of the module, which must parse back to itself.
absl::StatusOr<std::string> PrintChecked(const Module& module) {
  std::string text = Print(module);
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> again,
                          ParseModule(text, "printed", &module.constants()));
  if (Print(*again) != text) {
    return absl::InternalError(
        absl::StrCat("the text does not parse back to itself:\n", text, "but to\n", Print(*again)));
  }
  return text;
}

// A text that prints as it stands, but for the comment it starts with, has no output.
absl::StatusOr<std::string> RoundTrip(const GoldenFile& file, const GoldenCase& golden) {
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module, ParseCase(golden));
  CERMET_ASSIGN_OR_RETURN(const std::string text, PrintChecked(*module));
  absl::string_view input = golden.input;
  while (absl::StartsWith(input, "//"))
    input.remove_prefix(std::min(input.find('\n'), input.size() - 1) + 1);
  return input == text ? "" : text;
}

absl::StatusOr<std::string> VerifyError(const GoldenFile& file, const GoldenCase& golden) {
  const absl::StatusOr<std::unique_ptr<Module>> module = ParseCase(golden);
  if (module.ok()) return absl::InternalError("the module verifies, but should not");
  return ErrorText(module.status());
}

absl::StatusOr<std::string> EvaluateCommand(const GoldenFile& file, const GoldenCase& golden) {
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module, ParseCase(golden));
  const Graph& graph = *module->entry();
  CERMET_ASSIGN_OR_RETURN(const DimBindings given, DimsOption(file));
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims, SampleDims(graph, module->facts(), given));
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> inputs,
                          SampleInputs(graph, dims, 1, SampleValues::kPlain));
  const absl::StatusOr<std::vector<Literal>> results = Evaluate(*module, graph, inputs);
  if (!results.ok()) return ErrorText(results.status());
  std::string out;
  for (const Literal& result : *results)
    absl::StrAppend(&out, FormatLiteral(result), " : ", result.type().ToString(), "\n");
  return out;
}

// ---- passes

bool BothNan(const Literal& a, const Literal& b, int64_t i) {
  return IsFloat(a.dtype()) && std::isnan(a.GetFloat(i)) && std::isnan(b.GetFloat(i));
}

// Equal bits, where any NaN is like any other; with a tolerance, floats differ by at most that
// share of the largest magnitude.
absl::Status CompareLiterals(const Literal& before, const Literal& after, double tolerance) {
  if (before.dtype() != after.dtype() || before.shape() != after.shape()) {
    return absl::InternalError(absl::StrCat("the type changed from ", before.type().ToString(),
                                            " to ", after.type().ToString()));
  }
  double largest = 0;
  for (int64_t i = 0; i < before.num_elements() && IsFloat(before.dtype()); ++i) {
    if (std::isfinite(before.GetFloat(i)))
      largest = std::max(largest, std::abs(before.GetFloat(i)));
  }
  const int64_t size = ByteSize(before.dtype());
  for (int64_t i = 0; i < before.num_elements(); ++i) {
    const char* const a = static_cast<const char*>(before.data()) + i * size;
    const char* const b = static_cast<const char*>(after.data()) + i * size;
    if (std::memcmp(a, b, size) == 0 || BothNan(before, after, i)) continue;
    const bool is_float = IsFloat(before.dtype());
    if (is_float && std::abs(before.GetFloat(i) - after.GetFloat(i)) <= tolerance * largest)
      continue;
    return absl::InternalError(absl::StrCat(
        "element ", i, " of a result changed from ",
        is_float ? FormatDouble(before.GetFloat(i)) : absl::StrCat(before.GetInt(i)), " to ",
        is_float ? FormatDouble(after.GetFloat(i)) : absl::StrCat(after.GetInt(i))));
  }
  return absl::OkStatus();
}

// Both modules give the same results, or both fail.
absl::Status CompareModules(const Module& before, const Module& after,
                            const std::vector<Literal>& inputs, double tolerance) {
  const absl::StatusOr<std::vector<Literal>> expected = Evaluate(before, *before.entry(), inputs);
  const absl::StatusOr<std::vector<Literal>> actual = Evaluate(after, *after.entry(), inputs);
  if (expected.status().code() != actual.status().code()) {
    return absl::InternalError(absl::StrCat("evaluation gave `", expected.status().ToString(),
                                            "` before the passes and `", actual.status().ToString(),
                                            "` after"));
  }
  if (!expected.ok()) return absl::OkStatus();
  if (expected->size() != actual->size())
    return absl::InternalError("the number of results changed");
  for (size_t i = 0; i < expected->size(); ++i) {
    CERMET_RETURN_IF_ERROR(CompareLiterals((*expected)[i], (*actual)[i], tolerance));
  }
  return absl::OkStatus();
}

// True if something approximate ran: a rule that fired, or a pass that is approximate as a whole.
bool RanApproximately(const PassReport& report) {
  for (const PassRun& run : report.runs) {
    if (run.changed && !FindPass(run.name)->exactness.exact()) return true;
  }
  for (const auto& [name, count] : report.rule_counts) {
    const std::vector<std::string> parts = absl::StrSplit(name, '/');
    const PassInfo* const pass = FindPass(parts[0]);
    for (const RuleInfo& rule : pass->rules) {
      if (rule.name == parts[1] && count > 0 && !rule.exactness.exact()) return true;
    }
  }
  return false;
}

absl::StatusOr<std::string> Passes(const GoldenFile& file, const GoldenCase& golden) {
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> before, ParseCase(golden));
  const std::unique_ptr<Module> after = before->Clone();
  PassOptions options;
  if (Option(file, "numerics") == "exact") options.numerics = Numerics::kExact;
  options.disabled = ParsePassList(Option(file, "disable"));
  const absl::StatusOr<PassReport> report =
      RunPasses(*after, ParsePassList(Option(file, "passes")), options);
  if (!report.ok()) return ErrorText(report.status());
  double tolerance = 0;
  if (const std::string text = Option(file, "tolerance");
      !text.empty() && !absl::SimpleAtod(text, &tolerance)) {
    return absl::InvalidArgumentError("expected tolerance=number");
  }
  const bool approximate = RanApproximately(*report);
  CERMET_ASSIGN_OR_RETURN(const DimBindings given, DimsOption(file));
  const Graph& graph = *before->entry();
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims, SampleDims(graph, before->facts(), given));
  for (const SampleValues values : {SampleValues::kPlain, SampleValues::kExtreme}) {
    if (approximate && values == SampleValues::kExtreme) continue;
    CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> inputs,
                            SampleInputs(graph, dims, 1, values));
    CERMET_RETURN_IF_ERROR(CompareModules(*before, *after, inputs, approximate ? tolerance : 0));
  }
  return PrintChecked(*after);
}

// ---- kernels

// The kernel of the case after the rewrites, each of which must keep every bit of its results.
absl::StatusOr<std::string> RewriteKernel(const GoldenFile& file, const GoldenCase& golden) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<kernel::Kernel> kernels,
                          kernel::ParseKernels(golden.input, "input.cermet"));
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims, DimsOption(file));
  std::string out;
  for (const kernel::Kernel& before : kernels) {
    kernel::Kernel after = before;
    const absl::Status status = schedule::ApplyRewrites(&after, Option(file, "rewrite"));
    if (!status.ok()) {
      absl::StrAppend(&out, ErrorText(status));
      continue;
    }
    CERMET_RETURN_IF_ERROR(schedule::CompareKernels(before, after, dims));
    absl::StrAppend(&out, kernel::Print(after));
  }
  return out;
}

struct Command {
  absl::string_view name;
  absl::StatusOr<std::string> (*run)(const GoldenFile& file, const GoldenCase& golden);
  std::set<std::string> options;
};

const std::vector<Command>& Commands() {
  static const std::vector<Command>* const table = new std::vector<Command>{
      {"roundtrip", RoundTrip, {}},
      {"verify-error", VerifyError, {}},
      {"evaluate", EvaluateCommand, {"dims"}},
      {"rewrite", RewriteKernel, {"dims"}},
      {"passes", Passes, {"numerics", "disable", "tolerance", "dims"}},
  };
  return *table;
}

}  // namespace

absl::StatusOr<std::string> RunGoldenCase(const GoldenFile& file, const GoldenCase& golden) {
  for (const Command& command : Commands()) {
    if (command.name != file.command) continue;
    for (const auto& [name, value] : file.options) {
      if (name != file.command && command.options.count(name) == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(file.path, ":1: ", file.command, " has no option `", name, "`"));
      }
    }
    return command.run(file, golden);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(file.path, ":1: there is no command `", file.command, "`"));
}

}  // namespace cermet
