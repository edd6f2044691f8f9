// Runs the body of a function over arrays, fast enough for all 2^32 values of f32: each op is one
// native loop.
#ifndef CERMET_TESTS_PASSES_MATH_BODY_PROGRAM_H_
#define CERMET_TESTS_PASSES_MATH_BODY_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "ir/graph.h"
#include "ir/scalar_ops.h"

namespace cermet {

class BodyProgram {
 public:
  static constexpr int64_t kChunk = 1024;

  // `body`: scalars, basic elementwise ops and constants.
  explicit BodyProgram(const Graph& body);
  // At most kChunk elements of the body's element types. `y` is null for unary functions.
  void Run(const void* x, const void* y, int64_t count, void* result);

 private:
  struct Step {
    ScalarOp op;
    int result = 0;
    int operands[3] = {0, 0, 0};
  };
  struct alignas(64) Column {
    unsigned char bytes[kChunk * 8];
  };
  template <typename T>
  T* Data(int column) {
    return reinterpret_cast<T*>(columns_[static_cast<size_t>(column)].bytes);
  }
  void RunStep(const Step& step);
  void RunConvert(const Step& step);
  void RunCompare(const Step& step);
  void RunSelect(const Step& step);

  std::vector<Column> columns_;
  std::vector<Step> steps_;
  std::vector<DType> parameters_;
  int result_ = 0;
  DType result_type_ = DType::kF32;
};

}  // namespace cermet

#endif  // CERMET_TESTS_PASSES_MATH_BODY_PROGRAM_H_
