// Elements of reductions, windows and contractions: serial loops in the order that the node states.
#include "absl/strings/str_cat.h"
#include "ir/builder.h"
#include "ir/infer.h"
#include "ir/kernel/builder.h"
#include "ir/order_attribute.h"
#include "ir/status.h"
#include "passes/lower/element_emitter.h"

namespace cermet::lower {

using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;

namespace {

bool Contains(const std::vector<int64_t>& list, int64_t item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

absl::StatusOr<std::vector<ValueId>> ElementEmitter::EmitReduction(Node* node, const Index& index,
                                                                   ValueId mask) {
  CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> results, node->op() == OpCode::kReduce
                                                            ? EmitReduce(node, index, mask)
                                                            : EmitReduceWindow(node, index, mask));
  for (int i = 0; i < static_cast<int>(results.size()); ++i) {
    scopes_.back().elements[MemoKey{node->result(i), index, mask}] = results[i];
  }
  return results;
}

// sequential: acc = init; for each element in row-major order of the reduced dims:
//             acc = body(acc, x)
// lanes(L):   one lanes loop over the flattened reduced dims, then body(init, total)
absl::StatusOr<std::vector<ValueId>> ElementEmitter::EmitReduce(Node* node, const Index& index,
                                                                ValueId mask) {
  const int64_t count = node->num_operands() / 2;
  const std::vector<int64_t>& dims = node->attrs().Ints("dims");
  const Shape& shape = node->operand(0).type().shape;
  const Order order = OrderOf(*node);
  std::vector<ValueId> inits;
  for (int64_t i = 0; i < count; ++i) {
    CERMET_ASSIGN_OR_RETURN(const ValueId init, Emit(node->operand(count + i), {}, mask));
    inits.push_back(init);
  }
  Index full(shape.size());
  size_t kept = 0;
  std::vector<int64_t> reduced;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (Contains(dims, i)) {
      reduced.push_back(i);
    } else {
      full[i] = index[kept++];
    }
  }
  const auto combine = [&](const std::vector<ValueId>& accumulators,
                           ValueId inside) -> absl::StatusOr<std::vector<ValueId>> {
    std::vector<ValueId> arguments = accumulators;
    for (int64_t i = 0; i < count; ++i) {
      CERMET_ASSIGN_OR_RETURN(const ValueId element,
                              Emit(node->operand(i), full, And(mask, inside)));
      arguments.push_back(element);
    }
    return InlineScalar(*node->body(), arguments);
  };

  if (order.kind == Order::Kind::kLanes) {
    // The innermost run of adjacent reduced dims numbers the lanes; the others are outside it.
    size_t first = reduced.size() - 1;
    while (first > 0 && reduced[first - 1] + 1 == reduced[first]) --first;
    Shape outer_shape, run_shape;
    Dim outer(1), run(1);
    for (size_t i = 0; i < reduced.size(); ++i) {
      (i < first ? outer_shape : run_shape).push_back(shape[reduced[i]]);
      (i < first ? outer : run) = (i < first ? outer : run) * shape[reduced[i]];
    }
    // With dims outside, each run is padded to whole groups of lanes, so that element j of every
    // run is in lane j mod L; what the padding adds leaves its lane as it is.
    const Dim lanes(order.lanes);
    const Dim padded = first == 0 ? run : Dim::CeilDiv(run, lanes) * lanes;
    std::vector<ValueId> identities = inits;
    if (const std::optional<OpCode> op = SimpleCombiner(*node->body()); op.has_value()) {
      Graph scratch("identity");
      Builder builder(&scratch);
      const Value identity = builder.Identity(*op, node->type().dtype);
      CERMET_RETURN_IF_ERROR(builder.status());
      CERMET_ASSIGN_OR_RETURN(identities[0], EmitUncached(identity, {}, kNoValue));
    }
    CERMET_ASSIGN_OR_RETURN(
        std::vector<ValueId> totals,
        Loop(
            outer * padded, "k", LoopKind::kSerial, identities,
            [&](const Dim& variable,
                const std::vector<ValueId>& carried) -> absl::StatusOr<std::vector<ValueId>> {
              const Dim in_run = space_->Mod(variable, padded);
              const Index at_outer =
                  space_->Delinearize(space_->FloorDiv(variable, padded), outer_shape);
              const Index at_run = space_->Delinearize(in_run, run_shape);
              for (size_t i = 0; i < first; ++i) full[reduced[i]] = at_outer[i];
              for (size_t i = first; i < reduced.size(); ++i) full[reduced[i]] = at_run[i - first];
              const ValueId inside = first == 0 ? kNoValue : InBounds(in_run, run);
              CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> combined, combine(carried, inside));
              if (inside == kNoValue) return combined;
              for (size_t i = 0; i < combined.size(); ++i) {
                combined[i] = Here().Compute(OpCode::kSelect, {inside, combined[i], carried[i]});
              }
              return combined;
            },
            order.lanes, node->body()));
    std::vector<ValueId> arguments = inits;
    arguments.insert(arguments.end(), totals.begin(), totals.end());
    return InlineScalar(*node->body(), arguments);
  }

