// The rule tables of the pass `simplify`, by subject. A rule's function stands under the equation
// that it implements, in the file of its table.
#ifndef CERMET_PASSES_SIMPLIFY_RULES_H_
#define CERMET_PASSES_SIMPLIFY_RULES_H_

#include <vector>

#include "passes/rewriter.h"

namespace cermet::simplify {

std::vector<RewriteRule> AlgebraRules();     // elementwise identities
std::vector<RewriteRule> ConversionRules();  // convert and bitcast
std::vector<RewriteRule> TransposeRules();   // transpose; also part of the pass `layout`
std::vector<RewriteRule> ViewRules();        // reshape, broadcast, reverse, iota
std::vector<RewriteRule> SliceRules();       // slice, pad, concat, gather, dynamic slices
std::vector<RewriteRule> ShapeRules();       // arithmetic on the values of symbolic dims
std::vector<RewriteRule> ReductionRules();   // reductions
std::vector<RewriteRule> ScalingRules();     // normalisation and scales into weights
std::vector<RewriteRule> ControlRules();     // if, while, check

// All of them, in this order.
const std::vector<RewriteRule>& AllRules();

}  // namespace cermet::simplify

#endif  // CERMET_PASSES_SIMPLIFY_RULES_H_
