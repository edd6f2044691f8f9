// Reductions and window reductions, rounded as their `order` says (ir/order.h).
//
// Elements are combined by a Combiner over k accumulators: one native op when the body is one (sums
// and extrema of f32 and f64, which is what models are full of), else the body on bits.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "ir/evaluator/indexing.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/order_attribute.h"
#include "ir/status.h"

namespace cermet::evaluator {
namespace {

// The identity of a simple combiner, or nullopt.
std::optional<ScalarBits> IdentityOf(OpCode op, DType dtype) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto number = [dtype](double value) {
    return LoadElement(Literal::Splat(dtype, {}, value), 0);
  };
  if (op == OpCode::kAdd || op == OpCode::kOr || op == OpCode::kXor) return number(0);
  if (op == OpCode::kMul) return number(1);
  if (op == OpCode::kAnd) return BitsFromInt(dtype, -1);
  // Converting saturates, so infinities become the ends of an integer type's range.
  if (op == OpCode::kMaximum) return dtype == DType::kBool ? 0 : number(-infinity);
  if (op == OpCode::kMinimum) return dtype == DType::kBool ? 1 : number(infinity);
  return std::nullopt;
}

// Combines k values at a time into k accumulators by the body.
class Combiner {
 public:
  Combiner(const Node& node, Operands operands, const Scope& scope)
      : body_(*node.body(), scope), k_(operands.size() / 2), arguments_(2 * k_) {
    for (size_t i = 0; i < k_; ++i) inputs_.push_back(operands[i]);
    for (size_t i = 0; i < k_; ++i) inits_.push_back(LoadElement(*operands[k_ + i], 0));
    lane_inits_ = inits_;
    if (k_ == 1 && body_.simple().has_value()) {
      const std::optional<ScalarBits> identity = IdentityOf(*body_.simple(), inputs_[0]->dtype());
      if (identity.has_value()) lane_inits_[0] = *identity;
    }
  }
  size_t k() const { return k_; }
  const std::vector<const Literal*>& inputs() const { return inputs_; }
  const std::vector<ScalarBits>& inits() const { return inits_; }
  // What each of several lanes starts from: the identity where it is known.
  const std::vector<ScalarBits>& lane_inits() const { return lane_inits_; }
  const std::optional<OpCode>& simple() const { return body_.simple(); }

  // acc = body(acc, values)
  absl::Status Combine(ScalarBits* acc, const ScalarBits* values) {
    std::copy_n(acc, k_, arguments_.begin());
    std::copy_n(values, k_, arguments_.begin() + static_cast<int64_t>(k_));
    return body_.Run(arguments_.data(), acc);
  }
  // acc = body(acc, element `position` of the inputs)
  absl::Status CombineElement(ScalarBits* acc, int64_t position) {
    std::copy_n(acc, k_, arguments_.begin());
    for (size_t i = 0; i < k_; ++i) arguments_[k_ + i] = LoadElement(*inputs_[i], position);
    return body_.Run(arguments_.data(), acc);
  }

 private:
  ScalarBody body_;
  size_t k_;
  std::vector<const Literal*> inputs_;
  std::vector<ScalarBits> inits_;
  std::vector<ScalarBits> lane_inits_;
  std::vector<ScalarBits> arguments_;
};

// The places of the elements that one result reduces, relative to its first.
struct ReducedPlaces {
  std::vector<int64_t> outer;  // offsets of the outer reduced dims, row-major
  std::vector<int64_t> inner;  // offsets of the innermost run of adjacent reduced dims
};

ReducedPlaces PlacesOf(const Extents& shape, std::vector<int64_t> dims) {
  std::sort(dims.begin(), dims.end());
  size_t split = dims.empty() ? 0 : dims.size() - 1;
  while (split > 0 && dims[split - 1] + 1 == dims[split]) --split;
  const Extents strides = Strides(shape);
  const auto offsets = [&](size_t begin, size_t end) {
    Extents extents, steps;
    for (size_t i = begin; i < end; ++i) {
      extents.push_back(shape[static_cast<size_t>(dims[i])]);
      steps.push_back(strides[static_cast<size_t>(dims[i])]);
    }
    std::vector<int64_t> result(static_cast<size_t>(Product(extents)));
    AffineWalk walk(extents, steps, 0);
    for (int64_t& offset : result) {
      offset = walk.position();
      walk.Next();
    }
    return result;
  };
  return {offsets(0, split), offsets(split, dims.size())};
}

// Reduces the elements at `base` + places into `acc` (k values) by the order.
absl::Status ReduceOne(Combiner* combiner, const Order& order, const ReducedPlaces& places,
                       int64_t base, std::vector<ScalarBits>* lanes, ScalarBits* acc) {
  const size_t k = combiner->k();
  std::copy_n(combiner->inits().begin(), k, acc);
  if (order.kind == Order::Kind::kSequential) {
    for (int64_t outer : places.outer) {
      for (int64_t inner : places.inner) {
        CERMET_RETURN_IF_ERROR(combiner->CombineElement(acc, base + outer + inner));
      }
    }
    return absl::OkStatus();
  }
  const size_t count = static_cast<size_t>(order.lanes);
  lanes->resize(count * k);
  for (size_t lane = 0; lane < count; ++lane) {
    std::copy_n(combiner->lane_inits().begin(), k, lanes->begin() + static_cast<int64_t>(lane * k));
  }
  for (int64_t outer : places.outer) {
    for (size_t j = 0; j < places.inner.size(); ++j) {
      CERMET_RETURN_IF_ERROR(
          combiner->CombineElement(lanes->data() + j % count * k, base + outer + places.inner[j]));
    }
  }
  for (size_t half = count / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) {
      CERMET_RETURN_IF_ERROR(
          combiner->Combine(lanes->data() + lane * k, lanes->data() + (lane + half) * k));
    }
  }
  return combiner->Combine(acc, lanes->data());
}

