// The rule tables of the pass `recognise`.
#ifndef CERMET_PASSES_RECOGNISE_RULES_H_
#define CERMET_PASSES_RECOGNISE_RULES_H_

#include <vector>

#include "passes/rewriter.h"

namespace cermet::recognise {

std::vector<RewriteRule> ActivationRules();     // logistic, gelu, silu, hard_swish
std::vector<RewriteRule> NormalizationRules();  // softmax, log_softmax, layer_norm

}  // namespace cermet::recognise

#endif  // CERMET_PASSES_RECOGNISE_RULES_H_
