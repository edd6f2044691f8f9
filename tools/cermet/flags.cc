// A parser for verbs with flags. Every mistake is answered by one line that names it and where to
// read on.
#include "tools/cermet/flags.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/status.h"

namespace cermet::cli {
namespace {

constexpr char kUsagePayload[] = "cermet/usage";

absl::Status VerbUsage(absl::string_view verb, absl::string_view message) {
  return UsageError(absl::StrCat(message, "; see cermet ", verb, " --help"));
}

const Flag* FindFlag(const Verb& verb, absl::string_view name) {
  for (const Flag& flag : verb.flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

}  // namespace

absl::Status UsageError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsagePayload, absl::Cord("1"));
  return status;
}

bool IsUsageError(const absl::Status& status) {
  return status.GetPayload(kUsagePayload).has_value();
}

absl::StatusOr<Arguments> Arguments::Parse(const Verb& verb,
                                           absl::Span<const std::string> arguments) {
  Arguments result;
  result.verb_ = std::string(verb.name);
  bool has_positional = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      result.help_ = true;
      return result;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      if (verb.positional.empty() || has_positional)
        return VerbUsage(verb.name, absl::StrCat("unexpected argument \"", argument, "\""));
      result.positional_ = argument;
      has_positional = true;
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag* flag = FindFlag(verb, name);
    if (flag == nullptr) return VerbUsage(verb.name, absl::StrCat("unknown flag ", name));
    std::string value;
    if (flag->value.empty()) {
      if (equals != std::string::npos)
        return VerbUsage(verb.name, absl::StrCat("flag ", name, " takes no value"));
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (++i < arguments.size()) {
      value = arguments[i];
    } else {
      return VerbUsage(verb.name, absl::StrCat("flag ", name, " needs ", flag->value));
    }
    std::vector<std::string>& values = result.values_[name];
    if (!values.empty() && !flag->repeated)
      return VerbUsage(verb.name, absl::StrCat("flag ", name, " is given twice"));
    values.push_back(std::move(value));
  }
  return result;
}

bool Arguments::Has(absl::string_view flag) const { return values_.find(flag) != values_.end(); }

std::string Arguments::Get(absl::string_view flag, absl::string_view otherwise) const {
  auto it = values_.find(flag);
  return it == values_.end() ? std::string(otherwise) : it->second.back();
}

std::vector<std::string> Arguments::All(absl::string_view flag) const {
  auto it = values_.find(flag);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

absl::StatusOr<int64_t> Arguments::Int(absl::string_view flag, int64_t otherwise,
                                       int64_t least) const {
  if (!Has(flag)) return otherwise;
  int64_t value = 0;
  if (!absl::SimpleAtoi(Get(flag), &value) || value < least) {
    return VerbUsage(verb_, absl::StrCat("flag ", flag, " needs an integer of at least ", least,
                                         ", not \"", Get(flag), "\""));
  }
  return value;
}

absl::StatusOr<std::optional<double>> Arguments::Number(absl::string_view flag) const {
  if (!Has(flag)) return std::optional<double>();
  double value = 0;
  if (!absl::SimpleAtod(Get(flag), &value) || !std::isfinite(value) || value < 0) {
    return VerbUsage(verb_,
                     absl::StrCat("flag ", flag, " needs a number that is not negative, not \"",
                                  Get(flag), "\""));
  }
  return std::optional<double>(value);
}

absl::StatusOr<std::string> Arguments::Choice(absl::string_view flag,
                                              absl::Span<const absl::string_view> choices) const {
  const std::string value = Get(flag, choices[0]);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  return VerbUsage(verb_, absl::StrCat("flag ", flag, " needs one of ",
                                       absl::StrJoin(choices, ", "), ", not \"", value, "\""));
}

std::string Help(const Verb& verb) {
  std::string text = absl::StrCat("usage: cermet ", verb.name);
  if (!verb.positional.empty()) absl::StrAppend(&text, " ", verb.positional);
  if (!verb.flags.empty()) absl::StrAppend(&text, " [flags]");
  absl::StrAppend(&text, "\n\n", verb.summary, "\n");
  if (!verb.doc.empty()) absl::StrAppend(&text, "\n", verb.doc, "\n");
  if (verb.flags.empty()) return text;
  absl::StrAppend(&text, "\nflags:\n");
  constexpr size_t kColumn = 28;
  for (const Flag& flag : verb.flags) {
    std::string left = absl::StrCat("  ", flag.name, flag.value.empty() ? "" : " ", flag.value,
                                    flag.repeated ? " ..." : "");
    if (left.size() + 2 > kColumn) {
      absl::StrAppend(&text, left, "\n", std::string(kColumn, ' '), flag.doc, "\n");
    } else {
      left.resize(kColumn, ' ');
      absl::StrAppend(&text, left, flag.doc, "\n");
    }
  }
  return text;
}

}  // namespace cermet::cli
