// The first cells of a TensorFlow 1 notebook: nodes are declared first and run later.
#include <iostream>

#include "frontend/api/ops.h"
#include "runtime/session/session.h"

int main() {
  namespace api = cermet::api;
  std::cout << cermet::Version() << "\n";
  api::Graph graph;
  api::Graph::DefaultScope scope(&graph);

  const api::Tensor add = api::Add(3, 5);
  std::cout << add << "\n";
  const absl::StatusOr<std::unique_ptr<cermet::Session>> session =
      cermet::Session::Create(&graph, {});
  if (!session.ok()) {
    std::cerr << session.status() << "\n";
    return 1;
  }
  const cermet::Session::DefaultScope default_session = (*session)->AsDefault();
  const auto show = [](const api::Tensor& tensor) {
    const absl::StatusOr<cermet::Literal> value = tensor.Eval();
    std::cout << (value.ok() ? value->ToString() : value.status().ToString()) << "\n";
  };
  show(add);

  const int x = 2;
  const int y = 3;
  const api::Tensor add_op = api::Add(x, y);
  const api::Tensor mul_op = api::Mul(x, y);
  const api::Tensor pow_op = api::Pow(mul_op, add_op);
  std::cout << pow_op << "\n";
  show(pow_op);
  return 0;
}