  const std::function<absl::StatusOr<std::vector<ValueId>>(size_t, const std::vector<ValueId>&)>
      nest = [&](size_t depth,
                 const std::vector<ValueId>& carried) -> absl::StatusOr<std::vector<ValueId>> {
    if (depth == reduced.size()) return combine(carried, kNoValue);
    return Loop(shape[reduced[depth]], "k", LoopKind::kSerial, carried,
                [&](const Dim& variable, const std::vector<ValueId>& inner) {
                  full[reduced[depth]] = variable;
                  return nest(depth + 1, inner);
                });
  };
  return nest(0, inits);
}

absl::StatusOr<std::vector<ValueId>> ElementEmitter::EmitReduceWindow(Node* node,
                                                                      const Index& index,
                                                                      ValueId mask) {
  const int64_t count = node->num_operands() / 2;
  const Shape& shape = node->operand(0).type().shape;
  const std::vector<int64_t>& window = node->attrs().Ints("window");
  const std::vector<int64_t>& stride = node->attrs().Ints("stride");
  const std::vector<int64_t>& low = node->attrs().Ints("low");
  const std::vector<int64_t>& high = node->attrs().Ints("high");
  const std::vector<int64_t>& dilation = node->attrs().Ints("dilation");
  std::vector<ValueId> inits;
  for (int64_t i = 0; i < count; ++i) {
    CERMET_ASSIGN_OR_RETURN(const ValueId init, Emit(node->operand(count + i), {}, mask));
    inits.push_back(init);
  }
  Index full(shape.size());
  const std::function<absl::StatusOr<std::vector<ValueId>>(size_t, const std::vector<ValueId>&,
                                                           ValueId)>
      nest = [&](size_t depth, const std::vector<ValueId>& carried,
                 ValueId inside) -> absl::StatusOr<std::vector<ValueId>> {
    if (depth == shape.size()) {
      std::vector<ValueId> arguments = carried;
      for (int64_t i = 0; i < count; ++i) {
        CERMET_ASSIGN_OR_RETURN(ValueId element, Emit(node->operand(i), full, And(mask, inside)));
        if (inside != kNoValue)
          element = Here().Compute(OpCode::kSelect, {inside, element, inits[i]});
        arguments.push_back(element);
      }
      return InlineScalar(*node->body(), arguments);
    }
    if (window[depth] == 1 && low[depth] == 0 && high[depth] == 0) {
      full[depth] = index[depth] * Dim(stride[depth]);
      return nest(depth + 1, carried, inside);
    }
    return Loop(Dim(window[depth]), "k", LoopKind::kSerial, carried,
                [&](const Dim& variable, const std::vector<ValueId>& inner) {
                  full[depth] = index[depth] * Dim(stride[depth]) +
                                variable * Dim(dilation[depth]) - Dim(low[depth]);
                  const bool padded = low[depth] != 0 || high[depth] != 0;
                  return nest(depth + 1, inner,
                              padded ? And(inside, InBounds(full[depth], shape[depth])) : inside);
                });
  };
  return nest(0, inits, kNoValue);
}

