// LSTM, GRU and RNN, as a loop over the steps for each direction.
//
// The input's part of the gates, X W^T + bias, is one product over all steps before the loop; a
// step adds H R^T. The loop carries the step's number, the states and the output Y, which it writes
// row by row. Weights that are constants stay so inside the loop.
#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "frontend/onnx/subgraph.h"
#include "ir/status.h"

namespace cermet {
namespace {

enum class Cell { kLstm, kGru, kRnn };
int64_t NumGates(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kGru ? 3 : 1; }

struct Activation {
  std::string name;  // lower case
  double alpha = 0, beta = 0;
};

Value Activate(Builder& b, const Activation& f, double clip, Value x) {
  if (!x) return x;
  const Type scalar(x.type().dtype, {});
  const auto constant = [&](double value) { return b.Splat(value, scalar); };
  if (clip > 0) x = b.Max(b.Min(x, constant(clip)), constant(-clip));
  if (f.name == "sigmoid") return b.Unary(OpCode::kLogistic, x);
  if (f.name == "tanh") return b.Unary(OpCode::kTanh, x);
  if (f.name == "relu") return b.Max(x, constant(0));
  if (f.name == "affine") return b.Add(b.Mul(x, constant(f.alpha)), constant(f.beta));
  if (f.name == "leakyrelu")
    return b.Select(b.Compare("lt", x, constant(0)), b.Mul(x, constant(f.alpha)), x);
  if (f.name == "thresholdedrelu")
    return b.Select(b.Compare("gt", x, constant(f.alpha)), x, constant(0));
  if (f.name == "scaledtanh")
    return b.Mul(b.Unary(OpCode::kTanh, b.Mul(x, constant(f.beta))), constant(f.alpha));
  if (f.name == "hardsigmoid")
    return b.Max(constant(0),
                 b.Min(constant(1), b.Add(b.Mul(x, constant(f.alpha)), constant(f.beta))));
  if (f.name == "elu")
    return b.Select(b.Compare("lt", x, constant(0)),
                    b.Mul(b.Unary(OpCode::kExpm1, x), constant(f.alpha)), x);
  if (f.name == "softsign") return b.Div(x, b.Add(constant(1), b.Unary(OpCode::kAbs, x)));
  const Value tail = b.Unary(
      OpCode::kLog1p, b.Unary(OpCode::kExp, b.Unary(OpCode::kNeg, b.Unary(OpCode::kAbs, x))));
  return b.Add(b.Max(x, constant(0)), tail);  // softplus
}

struct ActivationRow {
  absl::string_view name;
  int parameters;
  double alpha, beta;  // defaults
};
constexpr ActivationRow kActivations[] = {
    {"sigmoid", 0, 0, 0},       {"tanh", 0, 0, 0},
    {"relu", 0, 0, 0},          {"softsign", 0, 0, 0},
    {"softplus", 0, 0, 0},      {"affine", 2, 1, 0},
    {"leakyrelu", 1, 0.01f, 0}, {"thresholdedrelu", 1, 1, 0},
    {"scaledtanh", 2, 1, 1},    {"hardsigmoid", 2, 0.2f, 0.5f},
    {"elu", 1, 1, 0},
};

// The activations of all directions, one after the other. Alphas and betas are given for those that
// take them, in order.
absl::StatusOr<std::vector<Activation>> ReadActivations(OpContext& c, Cell cell,
                                                        int64_t directions) {
  std::vector<std::string> names = c.Strings("activations");
  if (names.empty()) {
    for (int64_t d = 0; d < directions; ++d) {
      if (cell != Cell::kRnn) names.push_back("sigmoid");
      names.push_back("tanh");
      if (cell == Cell::kLstm) names.push_back("tanh");
    }
  }
  const int64_t each = cell == Cell::kLstm ? 3 : cell == Cell::kGru ? 2 : 1;
  if (static_cast<int64_t>(names.size()) != each * directions)
    return c.Error(
        absl::StrCat("it has ", names.size(), " activations instead of ", each * directions));
  const std::vector<double> alphas = c.Floats("activation_alpha"),
                            betas = c.Floats("activation_beta");
  size_t alpha = 0, beta = 0;
  std::vector<Activation> result;
  for (const std::string& given : names) {
    const std::string name = absl::AsciiStrToLower(given);
    const auto* row = std::find_if(std::begin(kActivations), std::end(kActivations),
                                   [&](const ActivationRow& r) { return r.name == name; });
    if (row == std::end(kActivations)) return c.Unsupported(absl::StrCat("activation ", given));
    Activation activation = {name, row->alpha, row->beta};
    if (row->parameters >= 1 && alpha < alphas.size()) activation.alpha = alphas[alpha++];
    if (row->parameters >= 2 && beta < betas.size()) activation.beta = betas[beta++];
    result.push_back(activation);
  }
  return result;
}

// One direction.
struct Recurrence {
  Cell cell = Cell::kLstm;
  bool reverse = false;
  bool linear_before_reset = false, input_forget = false;
  double clip = 0;
  std::vector<Activation> activations;
  Dim steps, batch, hidden;
  // In the surrounding graph: gates' part of the input [steps, batch, gates * hidden], weights
  // [gates * hidden, hidden], first states [batch, hidden]; optional: the recurrent bias of GRU's
  // candidate [hidden], peepholes [3 * hidden], lengths [batch].
  Value input, weights, h, c;
  Value candidate_bias, peepholes, lengths;
};

// The values of one step inside the loop's body.
struct Step {
  Value input;  // [batch, gates * hidden]
  Value h, c;
  Value weights, candidate_bias, peepholes;
};

// Columns [k * hidden, (k + 1) * hidden) of a matrix.
Value GateOf(Builder& b, Value x, int64_t k, const Dim& hidden) {
  if (!x) return x;
  return b.Slice(x, {0, Dim(k) * hidden}, {x.type().shape[0], Dim(k + 1) * hidden}, {1, 1});
}
// Rows [k * hidden, ...) of a matrix or elements of a vector.
Value PartOf(Builder& b, Value x, int64_t first, int64_t last, const Dim& hidden) {
  if (!x) return x;
  std::vector<Dim> start(x.type().rank(), 0), limit = x.type().shape;
  start[0] = Dim(first) * hidden;
  limit[0] = Dim(last) * hidden;
  return b.Slice(x, start, limit, std::vector<int64_t>(x.type().rank(), 1));
}

void LstmStep(Builder& b, const Recurrence& r, const Step& s, Value* h, Value* c) {
  const auto f = [&](int i, Value x) { return Activate(b, r.activations[i], r.clip, x); };
  const Shape shape = {r.batch, r.hidden};
  const auto peephole = [&](Value gate, int64_t k, Value state) {
    if (!s.peepholes) return gate;
    return b.Add(gate,
                 b.Mul(b.Broadcast(PartOf(b, s.peepholes, k, k + 1, r.hidden), shape, {1}), state));
  };
  const Value gates = b.Add(s.input, b.Dot(s.h, s.weights, {{1}, {1}}));
  const auto gate = [&](int64_t k) {
    return GateOf(b, gates, k, r.hidden);
  };  // order: input, output, forget, cell
  const Value in = f(0, peephole(gate(0), 0, s.c));
  const Value forget = r.input_forget ? b.Sub(b.Splat(1, Type(TypeOf(in).dtype, {})), in)
                                      : f(0, peephole(gate(2), 2, s.c));
  *c = b.Add(b.Mul(forget, s.c), b.Mul(in, f(1, gate(3))));
  const Value out = f(0, peephole(gate(1), 1, *c));
  // The cell's value is not clipped on its way to the output.
  *h = b.Mul(out, Activate(b, r.activations[2], 0, *c));
}

void GruStep(Builder& b, const Recurrence& r, const Step& s, Value* h) {
  const auto f = [&](int i, Value x) { return Activate(b, r.activations[i], r.clip, x); };
  const auto gate = [&](Value x, int64_t k) {
    return GateOf(b, x, k, r.hidden);
  };  // order: update, reset, hidden
  const auto with_bias = [&](Value x) {
    return s.candidate_bias ? b.Add(x, b.Broadcast(s.candidate_bias, {r.batch, r.hidden}, {1})) : x;
  };
  Value update, candidate;
  if (r.linear_before_reset) {
    const Value state = b.Dot(s.h, s.weights, {{1}, {1}});
    update = f(0, b.Add(gate(s.input, 0), gate(state, 0)));
    const Value reset = f(0, b.Add(gate(s.input, 1), gate(state, 1)));
    candidate = f(1, b.Add(gate(s.input, 2), b.Mul(reset, with_bias(gate(state, 2)))));
  } else {
    const Value state = b.Dot(s.h, PartOf(b, s.weights, 0, 2, r.hidden), {{1}, {1}});
    update = f(0, b.Add(gate(s.input, 0), gate(state, 0)));
    const Value reset = f(0, b.Add(gate(s.input, 1), gate(state, 1)));
    const Value part = b.Dot(b.Mul(reset, s.h), PartOf(b, s.weights, 2, 3, r.hidden), {{1}, {1}});
    candidate = f(1, b.Add(gate(s.input, 2), with_bias(part)));
  }
  const Value one = b.Splat(1, Type(TypeOf(update).dtype, {}));
  *h = b.Add(b.Mul(b.Sub(one, update), candidate), b.Mul(update, s.h));
}

// Builds cond and body at once: parameters in the same order, invariants either copied inside or
// carried.
class LoopEmitter {
 public:
  LoopEmitter(OpContext& c, const Recurrence& r) : c_(c), r_(r) {}

