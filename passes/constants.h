// Reading and making constants in graphs.
#ifndef CERMET_PASSES_CONSTANTS_H_
#define CERMET_PASSES_CONSTANTS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "ir/builder.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "passes/literal_views.h"

namespace cermet {

// Constants of at most this many elements are held inline in the graph, larger ones in the store.
inline constexpr int64_t kMaxInlineElements = 32;

// The tensor that a `constant` node stands for, where it lies or copied; nothing if `value` is
// another node, or a reference to an entry whose bytes are not there.
std::optional<LiteralView> ViewOf(Value value, const Module& module);
std::optional<Literal> LiteralOf(Value value, const Module& module);
inline bool IsConstant(Value value) { return value.node->op() == OpCode::kConstant; }

// The one element, as a scalar literal, of a value all of whose elements are known to be equal: an
// inline constant, one element of the store, or views of these that add no others.
std::optional<Literal> SplatOf(Value value, const Module& module);
// The same for floats, and for integers and bool.
std::optional<double> SplatFloat(Value value, const Module& module);
std::optional<int64_t> SplatInt(Value value, const Module& module);
// True if `value` is a splat of `number`, of any number type; -0 is not 0.
bool IsSplatOf(Value value, double number, const Module& module);

// True if `value` follows from constants alone through broadcasts, reshapes and transposes: what
// folding can read without a large intermediate.
bool IsConstantLike(Value value);

// A constant node for `value`: inline when small, else an entry of the store named after `hint`; a
// splat of more than one element becomes the broadcast of a scalar.
Value MakeConstant(Module& module, Builder& builder, Literal value, absl::string_view hint);
// A name for a constant derived from `node`: its first user name, or its op.
std::string ConstantHint(const Node& node);

}  // namespace cermet

#endif  // CERMET_PASSES_CONSTANTS_H_
