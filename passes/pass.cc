// What a pass may ask its context: may this rule fire, and this one did.
#include "passes/pass.h"

#include "absl/strings/str_cat.h"

namespace cermet {

bool PassContext::Allows(absl::string_view pass, absl::string_view rule,
                         Exactness exactness) const {
  if (!exactness.exact() && numerics == Numerics::kExact) return false;
  return disabled.empty() || disabled.count(absl::StrCat(pass, "/", rule)) == 0;
}

void PassContext::CountRule(absl::string_view pass, absl::string_view rule) const {
  if (rule_counts != nullptr) ++(*rule_counts)[absl::StrCat(pass, "/", rule)];
}

}  // namespace cermet