  // Emits the loop. Results: last h, last c (LSTM), Y [steps, batch, hidden].
  absl::Status Emit(Value* h, Value* c, Value* y) {
    AddParameters();
    CERMET_RETURN_IF_ERROR(c_.status());
    const int y_index = r_.c ? 3 : 2;
    EmitBody(y_index);
    CERMET_RETURN_IF_ERROR(body_builder_.status());
    CERMET_RETURN_IF_ERROR(EmitCondition());
    std::vector<std::unique_ptr<Graph>> bodies;
    bodies.push_back(std::move(cond_));
    bodies.push_back(std::move(body_));
    Node* loop = c_.b().MakeNode(OpCode::kWhile, initial_, {}, std::move(bodies));
    CERMET_RETURN_IF_ERROR(c_.status());
    *h = loop->result(1);
    if (r_.c) *c = loop->result(2);
    *y = loop->result(y_index);
    return absl::OkStatus();
  }

 private:
  // The carried values first: the step's number, h, c (LSTM), Y. Then what every step reads.
  void AddParameters() {
    i_ = Carry(c_.ScalarInt(0));
    step_.h = Carry(r_.h);
    step_.c = Carry(r_.c);
    y_ = Carry(c_.Splat(0, Type(DTypeOfState(), {r_.steps, r_.batch, r_.hidden})));
    input_ = Carry(r_.input);
    step_.weights = Invariant(r_.weights);
    step_.candidate_bias = Invariant(r_.candidate_bias);
    step_.peepholes = Invariant(r_.peepholes);
    lengths_ = Invariant(r_.lengths);
  }

