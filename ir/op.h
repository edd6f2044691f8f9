// The op table as data: every op's name, class, operands, element types, tolerance, attributes and
// documentation.
#ifndef CERMET_IR_OP_H_
#define CERMET_IR_OP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/dtype.h"

namespace cermet {

enum class OpCode : uint8_t {
#define CERMET_OP(Enum, ...) k##Enum,
#include "ir/ops.def"
#undef CERMET_OP
};
inline constexpr int kNumOps = 0
#define CERMET_OP(...) +1
#include "ir/ops.def"
#undef CERMET_OP
    ;

enum class OpClass : uint8_t {
  kSource,
  kElementwise,     // basic: also the scalar ops of kernel IR
  kTranscendental,  // elementwise; expanded by the numerics pass
  kView,
  kUpdate,
  kReduction,
  kContraction,
  kControl,
  kEffectful,
  kComposite,
};
enum class Effect : uint8_t { kPure, kEffect };

enum class AttrKind : uint8_t {
  kInt,
  kInts,
  kDims,
  kFloat,
  kBool,
  kString,
  kWord,
  kDType,
  kPair,
  kLiteral,
  kSymbol
};

struct AttrSpec {
  absl::string_view name;
  AttrKind kind;
  bool optional;
};

// How far compiled code may be from the reference evaluator, in units of the result's spacing at 1
// (2^-23 for f32): of each element's magnitude, or of the largest finite one in the result.
struct OpTolerance {
  double units = 0;  // 0: equal bits (any NaN is any other)
  bool of_largest = false;
  static constexpr OpTolerance Exact() { return {0, false}; }
  static constexpr OpTolerance Each(double units) { return {units, false}; }
  static constexpr OpTolerance OfLargest(double units) { return {units, true}; }
};

struct OpInfo {
  OpCode code;
  absl::string_view name;
  OpClass op_class;
  int min_operands;
  int max_operands;  // -1: any number
  DTypeSet dtypes;
  Effect effect;
  OpTolerance tolerance;
  std::vector<AttrSpec> attrs;
  absl::string_view doc;
};

const OpInfo& Info(OpCode code);
inline absl::string_view Name(OpCode code) { return Info(code).name; }
std::optional<OpCode> ParseOpCode(absl::string_view name);
// All rows, in table order.
const std::vector<OpInfo>& AllOps();

// Basic or transcendental: operands and result of one shape, element by element.
bool IsElementwise(OpCode code);
inline bool IsComposite(OpCode code) { return Info(code).op_class == OpClass::kComposite; }

}  // namespace cermet

#endif  // CERMET_IR_OP_H_