ValueId ElementEmitter::MultiplyAdd(ValueId x, ValueId y, ValueId acc) {
  KernelBuilder here = Here();
  const DType dtype = kernel_->type(acc).dtype;
  if (kernel_->type(x).dtype != dtype) x = here.Convert(x, dtype);
  if (kernel_->type(y).dtype != dtype) y = here.Convert(y, dtype);
  if (IsFloat(dtype)) return here.Compute(OpCode::kFma, {x, y, acc});
  return here.Add(here.Mul(x, y), acc);
}

namespace {

// The type of the accumulator of a contraction with this result: narrow floats accumulate in f32.
DType AccumulatorType(DType result) {
  return result == DType::kF16 || result == DType::kBF16 ? DType::kF32 : result;
}

}  // namespace

absl::StatusOr<ValueId> ElementEmitter::EmitDot(Node* node, const Index& index, ValueId mask) {
  const DimPair contract = node->attrs().Get<DimPair>("contract");
  const DimPair* batch = node->attrs().Find<DimPair>("batch");
  const Shape& lhs_shape = node->operand(0).type().shape;
  const Shape& rhs_shape = node->operand(1).type().shape;
  Index lhs(lhs_shape.size()), rhs(rhs_shape.size());
  size_t next = 0;
  if (batch != nullptr) {
    for (size_t i = 0; i < batch->lhs.size(); ++i) {
      lhs[batch->lhs[i]] = index[next];
      rhs[batch->rhs[i]] = index[next++];
    }
  }
  const auto is_free = [&](int64_t dim, bool left) {
    if (Contains(left ? contract.lhs : contract.rhs, dim)) return false;
    return batch == nullptr || !Contains(left ? batch->lhs : batch->rhs, dim);
  };
  for (size_t i = 0; i < lhs_shape.size(); ++i) {
    if (is_free(i, true)) lhs[i] = index[next++];
  }
  for (size_t i = 0; i < rhs_shape.size(); ++i) {
    if (is_free(i, false)) rhs[i] = index[next++];
  }
  const DType result_dtype = node->type().dtype;
  const std::function<absl::StatusOr<std::vector<ValueId>>(size_t, const std::vector<ValueId>&)>
      nest = [&](size_t depth,
                 const std::vector<ValueId>& carried) -> absl::StatusOr<std::vector<ValueId>> {
    if (depth == contract.lhs.size()) {
      CERMET_ASSIGN_OR_RETURN(const ValueId x, Emit(node->operand(0), lhs, mask));
      CERMET_ASSIGN_OR_RETURN(const ValueId y, Emit(node->operand(1), rhs, mask));
      return std::vector<ValueId>{MultiplyAdd(x, y, carried[0])};
    }
    return Loop(lhs_shape[contract.lhs[depth]], "k", LoopKind::kSerial, carried,
                [&](const Dim& variable, const std::vector<ValueId>& inner) {
                  lhs[contract.lhs[depth]] = variable;
                  rhs[contract.rhs[depth]] = variable;
                  return nest(depth + 1, inner);
                });
  };
  CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> sum,
                          nest(0, {Here().Constant(AccumulatorType(result_dtype), 0)}));
  return kernel_->type(sum[0]).dtype == result_dtype ? sum[0]
                                                     : Here().Convert(sum[0], result_dtype);
}