  void EmitBody(int y_index) {
    Builder& b = body_builder_;
    b.set_location(c_.b().location());
    const Value zero = b.Constant(Literal::Scalar<int64_t>(0)),
                one = b.Constant(Literal::Scalar<int64_t>(1));
    const Value t = r_.reverse ? b.Sub(b.Sub(b.DimSize(r_.steps), one), i_) : i_;
    const Dim columns = r_.input.type().shape[2];
    step_.input = b.Reshape(b.MakeTyped(OpCode::kDynamicSlice, {input_, t, zero, zero},
                                        Type(DTypeOfState(), {1, r_.batch, columns})),
                            {r_.batch, columns});
    Value h, c;
    EmitCell(&h, &c);
    Value row = h;
    if (lengths_) {  // past a sequence's end the states stay and the output is 0
      const Value active = b.Broadcast(b.Compare("lt", t, lengths_), {r_.batch, r_.hidden}, {0});
      row = b.Select(active, h, b.Splat(0, Type(DTypeOfState(), {})));
      h = b.Select(active, h, step_.h);
      if (step_.c) c = b.Select(active, c, step_.c);
    }
    const Value y = b.Make(OpCode::kDynamicUpdateSlice,
                           {y_, b.Reshape(row, {1, r_.batch, r_.hidden}), t, zero, zero});
    if (!b.status().ok()) return;
    std::vector<Value> results;
    for (Node* parameter : body_->parameters()) results.push_back(parameter->result());
    results[0] = b.Add(i_, one);
    results[1] = h;
    if (step_.c) results[2] = c;
    results[y_index] = y;
    SetResults(body_.get(), std::move(results));
  }

