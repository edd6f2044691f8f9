// The `cermet` command line: finds the verb, parses its flags, runs it, and turns its status into a
// message and an exit status: 0 for success, 1 for a failure, 2 for a wrong command line.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/cermet/flags.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

std::vector<Verb> AllVerbs() {
  return {RunVerb(),     BenchVerb(),   CompileVerb(), DumpVerb(), OptVerb(),
          ExplainVerb(), DevicesVerb(), VersionVerb(), OpsVerb()};
}

std::string Overview(const std::vector<Verb>& verbs) {
  std::string text =
      "usage: cermet VERB [arguments]\n\nCompiles tensor graphs to native code, runs them, and "
      "shows what became of them.\n\n";
  for (const Verb& verb : verbs) {
    std::string left =
        absl::StrCat("  ", verb.name, verb.positional.empty() ? "" : " ", verb.positional);
    left.resize(22, ' ');
    absl::StrAppend(&text, left, verb.summary, "\n");
  }
  absl::StrAppend(
      &text,
      "\nMODEL is a file .onnx or .cermet. `cermet VERB --help` explains a verb and its flags.\n");
  return text;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "cermet: %s\n", std::string(status.message()).c_str());
  return IsUsageError(status) ? 2 : 1;
}

int Main(const std::vector<std::string>& arguments) {
  const std::vector<Verb> verbs = AllVerbs();
  if (arguments.empty()) {
    std::fputs(Overview(verbs).c_str(), stderr);
    return 2;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    std::fputs(Overview(verbs).c_str(), stdout);
    return 0;
  }
  for (const Verb& verb : verbs) {
    if (verb.name != arguments[0]) continue;
    const absl::StatusOr<Arguments> parsed =
        Arguments::Parse(verb, absl::MakeConstSpan(arguments).subspan(1));
    if (!parsed.ok()) return Fail(parsed.status());
    if (parsed->help()) {
      std::fputs(Help(verb).c_str(), stdout);
      return 0;
    }
    absl::Status status = verb.run(*parsed);
    if (status.ok() && (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)) {
      status = absl::UnavailableError("cannot write to standard output");
    }
    return status.ok() ? 0 : Fail(status);
  }
  return Fail(UsageError(absl::StrCat("unknown verb \"", arguments[0], "\"; see cermet --help")));
}

}  // namespace
}  // namespace cermet::cli

int main(int argc, char** argv) {
  return cermet::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
}
