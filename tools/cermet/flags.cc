// A parser for verbs with flags. Every mistake is answered by one line that names it and where to
// read on.
#include "tools/cermet/flags.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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

// `values` is `a|b`, `*.ending`, or empty for any.
bool IsOneOf(absl::string_view value, absl::string_view values) {
  if (values.empty()) return true;
  for (absl::string_view candidate : absl::StrSplit(values, '|')) {
    if (absl::ConsumePrefix(&candidate, "*") ? absl::EndsWith(value, candidate)
                                             : value == candidate) {
      return true;
    }
  }
  return false;
}

void AppendFlags(const std::vector<Flag>& flags, std::string* text) {
  absl::StrAppend(text, "\nflags:\n");
  constexpr size_t kColumn = 28;
  for (const Flag& flag : flags) {
    std::string left = absl::StrCat("  ", flag.name, flag.value.empty() ? "" : " ", flag.value,
                                    IsRepeated(flag.kind) ? " ..." : "");
    if (left.size() + 2 > kColumn) {
      absl::StrAppend(text, left, "\n", std::string(kColumn, ' '), flag.doc, "\n");
    } else {
      left.resize(kColumn, ' ');
      absl::StrAppend(text, left, flag.doc, "\n");
    }
  }
}

void AppendConflicts(const std::vector<Conflict>& conflicts, std::string* text) {
  absl::StrAppend(text, "\nnot together:\n");
  for (const Conflict& conflict : conflicts) {
    absl::StrAppend(text, "  ", absl::StrJoin(conflict.flags, ", "), " with ", conflict.with,
                    conflict.values.empty() ? "" : " ", conflict.values, ": ", conflict.why, "\n");
  }
}

}  // namespace

std::vector<absl::string_view> NamesOf(const std::vector<Flag>& flags) {
  std::vector<absl::string_view> names;
  for (const Flag& flag : flags) names.push_back(flag.name);
  return names;
}

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
    if (value.empty() && !flag->value.empty() && flag->kind != FlagKind::kList)
      return VerbUsage(verb.name, absl::StrCat("flag ", name, " needs ", flag->value));
    std::vector<std::string>& values = result.values_[name];
    if (!values.empty() && !IsRepeated(flag->kind))
      return VerbUsage(verb.name, absl::StrCat("flag ", name, " is given twice"));
    values.push_back(std::move(value));
  }
  for (const Conflict& conflict : verb.conflicts)
    CERMET_RETURN_IF_ERROR(result.CheckConflict(conflict, verb.positional));
  return result;
}

absl::Status Arguments::CheckConflict(const Conflict& conflict,
                                      absl::string_view positional_name) const {
  const bool is_positional = conflict.with == positional_name;
  if (!is_positional && !Has(conflict.with)) return absl::OkStatus();
  const std::string value = is_positional ? positional_ : Get(conflict.with);
  if (!IsOneOf(value, conflict.values)) return absl::OkStatus();
  for (absl::string_view flag : conflict.flags) {
    if (flag == conflict.with || !Has(flag)) continue;
    return VerbUsage(verb_, absl::StrCat("flag ", flag, " does not go with ", conflict.with,
                                         value.empty() ? "" : " ", value, ": ", conflict.why));
  }
  return absl::OkStatus();
}

absl::Status Arguments::Forbid(absl::Span<const absl::string_view> flags,
                               absl::string_view why) const {
  for (absl::string_view flag : flags) {
    if (Has(flag))
      return VerbUsage(verb_, absl::StrCat("flag ", flag, " would have no effect: ", why));
  }
  return absl::OkStatus();
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

absl::StatusOr<int64_t> Arguments::Int(absl::string_view flag, int64_t otherwise, int64_t least,
                                       int64_t most) const {
  if (!Has(flag)) return otherwise;
  return ParseInt(absl::StrCat("flag ", flag), Get(flag), least, most);
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

absl::StatusOr<int64_t> ParseInt(absl::string_view what, const std::string& text, int64_t least,
                                 int64_t most) {
  int64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return value;
  return UsageError(
      absl::StrCat(what, " needs an integer from ", least, " to ", most, ", not \"", text, "\""));
}

std::string Help(const Verb& verb) {
  std::string text = absl::StrCat("usage: cermet ", verb.name);
  if (!verb.positional.empty()) absl::StrAppend(&text, " ", verb.positional);
  if (!verb.flags.empty()) absl::StrAppend(&text, " [flags]");
  absl::StrAppend(&text, "\n\n", verb.summary, "\n");
  if (!verb.doc.empty()) absl::StrAppend(&text, "\n", verb.doc, "\n");
  if (verb.flags.empty()) return text;
  AppendFlags(verb.flags, &text);
  if (!verb.conflicts.empty()) AppendConflicts(verb.conflicts, &text);
  return text;
}

}  // namespace cermet::cli