// The same for one input and a native binary op.
template <typename T, typename Op>
T ReduceOneNative(Op op, T init, T lane_init, const Order& order, const ReducedPlaces& places,
                  const T* base, std::vector<T>* lanes) {
  T acc = init;
  if (order.kind == Order::Kind::kSequential) {
    for (int64_t outer : places.outer) {
      for (int64_t inner : places.inner) acc = op(acc, base[outer + inner]);
    }
    return acc;
  }
  const size_t count = static_cast<size_t>(order.lanes);
  lanes->assign(count, lane_init);
  for (int64_t outer : places.outer) {
    for (size_t j = 0; j < places.inner.size(); ++j) {
      T& lane = (*lanes)[j % count];
      lane = op(lane, base[outer + places.inner[j]]);
    }
  }
  for (size_t half = count / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) {
      (*lanes)[lane] = op((*lanes)[lane], (*lanes)[lane + half]);
    }
  }
  return op(acc, (*lanes)[0]);
}

template <typename T>
T BitsAs(ScalarBits bits) {
  if constexpr (sizeof(T) == 4) return std::bit_cast<T>(static_cast<uint32_t>(bits));
  if constexpr (sizeof(T) == 8) return std::bit_cast<T>(bits);
}

// Calls `body` with a native function for the simple combiner, if there is one for it; false
// otherwise.
template <typename T, typename Body>
bool WithNativeOp(OpCode op, Body body) {
  if (op == OpCode::kAdd) {
    body([](T x, T y) { return x + y; });
  } else if (op == OpCode::kMul) {
    body([](T x, T y) { return x * y; });
  } else if (op == OpCode::kMaximum) {
    body([](T x, T y) { return y > x || std::isnan(y) ? y : x; });
  } else if (op == OpCode::kMinimum) {
    body([](T x, T y) { return y < x || std::isnan(y) ? y : x; });
  } else {
    return false;
  }
  return true;
}

// The element numbers of the first reduced element of each result, in order.
class BaseWalk {
 public:
  BaseWalk(const Extents& shape, const std::vector<int64_t>& dims) {
    const Extents all = Strides(shape);
    for (size_t i = 0; i < shape.size(); ++i) {
      if (std::find(dims.begin(), dims.end(), static_cast<int64_t>(i)) != dims.end()) continue;
      extents_.push_back(shape[i]);
      strides_.push_back(all[i]);
    }
  }
  AffineWalk walk() const { return AffineWalk(extents_, strides_, 0); }

 private:
  Extents extents_;
  Extents strides_;
};

template <typename T>
bool ReduceNative(const Combiner& combiner, const Order& order, const ReducedPlaces& places,
                  const BaseWalk& bases, Literal* result) {
  return WithNativeOp<T>(*combiner.simple(), [&](auto op) {
    const T init = BitsAs<T>(combiner.inits()[0]);
    const T lane_init = BitsAs<T>(combiner.lane_inits()[0]);
    const T* input = combiner.inputs()[0]->values<T>().data();
    std::vector<T> lanes;
    AffineWalk walk = bases.walk();
    for (T& value : result->mutable_values<T>()) {
      value = ReduceOneNative(op, init, lane_init, order, places, input + walk.position(), &lanes);
      walk.Next();
    }
  });
}

std::vector<Literal> ResultsOf(const std::vector<StaticType>& types) {
  std::vector<Literal> results;
  for (const StaticType& type : types) results.emplace_back(type.dtype, type.shape);
  return results;
}

absl::Status CheckEqualShapes(const Node& node, const Combiner& combiner) {
  for (const Literal* input : combiner.inputs()) {
    if (input->shape() != combiner.inputs()[0]->shape()) {
      return NodeError(node, "its operands differ in shape in this run");
    }
  }
  return absl::OkStatus();
}

// A window over one array: where each of its elements is, given the result's index.
struct Window {
  std::vector<int64_t> extents, stride, low, dilation;

  // The element number in an array of `shape`, or -1 in the padding.
  int64_t Place(const Extents& shape, const Extents& strides, const Extents& result,
                const Extents& element) const {
    int64_t place = 0;
    for (size_t d = 0; d < shape.size(); ++d) {
      const int64_t at = result[d] * stride[d] + element[d] * dilation[d] - low[d];
      if (at < 0 || at >= shape[d]) return -1;
      place += at * strides[d];
    }
    return place;
  }
};

