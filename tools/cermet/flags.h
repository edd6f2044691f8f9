// The command line's verbs and their flags, as tables.
#ifndef CERMET_TOOLS_CERMET_FLAGS_H_
#define CERMET_TOOLS_CERMET_FLAGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cermet::cli {

enum class FlagKind : uint8_t {
  kPlain,
  kRepeated,     // may be given more than once
  kNamedInputs,  // the same, for NAME=FILE of files that are read
  kList,         // its value may be empty
  kInput,        // names a file that is read
  kOutput,       // names a file that is written
  kForm,         // the same, for a form of the model that may replace it
};
inline bool IsRepeated(FlagKind kind) {
  return kind == FlagKind::kRepeated || kind == FlagKind::kNamedInputs;
}

struct Flag {
  absl::string_view name;   // with its dashes
  absl::string_view value;  // what follows it, as help shows it; empty for a switch
  absl::string_view doc;
  FlagKind kind = FlagKind::kPlain;
};
std::vector<absl::string_view> NamesOf(const std::vector<Flag>& flags);

// Flags that say nothing where another flag, or the positional argument, has some value. Giving
// both is a usage error, so that nobody takes what was ignored for done.
struct Conflict {
  std::vector<absl::string_view> flags;
  absl::string_view with;    // a flag, or the verb's positional argument
  absl::string_view values;  // its values: `llvm|asm`, or `*.ptx` by the ending; empty: any
  absl::string_view why;
};

class Arguments;

struct Verb {
  absl::string_view name;
  absl::string_view positional;  // what the one positional argument is called; empty: there is none
  absl::string_view summary;
  absl::string_view doc;
  std::vector<Flag> flags;
  absl::Status (*run)(const Arguments&);
  std::vector<Conflict> conflicts = {};
};

// The parsed arguments of one verb.
class Arguments {
 public:
  // `--flag value` and `--flag=value`; flags and the positional argument in any order. Errors are
  // usage errors: what is unknown, given twice, without its value, or in conflict.
  static absl::StatusOr<Arguments> Parse(const Verb& verb, absl::Span<const std::string> arguments);

  bool help() const { return help_; }
  const std::string& positional() const { return positional_; }
  bool Has(absl::string_view flag) const;
  std::string Get(absl::string_view flag, absl::string_view otherwise = "") const;
  std::vector<std::string> All(absl::string_view flag) const;
  // An integer from `least` to `most`; `otherwise` where the flag is not given.
  absl::StatusOr<int64_t> Int(absl::string_view flag, int64_t otherwise, int64_t least,
                              int64_t most) const;
  // A number that is not negative; nullopt where the flag is not given.
  absl::StatusOr<std::optional<double>> Number(absl::string_view flag) const;
  // One of `choices`; the first of them where the flag is not given.
  absl::StatusOr<std::string> Choice(absl::string_view flag,
                                     absl::Span<const absl::string_view> choices) const;
  // An error if one of `flags` is given: for conflicts that only the model or the target shows.
  absl::Status Forbid(absl::Span<const absl::string_view> flags, absl::string_view why) const;

 private:
  absl::Status CheckConflict(const Conflict& conflict, absl::string_view positional_name) const;

  std::string verb_;
  std::string positional_;
  bool help_ = false;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// A wrong command line, which exits with 2; any other error exits with 1.
absl::Status UsageError(absl::string_view message);
bool IsUsageError(const absl::Status& status);

// `text` as an integer from `least` to `most`; a usage error says what `what` needs.
absl::StatusOr<int64_t> ParseInt(absl::string_view what, const std::string& text, int64_t least,
                                 int64_t most);

// The help page of a verb.
std::string Help(const Verb& verb);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_FLAGS_H_