// y[n, o.., oc] = sum over k.., ic of x[n, o*stride + k*dilation - low, g*ic_per_group + ic] *
// w[k.., ic, oc], padding being zero.
absl::StatusOr<ValueId> ElementEmitter::EmitConvolution(Node* node, const Index& index,
                                                        ValueId mask) {
  CERMET_ASSIGN_OR_RETURN(const ConvLayout layout,
                          ParseConvLayout(node->attrs().Get<std::string>("layout")));
  const std::vector<int64_t>& stride = node->attrs().Ints("stride");
  const std::vector<int64_t>& low = node->attrs().Ints("low");
  const std::vector<int64_t>& lhs_dilation = node->attrs().Ints("lhs_dilation");
  const std::vector<int64_t>& rhs_dilation = node->attrs().Ints("rhs_dilation");
  const int64_t groups = node->attrs().Int("groups");
  const Shape& input_shape = node->operand(0).type().shape;
  const Shape& filter_shape = node->operand(1).type().shape;
  const Dim in_features = filter_shape[layout.filter_input];
  const Dim out_features = filter_shape[layout.filter_output];
  Index x(input_shape.size()), w(filter_shape.size());
  x[layout.input_batch] = index[layout.output_batch];
  w[layout.filter_output] = index[layout.output_feature];
  const Dim group = groups == 1 ? Dim(0)
                                : space_->FloorDiv(index[layout.output_feature],
                                                   Dim::FloorDiv(out_features, Dim(groups)));

  const size_t spatial = layout.input_spatial.size();
  const std::function<absl::StatusOr<std::vector<ValueId>>(size_t, const std::vector<ValueId>&,
                                                           ValueId)>
      nest = [&](size_t depth, const std::vector<ValueId>& carried,
                 ValueId inside) -> absl::StatusOr<std::vector<ValueId>> {
    if (depth > spatial || (depth == spatial && in_features == Dim(1))) {
      if (depth == spatial) {
        x[layout.input_feature] = group;
        w[layout.filter_input] = Dim(0);
      }
      CERMET_ASSIGN_OR_RETURN(ValueId element, Emit(node->operand(0), x, And(mask, inside)));
      CERMET_ASSIGN_OR_RETURN(const ValueId weight, Emit(node->operand(1), w, mask));
      return std::vector<ValueId>{MultiplyAdd(element, weight, carried[0])};
    }
    if (depth == spatial) {
      return Loop(in_features, "k", LoopKind::kSerial, carried,
                  [&](const Dim& variable, const std::vector<ValueId>& inner) {
                    x[layout.input_feature] = group * in_features + variable;
                    w[layout.filter_input] = variable;
                    return nest(depth + 1, inner, inside);
                  });
    }
    const int64_t x_dim = layout.input_spatial[depth], w_dim = layout.filter_spatial[depth];
    const auto at_tap = [&](const Dim& tap, const std::vector<ValueId>& inner) {
      w[w_dim] = tap;
      Dim position = index[layout.output_spatial[depth]] * Dim(stride[depth]) +
                     tap * Dim(rhs_dilation[depth]) - Dim(low[depth]);
      ValueId valid = inside;
      if (lhs_dilation[depth] != 1) {
        // Only every lhs_dilation-th position holds an input element; the others are zeros between
        // them.
        KernelBuilder here = Here();
        const ValueId raw = EmitIndex(position);
        const ValueId clamped = here.Compute(OpCode::kMaximum, {raw, here.Index(0)});
        const ValueId remainder = here.FloorMod(clamped, here.Index(lhs_dilation[depth]));
        valid = And(valid, here.Compare(CompareDirection::kGe, raw, here.Index(0)));
        valid = And(valid, here.Compare(CompareDirection::kEq, remainder, here.Index(0)));
        const ValueId quotient = here.FloorDiv(clamped, here.Index(lhs_dilation[depth]));
        valid = And(valid,
                    here.Compare(CompareDirection::kLt, quotient, EmitIndex(input_shape[x_dim])));
        position = space_->AddVariable(absl::StrCat("%t", next_variable_++), input_shape[x_dim]);
        BindVariable(position, quotient);
      } else {
        valid = And(valid, InBounds(position, input_shape[x_dim]));
      }
      x[x_dim] = position;
      return nest(depth + 1, inner, valid);
    };
    if (filter_shape[w_dim] == Dim(1)) return at_tap(Dim(0), carried);
    return Loop(filter_shape[w_dim], "k", LoopKind::kSerial, carried, at_tap);
  };
  const DType result_dtype = node->type().dtype;
  CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> sum,
                          nest(0, {Here().Constant(AccumulatorType(result_dtype), 0)}, kNoValue));
  return kernel_->type(sum[0]).dtype == result_dtype ? sum[0]
                                                     : Here().Convert(sum[0], result_dtype);
}

}  // namespace cermet::lower