// Calls `visit(result element, place)` for every element of every window, in row-major order of
// both.
template <typename Visit>
absl::Status ForEachWindowElement(const Window& window, const Extents& shape, const Literal& result,
                                  Visit visit) {
  if (result.num_elements() == 0 || Product(window.extents) == 0) return absl::OkStatus();
  const Extents strides = Strides(shape);
  Odometer index(result.shape());
  for (int64_t i = 0; i < result.num_elements(); ++i, index.Next()) {
    Odometer element(window.extents);
    do {
      CERMET_RETURN_IF_ERROR(
          visit(i, window.Place(shape, strides, index.index(), element.index())));
    } while (element.Next());
  }
  return absl::OkStatus();
}

template <typename T>
bool ReduceWindowNative(const Combiner& combiner, const Window& window, Literal* result) {
  return WithNativeOp<T>(*combiner.simple(), [&](auto op) {
    const T init = BitsAs<T>(combiner.inits()[0]);
    const T* input = combiner.inputs()[0]->values<T>().data();
    absl::Span<T> values = result->mutable_values<T>();
    std::fill(values.begin(), values.end(), init);
    const absl::Status status = ForEachWindowElement(
        window, combiner.inputs()[0]->shape(), *result, [&](int64_t i, int64_t place) {
          T& value = values[static_cast<size_t>(i)];
          value = op(value, place < 0 ? init : input[place]);
          return absl::OkStatus();
        });
    CERMET_CHECK(status.ok());
  });
}

}  // namespace

absl::StatusOr<std::vector<Literal>> EvaluateReduce(const Node& node, Operands operands,
                                                    const std::vector<StaticType>& types,
                                                    const Scope& scope) {
  Combiner combiner(node, operands, scope);
  CERMET_RETURN_IF_ERROR(CheckEqualShapes(node, combiner));
  const Order order = OrderOf(node);
  const Extents& shape = operands[0]->shape();
  const std::vector<int64_t>& dims = node.attrs().Ints("dims");
  const ReducedPlaces places = PlacesOf(shape, dims);
  const BaseWalk bases(shape, dims);
  std::vector<Literal> results = ResultsOf(types);
  if (combiner.k() == 1 && combiner.simple().has_value()) {
    const DType dtype = operands[0]->dtype();
    if (dtype == DType::kF32 && ReduceNative<float>(combiner, order, places, bases, &results[0])) {
      return results;
    }
    if (dtype == DType::kF64 && ReduceNative<double>(combiner, order, places, bases, &results[0])) {
      return results;
    }
  }
  std::vector<ScalarBits> lanes;
  std::vector<ScalarBits> acc(combiner.k());
  AffineWalk walk = bases.walk();
  for (int64_t i = 0; i < results[0].num_elements(); ++i, walk.Next()) {
    CERMET_RETURN_IF_ERROR(
        ReduceOne(&combiner, order, places, walk.position(), &lanes, acc.data()));
    for (size_t r = 0; r < results.size(); ++r) StoreElement(&results[r], i, acc[r]);
  }
  return results;
}

absl::StatusOr<std::vector<Literal>> EvaluateReduceWindow(const Node& node, Operands operands,
                                                          const std::vector<StaticType>& types,
                                                          const Scope& scope) {
  Combiner combiner(node, operands, scope);
  CERMET_RETURN_IF_ERROR(CheckEqualShapes(node, combiner));
  const AttrMap& attrs = node.attrs();
  const Window window = {attrs.Ints("window"), attrs.Ints("stride"), attrs.Ints("low"),
                         attrs.Ints("dilation")};
  std::vector<Literal> results = ResultsOf(types);
  if (combiner.k() == 1 && combiner.simple().has_value()) {
    const DType dtype = operands[0]->dtype();
    if (dtype == DType::kF32 && ReduceWindowNative<float>(combiner, window, &results[0])) {
      return results;
    }
    if (dtype == DType::kF64 && ReduceWindowNative<double>(combiner, window, &results[0])) {
      return results;
    }
  }
  const size_t k = combiner.k();
  std::vector<ScalarBits> acc(k * static_cast<size_t>(results[0].num_elements()));
  for (size_t i = 0; i < acc.size(); ++i) acc[i] = combiner.inits()[i % k];
  CERMET_RETURN_IF_ERROR(
      ForEachWindowElement(window, operands[0]->shape(), results[0], [&](int64_t i, int64_t place) {
        ScalarBits* values = acc.data() + static_cast<size_t>(i) * k;
        return place < 0 ? combiner.Combine(values, combiner.inits().data())
                         : combiner.CombineElement(values, place);
      }));
  for (size_t r = 0; r < k; ++r) {
    for (int64_t i = 0; i < results[r].num_elements(); ++i) {
      StoreElement(&results[r], i, acc[static_cast<size_t>(i) * k + r]);
    }
  }
  return results;
}

}  // namespace cermet::evaluator