  // h and, of an LSTM, c after the step.
  void EmitCell(Value* h, Value* c) {
    Builder& b = body_builder_;
    switch (r_.cell) {
      case Cell::kLstm:
        LstmStep(b, r_, step_, h, c);
        break;
      case Cell::kGru:
        GruStep(b, r_, step_, h);
        break;
      case Cell::kRnn:
        *h = Activate(b, r_.activations[0], r_.clip,
                      b.Add(step_.input, b.Dot(step_.h, step_.weights, {{1}, {1}})));
        break;
    }
  }

  absl::Status EmitCondition() {
    Builder b(cond_.get());
    b.set_location(c_.b().location());
    SetResults(cond_.get(), {b.Compare("lt", cond_->parameter(0)->result(), b.DimSize(r_.steps))});
    return b.status();
  }

  DType DTypeOfState() const { return r_.h.type().dtype; }
  Value Carry(Value initial) {
    if (!initial) return initial;
    const std::string name = absl::StrCat("p", initial_.size());
    initial_.push_back(initial);
    cond_->AddParameter(initial.type(), name);
    return body_->AddParameter(initial.type(), name)->result();
  }
  // Parameters stand first, so copies wait for all Carry calls: constants are decided here and
  // carried ones come before.
  Value Invariant(Value value) {
    if (!value) return value;
    if (const Value copy = CloneConstant(value, &body_builder_)) return copy;
    return Carry(value);
  }

