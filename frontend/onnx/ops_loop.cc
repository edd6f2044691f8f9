// Loop and Scan as `while`.
//
// Carried, in order: the iteration number, the condition where it is computed, the states, one
// buffer for each scan output (written by dynamic_update_slice), the scanned inputs, and what the
// body captures. The number of iterations must be known where there are scan outputs, whose extent
// it is.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "frontend/onnx/subgraph.h"
#include "ir/status.h"

namespace cermet {
namespace {

struct ScanAxis {
  int64_t axis = 0;
  bool reverse = false;
};

struct LoopPlan {
  const onnx::GraphProto* body = nullptr;
  std::optional<Dim> trips;    // if known
  Value trip_value;            // else, if it is limited
  Value condition;             // its first value; null when it is always true
  std::vector<Value> states;   // first values
  std::vector<Value> scanned;  // whole tensors
  std::vector<ScanAxis> scan_inputs, scan_outputs;
  bool counted =
      false;  // Loop: the body has the inputs (iteration, condition) and the output (condition)
};

int64_t NumScanOutputs(const LoopPlan& plan) {
  return plan.body->output_size() - (plan.counted ? 1 : 0) -
         static_cast<int64_t>(plan.states.size());
}

// The place `i`, or `i` counted from the end, along the axis of one step.
Value StepIndex(OpContext& c, Builder& b, Value i, const LoopPlan& plan, bool reverse) {
  if (!reverse) return i;
  const Value last = b.Sub(b.DimSize(*plan.trips), b.Constant(Literal::Scalar<int64_t>(1)));
  return b.Sub(last, i);
}

std::vector<Value> Starts(Builder& b, int64_t rank, int64_t axis, Value at) {
  std::vector<Value> starts;
  for (int64_t d = 0; d < rank; ++d)
    starts.push_back(d == axis ? at : b.Constant(Literal::Scalar<int64_t>(0)));
  return starts;
}

struct Body {
  std::unique_ptr<Graph> graph;
  std::vector<Value> results;      // states, then scan outputs of one step
  std::optional<Value> condition;  // if computed
};

// The values of one iteration inside `builder`'s graph.
struct Iteration {
  Value number;
  std::vector<Value> states, scanned;
  std::vector<Value> captures;
};

absl::Status CheckCondition(OpContext& c, absl::string_view what, const Type& type) {
  if (type.dtype == DType::kBool && type.NumElements() == Dim(1)) return absl::OkStatus();
  return c.Error(absl::StrCat(what, " has type ", type.ToString(), " instead of one bool"));
}

absl::Status ImportStep(OpContext& c, const LoopPlan& plan, const std::vector<Capture>& captures,
                        const Iteration& in, Builder* builder, Body* out) {
  Scope scope(builder, &c.scope());
  for (size_t k = 0; k < captures.size(); ++k)
    CERMET_RETURN_IF_ERROR(DefineValue(captures[k].name, in.captures[k], &scope));
  int input = 0;
  const auto name = [&] { return plan.body->input(input++).name(); };
  if (plan.counted) {
    CERMET_RETURN_IF_ERROR(DefineValue(name(), in.number, &scope));
    // An iteration runs only while the condition holds.
    ImportedValue condition;
    condition.name = name();
    condition.known = KnownValue::Scalar(1);
    condition.known->dtype = DType::kBool;
    condition.type = condition.known->type();
    if (!scope.Define(std::move(condition))) {
      return c.Error(absl::StrCat("its body has two inputs \"", plan.body->input(0).name(), "\""));
    }
  }
  for (const Value& state : in.states) CERMET_RETURN_IF_ERROR(DefineValue(name(), state, &scope));
  for (size_t k = 0; k < in.scanned.size(); ++k) {
    const ScanAxis& scan = plan.scan_inputs[k];
    const Type& whole = in.scanned[k].type();
    Type one = whole;
    one.shape[scan.axis] = 1;
    std::vector<Value> operands = Starts(*builder, whole.rank(), scan.axis,
                                         StepIndex(c, *builder, in.number, plan, scan.reverse));
    operands.insert(operands.begin(), in.scanned[k]);
    const Value slice = builder->MakeTyped(OpCode::kDynamicSlice, operands, one);
    one.shape.erase(one.shape.begin() + scan.axis);
    const Value element = builder->Reshape(slice, one.shape);
    CERMET_RETURN_IF_ERROR(builder->status());
    CERMET_RETURN_IF_ERROR(DefineValue(name(), element, &scope));
  }
  CERMET_RETURN_IF_ERROR(c.importer().ImportNodes(*plan.body, &scope));
  if (plan.counted) {
    ImportedValue* condition = scope.Find(plan.body->output(0).name());
    if (condition == nullptr) return c.Error("no node writes the body's condition");
    CERMET_ASSIGN_OR_RETURN(const KnownValue* known, c.importer().KnownOf(condition));
    if (known == nullptr || known->ints.size() != 1 || known->ints[0] != Dim(1)) {
      CERMET_RETURN_IF_ERROR(CheckCondition(c, "its body's condition", condition->type));
      CERMET_ASSIGN_OR_RETURN(Value value, c.importer().ValueIn(builder, condition));
      out->condition = builder->Reshape(value, {});
    }
  }
  CERMET_ASSIGN_OR_RETURN(out->results, c.importer().OutputValues(*plan.body, &scope));
  if (plan.counted) out->results.erase(out->results.begin());
  return builder->status();
}

Type BufferType(const LoopPlan& plan, const Type& element, const ScanAxis& scan) {
  Type type = element;
  type.shape.insert(type.shape.begin() + scan.axis, *plan.trips);
  return type;
}

// The body once, in a graph of its own, to see what it yields.
absl::Status Probe(OpContext& c, const LoopPlan& plan, const std::vector<Capture>& captures,
                   Body* out) {
  out->graph = std::make_unique<Graph>("probe");
  Builder builder(out->graph.get());
  Iteration in;
  const auto parameter = [&](const Type& type) {
    return out->graph->AddParameter(type, absl::StrCat("p", out->graph->parameters().size()))
        ->result();
  };
  in.number = parameter(Type(DType::kI64, {}));
  for (const Value& state : plan.states) in.states.push_back(parameter(state.type()));
  for (const Value& value : plan.scanned) in.scanned.push_back(parameter(value.type()));
  for (const Capture& capture : captures) in.captures.push_back(parameter(capture.value.type()));
  CERMET_RETURN_IF_ERROR(ImportStep(c, plan, captures, in, &builder, out));
  for (size_t k = 0; k < plan.states.size(); ++k) {
    const Type &before = plan.states[k].type(), &after = out->results[k].type();
    if (before != after) {
      return c.NeedsDims(absl::StrCat("its state ", k, " changes its type from ", before.ToString(),
                                      " to ", after.ToString()));
    }
  }
  return absl::OkStatus();
}

// Parameters of cond and body, and the values they start with.
struct Carried {
  std::vector<Value> initial;
  size_t condition = 0, states = 0, buffers = 0, scanned = 0, captures = 0, trips = 0;
};

std::unique_ptr<Graph> CondGraph(const LoopPlan& plan, const Carried& carried, bool conditional) {
  auto graph = std::make_unique<Graph>("cond");
  Builder b(graph.get());
  std::vector<Value> p;
  for (const Value& value : carried.initial)
    p.push_back(graph->AddParameter(value.type(), absl::StrCat("p", p.size()))->result());
  Value go;
  if (plan.trips) go = b.Compare("lt", p[0], b.DimSize(*plan.trips));
  if (plan.trip_value) go = b.Compare("lt", p[0], p[carried.trips]);
  if (conditional)
    go = go ? b.Binary(OpCode::kAnd, go, p[carried.condition]) : p[carried.condition];
  SetResults(graph.get(), {go});
  return graph;
}

absl::StatusOr<std::unique_ptr<Graph>> BodyGraph(OpContext& c, const LoopPlan& plan,
                                                 const std::vector<Capture>& captures,
                                                 const Carried& carried, bool conditional) {
  Body body;
  body.graph = std::make_unique<Graph>("body");
  Builder b(body.graph.get());
  std::vector<Value> p;
  for (const Value& value : carried.initial)
    p.push_back(body.graph->AddParameter(value.type(), absl::StrCat("p", p.size()))->result());
  Iteration in;
  in.number = p[0];
  in.states.assign(p.begin() + carried.states, p.begin() + carried.buffers);
  in.scanned.assign(p.begin() + carried.scanned, p.begin() + carried.captures);
  in.captures.assign(p.begin() + carried.captures, p.begin() + carried.captures + captures.size());
  CERMET_RETURN_IF_ERROR(ImportStep(c, plan, captures, in, &b, &body));
  std::vector<Value> results = p;
  results[0] = b.Add(p[0], b.Constant(Literal::Scalar<int64_t>(1)));
  if (conditional)
    results[carried.condition] =
        body.condition ? *body.condition : b.Constant(Literal::Scalar<bool>(true));
  for (size_t k = 0; k < plan.states.size(); ++k) results[carried.states + k] = body.results[k];
  for (int64_t k = 0; k < NumScanOutputs(plan); ++k) {
    const ScanAxis& scan = plan.scan_outputs[k];
    const Value element = body.results[plan.states.size() + k];
    CERMET_RETURN_IF_ERROR(b.status());
    Shape one = element.type().shape;
    one.insert(one.begin() + scan.axis, Dim(1));
    std::vector<Value> operands = Starts(b, static_cast<int64_t>(one.size()), scan.axis,
                                         StepIndex(c, b, p[0], plan, scan.reverse));
    operands.insert(operands.begin(), {p[carried.buffers + k], b.Reshape(element, one)});
    results[carried.buffers + k] = b.Make(OpCode::kDynamicUpdateSlice, operands);
  }
  CERMET_RETURN_IF_ERROR(b.status());
  SetResults(body.graph.get(), std::move(results));
  return std::move(body.graph);
}

absl::Status EmitLoop(OpContext& c, LoopPlan plan) {
  const int64_t scans = NumScanOutputs(plan);
  const int64_t inputs =
      (plan.counted ? 2 : 0) + static_cast<int64_t>(plan.states.size() + plan.scanned.size());
  if (scans < 0 || plan.body->input_size() != inputs) {
    return c.Error(absl::StrCat("its body has ", plan.body->input_size(), " inputs and ",
                                plan.body->output_size(), " outputs, which do not fit the node"));
  }
  plan.scan_outputs.resize(scans);
  CERMET_ASSIGN_OR_RETURN(const std::vector<Capture> captures, CaptureValues(c, {plan.body}));
  CERMET_RETURN_IF_ERROR(c.status());
  Body probe;
  CERMET_RETURN_IF_ERROR(Probe(c, plan, captures, &probe));
  const bool conditional = plan.condition || probe.condition;
  if (!conditional && !plan.trips && !plan.trip_value) return c.Error("it never ends");
  if (scans > 0 && (conditional || !plan.trips)) {
    return c.NeedsDims("the extent of its scan outputs is not known");
  }
  Carried carried;
  Builder& b = c.b();
  carried.initial = {c.ScalarInt(0)};
  if (conditional) {
    carried.condition = 1;
    carried.initial.push_back(plan.condition ? plan.condition
                                             : b.Constant(Literal::Scalar<bool>(true)));
  }
  const auto append = [&](const std::vector<Value>& values) {
    const size_t at = carried.initial.size();
    carried.initial.insert(carried.initial.end(), values.begin(), values.end());
    return at;
  };
  carried.states = append(plan.states);
  carried.buffers = carried.initial.size();
  for (int64_t k = 0; k < scans; ++k) {
    ScanAxis& scan = plan.scan_outputs[k];
    const Type& element = probe.results[plan.states.size() + k].type();
    if (scan.axis < 0) scan.axis += element.rank() + 1;
    if (scan.axis < 0 || scan.axis > element.rank())
      return c.Error(absl::StrCat("scan output axis of output ", k, " is outside its rank"));
    carried.initial.push_back(c.Splat(0, BufferType(plan, element, scan)));
  }
  const int outputs = static_cast<int>(plan.states.size() + scans);
  if (plan.trips && *plan.trips == Dim(0)) {  // a step would not even fit the scan outputs
    for (int i = 0; i < std::min(outputs, c.num_outputs()); ++i)
      CERMET_RETURN_IF_ERROR(c.Return(i, carried.initial[carried.states + i]));
    return absl::OkStatus();
  }
  carried.scanned = append(plan.scanned);
  carried.captures = carried.initial.size();
  for (const Capture& capture : captures) carried.initial.push_back(capture.value);
  if (plan.trip_value) carried.trips = append({plan.trip_value});
  CERMET_RETURN_IF_ERROR(c.status());
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(CondGraph(plan, carried, conditional));
  CERMET_ASSIGN_OR_RETURN(bodies.emplace_back(),
                          BodyGraph(c, plan, captures, carried, conditional));
  Node* node = b.MakeNode(OpCode::kWhile, carried.initial, {}, std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  for (int i = 0; i < std::min(outputs, c.num_outputs()); ++i) {
    CERMET_RETURN_IF_ERROR(c.Return(i, node->result(static_cast<int>(carried.states) + i)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Loop(OpContext& c) {
  LoopPlan plan;
  plan.counted = true;
  CERMET_ASSIGN_OR_RETURN(plan.body, c.GraphAttr("body"));
  if (plan.body->output_size() < 1) return c.Error("its body has no outputs");
  if (c.has_input(0)) {
    if (!IsInteger(c.dtype(0)) || c.type(0).NumElements() != Dim(1)) {
      return c.Error(absl::StrCat("its trip count has type ", c.type(0).ToString(),
                                  " instead of one integer"));
    }
    if (const KnownValue* trips = c.known(0)) {
      plan.trips = c.solver().Max(trips->ints[0], 0);
      // "No limit" is written as INT64_MAX, which is no extent.
      if (plan.trips->IsConstant() && plan.trips->value() > int64_t{1} << 40) {
        plan.trip_value = c.ScalarInt(plan.trips->value());
        plan.trips.reset();
      }
    } else {
      plan.trip_value = c.b().Convert(c.Reshape(c.in(0), {}), DType::kI64);
    }
  }
  if (c.has_input(1)) {
    CERMET_RETURN_IF_ERROR(CheckCondition(c, "its condition", c.type(1)));
    const KnownValue* condition = c.known(1);
    if (condition == nullptr || condition->ints[0] == Dim(0))
      plan.condition = c.Reshape(c.in(1), {});
  }
  for (int i = 2; i < c.num_inputs(); ++i) {
    if (!c.has_input(i)) return c.Error(absl::StrCat("its input ", i, " is missing"));
    plan.states.push_back(c.in(i));
  }
  CERMET_RETURN_IF_ERROR(c.status());
  return EmitLoop(c, std::move(plan));
}

absl::Status Scan(OpContext& c) {
  LoopPlan plan;
  CERMET_ASSIGN_OR_RETURN(plan.body, c.GraphAttr("body"));
  const int64_t scanned = c.Int("num_scan_inputs", 0), states = c.num_inputs() - scanned;
  if (scanned < 1 || states < 0) return c.Error(absl::StrCat("num_scan_inputs is ", scanned));
  const std::vector<int64_t> axes = c.Ints("scan_input_axes", std::vector<int64_t>(scanned, 0));
  const std::vector<int64_t> directions =
      c.Ints("scan_input_directions", std::vector<int64_t>(scanned, 0));
  const int64_t outputs = plan.body->output_size() - states;
  if (outputs < 0) return c.Error("its body yields fewer values than it has states");
  const std::vector<int64_t> out_axes =
      c.Ints("scan_output_axes", std::vector<int64_t>(outputs, 0));
  const std::vector<int64_t> out_directions =
      c.Ints("scan_output_directions", std::vector<int64_t>(outputs, 0));
  if (static_cast<int64_t>(axes.size()) != scanned ||
      static_cast<int64_t>(directions.size()) != scanned ||
      static_cast<int64_t>(out_axes.size()) != outputs ||
      static_cast<int64_t>(out_directions.size()) != outputs) {
    return c.Error("its lists of axes or directions have the wrong length");
  }
  for (int i = 0; i < c.num_inputs(); ++i) {
    if (!c.has_input(i)) return c.Error(absl::StrCat("its input ", i, " is missing"));
    if (i < states) {
      plan.states.push_back(c.in(i));
      continue;
    }
    CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> axis,
                            c.NormalizeAxes({axes[i - states]}, c.rank(i)));
    plan.scanned.push_back(c.in(i));
    plan.scan_inputs.push_back({axis[0], directions[i - states] != 0});
    const Dim& extent = c.shape(i)[axis[0]];
    if (plan.trips) CERMET_RETURN_IF_ERROR(c.solver().Unify(*plan.trips, extent).status());
    plan.trips = extent;
  }
  for (int64_t k = 0; k < outputs; ++k)
    plan.scan_outputs.push_back({out_axes[k], out_directions[k] != 0});
  CERMET_RETURN_IF_ERROR(c.status());
  return EmitLoop(c, std::move(plan));
}

}  // namespace cermet
