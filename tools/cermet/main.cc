// The `cermet` command line: finds the verb, parses its flags, runs it, and turns its status into a
// message and an exit status: 0 for success, 1 for a failure, 2 for a wrong command line (or
// environment variable), names that the model does not have included.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
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
      "\nMODEL is a file .onnx or .cermet. `cermet VERB --help` explains a verb and its flags.\n"
      "The exit status is 0 for success, 1 for a failure, and 2 for a wrong command line or "
      "environment variable.\n");
  return text;
}

absl::Status Start(const Verb& verb, absl::Span<const std::string> arguments) {
  CERMET_ASSIGN_OR_RETURN(const Arguments parsed, Arguments::Parse(verb, arguments));
  if (parsed.help()) {
    std::fputs(Help(verb).c_str(), stdout);
    return absl::OkStatus();
  }
  CERMET_RETURN_IF_ERROR(CheckOutputs(verb, parsed));
  return verb.run(parsed);
}

absl::Status Dispatch(absl::Span<const std::string> arguments) {
  const std::vector<Verb> verbs = AllVerbs();
  std::vector<std::string> words(arguments.begin(), arguments.end());
  if (words[0] == "--version") words[0] = "version";
  if (words[0] == "help" && words.size() > 1) words = {words[1], "--help"};
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::fputs(Overview(verbs).c_str(), stdout);
    return absl::OkStatus();
  }
  for (const Verb& verb : verbs) {
    if (verb.name == words[0]) return Start(verb, absl::MakeConstSpan(words).subspan(1));
  }
  return UsageError(absl::StrCat("unknown verb \"", words[0], "\"; see cermet --help"));
}

// What was printed may still be in a buffer, and the disk full.
absl::Status FlushOutput() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("cannot write to standard output: ", std::strerror(errno)));
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::fputs(Overview(AllVerbs()).c_str(), stderr);
    return 2;
  }
  absl::Status status = Dispatch(arguments);
  if (status.ok()) status = FlushOutput();
  if (status.ok()) return 0;
  std::fprintf(stderr, "cermet: %s\n", std::string(status.message()).c_str());
  return IsUsageError(status) ? 2 : 1;
}

}  // namespace
}  // namespace cermet::cli

int main(int argc, char** argv) {
  return cermet::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
}