  OpContext& c_;
  const Recurrence& r_;
  std::unique_ptr<Graph> cond_ = std::make_unique<Graph>("cond"),
                         body_ = std::make_unique<Graph>("body");
  Builder body_builder_{body_.get()};
  std::vector<Value> initial_;
  // Parameters of the body.
  Value i_, y_, input_, lengths_;
  Step step_;
};

// Row d of the leading dim, which goes away.
Value Direction(OpContext& c, Value x, int64_t d) {
  if (!x) return x;
  const Shape& shape = x.type().shape;
  if (shape[0] == Dim(1)) return c.Reshape(x, Shape(shape.begin() + 1, shape.end()));
  std::vector<Dim> start(shape.size(), 0), limit = shape;
  start[0] = d;
  limit[0] = d + 1;
  const Shape rest(shape.begin() + 1, shape.end());
  return c.b().Reshape(c.b().Slice(x, start, limit, std::vector<int64_t>(shape.size(), 1)), rest);
}

// Shapes of the inputs: X [steps, batch, size], W [directions, gates * hidden, size], R
// [directions, gates * hidden, hidden].
absl::Status CheckShapes(OpContext& c, int64_t gates) {
  for (int i = 0; i < 3; ++i) {
    if (c.rank(i) != 3)
      return c.Error(
          absl::StrCat("its input ", i, " has shape ", ToString(c.shape(i)), " instead of rank 3"));
  }
  const Dim rows = c.shape(2)[2] * Dim(gates);
  if (c.shape(1)[1] != rows || c.shape(2)[1] != rows || c.shape(1)[0] != c.shape(2)[0]) {
    return c.Error(absl::StrCat("weights W ", ToString(c.shape(1)), " and R ", ToString(c.shape(2)),
                                " do not fit ", gates, " gates"));
  }
  const int64_t ranks[] = {0, 0, 0, 2, 1, 3, 3, 2};
  for (int i = 3; i < c.num_inputs(); ++i) {
    if (c.has_input(i) && c.rank(i) != ranks[i])
      return c.Error(absl::StrCat("its input ", i, " has shape ", ToString(c.shape(i)),
                                  " instead of rank ", ranks[i]));
  }
  const bool batch_first = c.Int("layout", 0) != 0;
  for (int i = 5; i < c.num_inputs(); ++i) {
    if (!c.has_input(i)) continue;
    const Dim& directions = c.shape(i)[batch_first && i < 7 ? 1 : 0];
    if (c.solver().Equal(directions, c.shape(1)[0]) == false)
      return c.Error(absl::StrCat("its input ", i, " has shape ", ToString(c.shape(i)), " for ",
                                  c.shape(1)[0].ToString(), " directions"));
  }
  if (c.has_input(3) && c.shape(3) != Shape{c.shape(1)[0], rows * Dim(2)}) {
    return c.Error(absl::StrCat("bias of shape ", ToString(c.shape(3)), " does not fit"));
  }
  return absl::OkStatus();
}

// The gates' part of the input and what biases remain for the loop.
absl::Status PrepareInput(OpContext& c, Value x, int64_t d, Recurrence* r) {
  Builder& b = c.b();
  const int64_t gates = NumGates(r->cell);
  r->input = b.Dot(x, Direction(c, c.in(1), d), {{2}, {1}});
  r->weights = Direction(c, c.in(2), d);
  if (!c.has_input(3)) return c.status();
  const Value bias = Direction(c, c.in(3), d);
  const Value input_bias = PartOf(b, bias, 0, gates, r->hidden);
  Value sum;
  if (r->cell == Cell::kGru && r->linear_before_reset) {
    const Value recurrent = PartOf(b, bias, gates, 2 * gates - 1, r->hidden);
    const Value head = b.Add(PartOf(b, input_bias, 0, gates - 1, r->hidden), recurrent);
    sum = b.Concat({head, PartOf(b, input_bias, gates - 1, gates, r->hidden)}, 0);
    r->candidate_bias = PartOf(b, bias, 2 * gates - 1, 2 * gates, r->hidden);
  } else {
    sum = b.Add(input_bias, PartOf(b, bias, gates, 2 * gates, r->hidden));
  }
  if (!c.status().ok()) return c.status();
  r->input = b.Add(r->input, b.Broadcast(sum, r->input.type().shape, {2}));
  return c.status();
}

Value FirstState(OpContext& c, int input, bool batch_first, int64_t d, const Recurrence& r) {
  if (!c.has_input(input)) return c.Splat(0, Type(c.dtype(0), {r.batch, r.hidden}));
  Value state = c.in(input);
  if (batch_first) state = c.Transpose(state, {1, 0, 2});
  // Given states may name their batch dim otherwise than X does.
  const Shape& shape = TypeOf(state).shape;
  if (shape.size() == 3) (void)c.solver().Unify(shape[1], r.batch);
  return Direction(c, state, d);
}

template <Cell cell>
absl::Status Recurrent(OpContext& c) {
  Builder& b = c.b();
  const int64_t gates = NumGates(cell);
  CERMET_RETURN_IF_ERROR(CheckShapes(c, gates));
  const std::string direction = c.Str("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return c.Error(absl::StrCat("direction \"", direction, "\""));
  const int64_t directions = direction == "bidirectional" ? 2 : 1;
  if (c.shape(1)[0] != Dim(directions))
    return c.Error(absl::StrCat("weights for ", c.shape(1)[0].ToString(),
                                " directions, and direction is ", direction));
  const bool batch_first = c.Int("layout", 0) != 0;
  Value x = c.in(0);
  if (batch_first) x = c.Transpose(x, {1, 0, 2});
  CERMET_ASSIGN_OR_RETURN(const std::vector<Activation> activations,
                          ReadActivations(c, cell, directions));
  CERMET_RETURN_IF_ERROR(c.status());
  CERMET_RETURN_IF_ERROR(c.solver().Unify(x.type().shape[2], c.shape(1)[2]).status());

