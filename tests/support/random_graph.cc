// Grows a graph node by node: each step picks a value that is there already and an op that takes
// it.
#include "tests/support/random_graph.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "ir/builder.h"
#include "ir/status.h"

namespace cermet::testing {
namespace {

constexpr DType kDTypes[] = {DType::kF32, DType::kF32, DType::kF32, DType::kF64,
                             DType::kI32, DType::kI64, DType::kU8,  DType::kBool};
constexpr int64_t kMostElements = 600;

class Generator {
 public:
  explicit Generator(uint64_t seed)
      : state_(seed * 0x9E3779B97F4A7C15u + 1), module_(std::make_unique<Module>()) {}

  std::unique_ptr<Module> Run(int max_nodes) {
    Graph* graph = module_->AddGraph("main");
    Builder builder(graph);
    builder_ = &builder;
    const int64_t inputs = 1 + Below(3);
    for (int64_t i = 0; i < inputs; ++i) {
      Shape shape;
      for (int64_t extent : RandomShape()) shape.push_back(Dim(extent));
      values_.push_back(
          graph->AddParameter(Type(kDTypes[Below(8)], shape), absl::StrCat("x", i))->result());
    }
    const int64_t nodes = 3 + Below(max_nodes - 2);
    for (int64_t i = 0; i < nodes; ++i) {
      const Value made = Step();
      CERMET_CHECK(builder.ok());
      if (made && StaticNumElements(made.type().shape).value_or(kMostElements + 1) <= kMostElements)
        values_.push_back(made);
    }
    // The last value and a few others are results, so that some have several uses.
    std::vector<Value> results = {values_.back()};
    for (int64_t i = Below(3); i > 0; --i) results.push_back(Pick());
    graph->set_results(results);
    graph->set_result_names(std::vector<std::string>(results.size()));
    return std::move(module_);
  }

