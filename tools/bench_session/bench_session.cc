// What a session adds to a run: time and allocations of graphs so small that little else is left.
//
//   $ bench_session
//   x * 2 + 1, f32[4]    Session::Run     ... ns   ... allocations
//
// One thread, so that the numbers are of the call path and not of waking threads.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>

#include "frontend/api/ops.h"
#include "runtime/session/session.h"

namespace {

int64_t allocations = 0;  // of the one thread that runs

}  // namespace

void* operator new(size_t size) {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* pointer) noexcept { std::free(pointer); }
void operator delete(void* pointer, size_t) noexcept { std::free(pointer); }

namespace cermet {
namespace {

using Clock = std::chrono::steady_clock;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

// The least time per call over batches, and the allocations of one call.
void Measure(const char* what, const char* how, const std::function<absl::Status()>& run) {
  constexpr int kBatch = 2000, kBatches = 50;
  for (int i = 0; i < kBatch; ++i) Check(run());
  double best_ns = 1e30;
  const int64_t before = allocations;
  for (int batch = 0; batch < kBatches; ++batch) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < kBatch; ++i) Check(run());
    const std::chrono::duration<double, std::nano> time = Clock::now() - start;
    best_ns = std::min(best_ns, time.count() / kBatch);
  }
  const double per_run = static_cast<double>(allocations - before) / (kBatch * kBatches);
  std::printf("%-28s %-28s %8.0f ns %7.2f allocations\n", what, how, best_ns, per_run);
}

std::unique_ptr<Session> Open(const api::Graph& graph) {
  SessionOptions options;
  options.intra_op_threads = 1;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph, options);
  Check(session.status());
  return *std::move(session);
}

// A graph without state.
void Tiny(const char* what, const Shape& shape) {
  api::Graph graph;
  const api::Graph::DefaultScope scope(&graph);
  const api::Tensor x = api::Placeholder(DType::kF32, shape, "x");
  const api::Tensor y = api::Add(api::Mul(x, 2.0f), 1.0f);
  const std::unique_ptr<Session> session = Open(graph);
  const std::vector<api::Feed> feeds = {{x, Literal::Splat(DType::kF32, {4}, 1)}};
  const std::vector<api::Fetch> fetches = {y};
  Measure(what, "Session::Run", [&] { return session->Run(feeds, fetches).status(); });
  const absl::StatusOr<Callable> callable = session->MakeCallable({x}, fetches);
  Check(callable.status());
  Measure(what, "Callable::Run", [&] { return callable->Run({feeds[0].second}).status(); });
  Literal result(DType::kF32, {4});
  Measure(what, "Callable::RunInto",
          [&] { return callable->RunInto({feeds[0].second}, {&result}); });
}

// A step that updates a variable, and one that reads a variable of 4 MB.
void State() {
  api::Graph graph;
  const api::Graph::DefaultScope scope(&graph);
  const api::Tensor counter = api::Variable(0, "counter");
  const api::Tensor table = api::Variable(Literal::Splat(DType::kF32, {1024, 1024}, 1), "table");
  const std::vector<api::Fetch> increment = {api::Operation(api::AssignAdd(counter, 1))};
  const std::vector<api::Fetch> maximum = {
      api::ReduceMax(api::Reshape(table, {Dim(1048576)}), {0})};
  const std::unique_ptr<Session> session = Open(graph);
  Check(session->Run({}, {api::GlobalVariablesInitializer()}).status());
  Measure("counter += 1", "Session::Run", [&] { return session->Run({}, increment).status(); });
  const absl::StatusOr<Callable> step = session->MakeCallable({}, increment);
  Check(step.status());
  Measure("counter += 1", "Callable::RunInto", [&] { return step->RunInto({}, {}); });
  Measure("max of a 4 MB variable", "Session::Run",
          [&] { return session->Run({}, maximum).status(); });
}

}  // namespace
}  // namespace cermet

int main() {
  cermet::Tiny("x * 2 + 1, f32[4]", {cermet::Dim(4)});
  cermet::Tiny("x * 2 + 1, f32[?n]", {cermet::Dim::Symbol("n")});
  cermet::State();
  return 0;
}