  std::vector<Value> ys, hs, cs;
  for (int64_t d = 0; d < directions; ++d) {
    Recurrence r;
    r.cell = cell;
    r.reverse = direction == "reverse" || d == 1;
    r.linear_before_reset = c.Int("linear_before_reset", 0) != 0;
    r.input_forget = c.Int("input_forget", 0) != 0;
    r.clip = c.Float("clip", 0);
    const size_t each = activations.size() / directions;
    r.activations.assign(activations.begin() + d * each, activations.begin() + (d + 1) * each);
    r.steps = x.type().shape[0];
    r.batch = x.type().shape[1];
    r.hidden = c.shape(2)[2];
    CERMET_RETURN_IF_ERROR(PrepareInput(c, x, d, &r));
    r.h = FirstState(c, 5, batch_first, d, r);
    if (cell == Cell::kLstm) r.c = FirstState(c, 6, batch_first, d, r);
    if (cell == Cell::kLstm && c.has_input(7)) r.peepholes = Direction(c, c.in(7), d);
    if (c.has_input(4)) r.lengths = b.Convert(c.in(4), DType::kI64);
    CERMET_RETURN_IF_ERROR(c.status());
    Value y, h, state;
    CERMET_RETURN_IF_ERROR(LoopEmitter(c, r).Emit(&h, &state, &y));
    const Shape one = {1, r.batch, r.hidden}, all = {r.steps, 1, r.batch, r.hidden};
    ys.push_back(c.Reshape(y, all));
    hs.push_back(c.Reshape(h, one));
    if (cell == Cell::kLstm) cs.push_back(c.Reshape(state, one));
  }
  const auto join = [&](const std::vector<Value>& parts, int64_t dim) {
    return parts.size() == 1 ? parts[0] : b.Concat(parts, dim);
  };
  const auto state = [&](const std::vector<Value>& parts) {
    const Value joined = join(parts, 0);
    return batch_first ? c.Transpose(joined, {1, 0, 2}) : joined;
  };
  Value y = join(ys, 1);
  if (batch_first) y = c.Transpose(y, {2, 0, 1, 3});
  CERMET_RETURN_IF_ERROR(c.Return(0, y));
  CERMET_RETURN_IF_ERROR(c.Return(1, state(hs)));
  if (cell == Cell::kLstm) CERMET_RETURN_IF_ERROR(c.Return(2, state(cs)));
  return absl::OkStatus();
}

constexpr OpRow kRows[] = {
    {"GRU", 7, kNewest, 3, 6, Recurrent<Cell::kGru>, Float16::kInF32},
    {"LSTM", 7, kNewest, 3, 8, Recurrent<Cell::kLstm>, Float16::kInF32},
    {"RNN", 7, kNewest, 3, 6, Recurrent<Cell::kRnn>, Float16::kInF32},
};

}  // namespace

absl::Span<const OpRow> RecurrentOps() { return kRows; }

}  // namespace cermet