 private:
  uint64_t Next() {  // splitmix64
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  int64_t Below(int64_t n) {
    return n <= 1 ? 0 : static_cast<int64_t>(Next() % static_cast<uint64_t>(n));
  }
  bool Chance(int64_t one_in) { return Below(one_in) == 0; }

  std::vector<int64_t> RandomShape() {
    static constexpr int64_t kExtents[] = {1, 2, 3, 4, 5, 7, 8, 17};
    std::vector<int64_t> shape(Below(4));
    for (int64_t& extent : shape) extent = kExtents[Below(8)];
    if (Chance(25) && !shape.empty()) shape[Below(shape.size())] = 0;
    if (Chance(10)) shape = {70 + Below(70)};
    return shape;
  }
  std::vector<int64_t> ShapeOf(Value value) {
    std::vector<int64_t> shape;
    for (const Dim& dim : value.type().shape) shape.push_back(dim.value());
    return shape;
  }
  static std::vector<Dim> Dims(const std::vector<int64_t>& values) {
    return {values.begin(), values.end()};
  }

  // Recent values more often: graphs get deep.
  Value Pick() {
    return values_[Chance(3) ? Below(values_.size())
                             : values_.size() - 1 - Below(std::min<size_t>(3, values_.size()))];
  }
  // A value of the type of `like`, made from another one where it must be.
  Value Match(Value like) {
    for (int tries = 0; tries < 6; ++tries) {
      const Value other = Pick();
      if (other.type() == like.type()) return other;
      if (other.type().shape == like.type().shape)
        return builder_->Convert(other, like.type().dtype);
    }
    if (Chance(2)) return like;
    return builder_->Splat(static_cast<double>(Below(5)), like.type());
  }

  Value Step() {
    const Value x = Pick();
    switch (Below(21)) {
      case 0:
      case 1:
      case 2:
        return Elementwise(x);
      case 3:
        return builder_->Convert(x, kDTypes[Below(8)]);
      case 4:
        return builder_->Select(builder_->Compare(Directions(), x, Match(x)), x, Match(x));
      case 5:
        return Broadcast(x);
      case 6:
        return ReshapeValue(x);
      case 7:
        return TransposeValue(x);
      case 8:
        return SliceValue(x);
      case 9:
        return PadValue(x);
      case 10:
        return x.type().rank() == 0 ? Value()
                                    : builder_->Concat({x, Match(x)}, Below(x.type().rank()));
      case 11:
      case 12:
        return ReduceValue(x);
      case 13:
        return Window(x);
      case 14:
      case 15:
        return Product(x);
      case 16:
        return GatherRows(x);
      case 17:
        return Update(x);
      case 18:
        return Chance(2) ? Residual(x) : Convolution(x);
      case 19:
      case 20:
        return WideIntegers(x);
    }
    CERMET_UNREACHABLE();
  }

  absl::string_view Directions() {
    static constexpr absl::string_view kNames[] = {"eq", "ne", "lt", "le", "gt", "ge"};
    return kNames[Below(6)];
  }

  Value Elementwise(Value x) {
    static constexpr OpCode kAny[] = {OpCode::kAdd, OpCode::kMul, OpCode::kMaximum,
                                      OpCode::kMinimum};
    static constexpr OpCode kNumber[] = {OpCode::kSub, OpCode::kDiv,  OpCode::kNeg,
                                         OpCode::kAbs, OpCode::kSign, OpCode::kRem};
    static constexpr OpCode kFloat[] = {OpCode::kFloor, OpCode::kSqrt, OpCode::kRoundEven,
                                        OpCode::kTrunc, OpCode::kCeil};
    static constexpr OpCode kBits[] = {OpCode::kAnd, OpCode::kOr, OpCode::kXor, OpCode::kNot};
    const DType dtype = x.type().dtype;
    OpCode op = kAny[Below(4)];
    if (Contains(kNumberSet, dtype) && Chance(2)) op = kNumber[Below(6)];
    if (IsFloat(dtype) && Chance(4)) op = kFloat[Below(5)];
    if (Contains(kBitsSet, dtype) && Chance(3)) op = kBits[Below(4)];
    if (IsFloat(dtype) && Chance(10)) return builder_->Make(OpCode::kFma, {x, Match(x), Match(x)});
    if (Info(op).max_operands == 1) return builder_->Unary(op, x);
    return builder_->Binary(op, x, Match(x));
  }

  // Integers whose arithmetic wraps: positions, or values clamped to limits that are often large,
  // times a factor, and then something that shows what became of the high bits.
  Value WideIntegers(Value x) {
    const Type type(DType::kI64, x.type().shape);
    const auto large = [&] {
      return Value(builder_->Broadcast(
          builder_->Constant(Literal::SplatInt(DType::kI64, {}, LargeInteger())), type.shape, {}));
    };
    Value value = x.type().dtype == DType::kI64 ? x : builder_->Convert(x, DType::kI64);
    const Value zero = builder_->Splat(0.0, type);
    if (type.rank() > 0 && Chance(4)) {
      value = builder_->Iota(type, Below(type.rank()));
    } else if (Chance(2)) {
      value = builder_->Make(OpCode::kClamp, {zero, value, large()});
    } else if (Chance(2)) {
      value = builder_->Binary(OpCode::kMinimum, builder_->Binary(OpCode::kMaximum, value, zero),
                               large());
    }
    const Value factor = large();
    value = builder_->Mul(value, factor);
    if (Chance(3)) value = builder_->Add(value, large());
    switch (Below(4)) {
      case 0:
        return builder_->Binary(OpCode::kMaximum, value, zero);
      case 1:
        return builder_->Binary(Chance(2) ? OpCode::kDiv : OpCode::kRem, value, factor);
      case 2:
        return builder_->Compare(Directions(), value, Chance(2) ? zero : large());
    }
    return value;
  }
  // Not 0: a power of two, next to one, or any bits.
  int64_t LargeInteger() {
    const int64_t power = int64_t{1} << Below(63);
    if (Chance(3)) return static_cast<int64_t>(Next() | 1);
    return Chance(2) ? power : power + 2 * Below(3) + 1;
  }

  Value Broadcast(Value x) {
    Shape shape = x.type().shape;
    std::vector<int64_t> dims(shape.size());
    std::iota(dims.begin(), dims.end(), 0);
    const int64_t at = Below(shape.size() + 1);
    shape.insert(shape.begin() + at, Dim(1 + Below(4)));
    for (int64_t& dim : dims) dim += dim >= at;
    return builder_->Broadcast(x, shape, dims);
  }

  Value ReshapeValue(Value x) {
    std::vector<int64_t> shape = ShapeOf(x);
    if (shape.size() >= 2 && Chance(2)) {  // merge two neighbours
      const int64_t at = Below(shape.size() - 1);
      shape[at] *= shape[at + 1];
      shape.erase(shape.begin() + at + 1);
    } else if (!shape.empty()) {  // split one
      const int64_t at = Below(shape.size());
      for (int64_t factor : {3, 2, 4, 5}) {
        if (shape[at] % factor != 0 || shape[at] == 0) continue;
        shape[at] /= factor;
        shape.insert(shape.begin() + at + 1, factor);
        break;
      }
    } else {
      shape = {1, 1};
    }
    return builder_->Reshape(x, Dims(shape));
  }

  Value TransposeValue(Value x) {
    std::vector<int64_t> permutation(x.type().rank());
    std::iota(permutation.begin(), permutation.end(), 0);
    for (size_t i = permutation.size(); i > 1; --i)
      std::swap(permutation[i - 1], permutation[Below(i)]);
    return builder_->Transpose(x, permutation);
  }

  Value SliceValue(Value x) {
    std::vector<Dim> start, limit;
    std::vector<int64_t> stride;
    for (int64_t extent : ShapeOf(x)) {
      const int64_t from = Below(extent);
      start.push_back(Dim(from));
      limit.push_back(Dim(from + Below(extent - from + 1)));
      stride.push_back(1 + Below(3));
    }
    return builder_->Slice(x, start, limit, stride);
  }

  Value PadValue(Value x) {
    std::vector<Dim> low, high;
    std::vector<int64_t> interior;
    const bool whole_rows = x.type().rank() > 1 && Chance(2);  // written in pieces, fused
    for (int64_t i = 0; i < x.type().rank(); ++i) {
      if (whole_rows) {
        const bool last = i + 1 == x.type().rank();
        low.push_back(Dim(last ? 0 : Below(3)));
        high.push_back(Dim(last ? 0 : Below(3)));
        interior.push_back(0);
        continue;
      }
      low.push_back(Dim(Below(3) - (ShapeOf(x)[i] > 3 ? Below(2) : 0)));
      high.push_back(Dim(Below(3)));
      interior.push_back(Chance(4) ? 1 : 0);
    }
    return builder_->Pad(x, PadScalar(x), low, high, interior);
  }

  // What to pad `x` with: a constant, an element of any value, or a sum or maximum of one.
  Value PadScalar(Value x) {
    const DType dtype = x.type().dtype;
    Value from = Chance(2) ? x : Pick();
    if (Chance(3) || StaticNumElements(from.type().shape).value_or(0) == 0)
      return builder_->Splat(static_cast<double>(Below(3)), Type(dtype, {}));
    if (from.type().dtype != dtype) from = builder_->Convert(from, dtype);
    const int64_t rank = from.type().rank();
    if (Chance(2)) {
      const OpCode op = Chance(2) ? OpCode::kMaximum : OpCode::kAdd;
      std::vector<int64_t> dims(rank);
      std::iota(dims.begin(), dims.end(), 0);
      return rank == 0 ? from : builder_->Reduce(op, from, builder_->Identity(op, dtype), dims);
    }
    const std::vector<Dim> first(rank, Dim(1));
    const Value element =
        builder_->Slice(from, std::vector<Dim>(rank), first, std::vector<int64_t>(rank, 1));
    return builder_->Reshape(element, {});
  }

  Value ReduceValue(Value x) {
    static constexpr OpCode kOps[] = {OpCode::kAdd, OpCode::kMaximum, OpCode::kMinimum,
                                      OpCode::kMul};
    const OpCode op = kOps[Below(4)];
    std::vector<int64_t> dims;
    for (int64_t i = 0; i < x.type().rank(); ++i) {
      if (Chance(2) || i + 1 == x.type().rank()) dims.push_back(i);
    }
    if (Chance(3) && dims.size() > 1) dims.pop_back();
    return builder_->Reduce(op, x, builder_->Identity(op, x.type().dtype), dims);
  }

  Value Window(Value x) {
    if (x.type().rank() == 0) return Value();
    std::vector<int64_t> window, stride, low, high, dilation;
    for (int64_t extent : ShapeOf(x)) {
      window.push_back(std::min<int64_t>(extent, 1 + Below(3)));
      if (window.back() == 0) return Value();
      stride.push_back(1 + Below(2));
      low.push_back(Below(2));
      high.push_back(Below(2));
      dilation.push_back(1);
    }
    const OpCode op = Chance(2) ? OpCode::kMaximum : OpCode::kAdd;
    std::vector<std::unique_ptr<Graph>> bodies;
    bodies.push_back(BinaryBody(op, x.type().dtype));
    AttrMap attrs = {{"window", window},
                     {"stride", stride},
                     {"low", low},
                     {"high", high},
                     {"dilation", dilation}};
    Node* node =
        builder_->MakeNode(OpCode::kReduceWindow, {x, builder_->Identity(op, x.type().dtype)},
                           attrs, std::move(bodies));
    return node == nullptr ? Value() : node->result();
  }

  // x: [..., k] times a value [k, n] made from another one.
  Value Product(Value x) {
    if (x.type().rank() == 0 || x.type().dtype == DType::kBool) return Value();
    const Dim k = x.type().shape.back();
    Value y = Pick();
    if (y.type().dtype != x.type().dtype) y = builder_->Convert(y, x.type().dtype);
    if (y.type().rank() == 0 || y.type().shape[0] != k) {
      y = builder_->Splat(0.5 + static_cast<double>(Below(3)),
                          Type(x.type().dtype, {k, Dim(1 + Below(20))}));
    }
    return builder_->Dot(x, y, DimPair{{x.type().rank() - 1}, {0}});
  }

  // y + convolution(pad(y)), where y is computed from x: [batch, ..., features].
  Value Residual(Value x) {
    const int64_t rank = x.type().rank(), spatial = rank - 2;
    if (spatial < 1 || spatial > 3 || x.type().dtype == DType::kBool) return Value();
    const Dim features = x.type().shape.back();
    if (features.value() == 0 || features.value() > 20) return Value();
    const Value y = builder_->Binary(OpCode::kMul, x, Match(x));
    std::vector<Dim> border(rank, Dim(1)), filter(rank, Dim(3));
    border.front() = border.back() = Dim(0);
    filter[rank - 2] = filter[rank - 1] = features;
    const Type type(x.type().dtype, filter);
    const std::vector<int64_t> ones(spatial, 1), zeros(spatial, 0);
    const std::string digits = std::string("012").substr(0, spatial);
    const Value convolved =
        builder_->Make(OpCode::kConvolution,
                       {builder_->Pad(y, PadScalar(y), border, border, std::vector<int64_t>(rank)),
                        builder_->Add(builder_->Iota(type, 0), builder_->Iota(type, 2))},
                       {{"layout", "b" + digits + "f_" + digits + "io->b" + digits + "f"},
                        {"stride", ones},
                        {"low", zeros},
                        {"high", zeros},
                        {"lhs_dilation", ones},
                        {"rhs_dilation", ones},
                        {"groups", int64_t{1}}});
    return builder_->Add(y, convolved);
  }

  // x: [batch, features, ...] or [batch, ..., features], with filters that count along two of
  // their dims.
  Value Convolution(Value x) {
    const int64_t spatial = x.type().rank() - 2;
    if (spatial < 1 || spatial > 3 || x.type().dtype == DType::kBool) return Value();
    const bool features_last = Chance(2);
    const int64_t features = ShapeOf(x)[features_last ? spatial + 1 : 1];
    if (features == 0) return Value();
    const int64_t groups = Chance(2) ? features : 1;
    std::vector<Dim> filter = {Dim(groups * (1 + Below(groups == 1 ? 20 : 2))),
                               Dim(features / groups)};
    std::vector<int64_t> stride, low, high, lhs_dilation, rhs_dilation;
    for (int64_t i = 0; i < spatial; ++i) {
      filter.push_back(Dim(1 + Below(3)));
      stride.push_back(1 + Below(2));
      rhs_dilation.push_back(1 + Below(2));
      lhs_dilation.push_back(Chance(6) ? 2 : 1);
      low.push_back(Below(3));
      // At least one window fits.
      const int64_t reach = (filter.back().value() - 1) * rhs_dilation.back() + 1;
      const int64_t extent = ShapeOf(x)[i + (features_last ? 1 : 2)] + low.back();
      high.push_back(std::max<int64_t>(Below(3), reach - extent));
    }
    const std::string digits = std::string("012").substr(0, spatial);
    std::string layout = "bf" + digits + "_oi" + digits + "->bf" + digits;
    if (features_last) {
      layout = "b" + digits + "f_" + digits + "io->b" + digits + "f";
      std::rotate(filter.begin(), filter.begin() + 2, filter.end());
      std::swap(filter[spatial], filter[spatial + 1]);
    }
    const Type type(x.type().dtype, filter);
    return builder_->Make(OpCode::kConvolution,
                          {x, builder_->Add(builder_->Iota(type, 0), builder_->Iota(type, 2))},
                          {{"layout", layout},
                           {"stride", stride},
                           {"low", low},
                           {"high", high},
                           {"lhs_dilation", lhs_dilation},
                           {"rhs_dilation", rhs_dilation},
                           {"groups", groups}});
  }

  Value GatherRows(Value x) {
    if (x.type().rank() == 0 || ShapeOf(x)[0] == 0) return Value();
    const Value indices = builder_->Convert(Pick(), DType::kI32);
    const int64_t batch = indices.type().rank();
    std::vector<int64_t> offset_dims;
    std::vector<Dim> sizes = x.type().shape;
    sizes[0] = Dim(1);
    for (int64_t i = 1; i < x.type().rank(); ++i) offset_dims.push_back(batch + i - 1);
    return builder_->Make(OpCode::kGather, {x, indices},
                          {{"offset_dims", offset_dims},
                           {"collapsed_slice_dims", std::vector<int64_t>{0}},
                           {"start_index_map", std::vector<int64_t>{0}},
                           {"index_vector_dim", batch},
                           {"slice_sizes", sizes}});
  }

  Value Update(Value x) {
    if (x.type().rank() == 0) return Value();
    const Value update = SliceValue(x);
    std::vector<Value> operands = {x, update};
    for (int64_t i = 0; i < x.type().rank(); ++i) {
      operands.push_back(builder_->Constant(Literal::SplatInt(DType::kI32, {}, Below(6) - 1)));
    }
    return builder_->Make(OpCode::kDynamicUpdateSlice, operands);
  }

  uint64_t state_;
  std::unique_ptr<Module> module_;
  Builder* builder_ = nullptr;
  std::vector<Value> values_;
};

}  // namespace

std::unique_ptr<Module> RandomGraph(uint64_t seed, int max_nodes) {
  return Generator(seed).Run(max_nodes);
}

}  // namespace cermet::testing
