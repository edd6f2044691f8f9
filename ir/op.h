// The op table as data: every op's name, class, operands, element types, attributes and documentation.
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

enum class AttrKind : uint8_t { kInt, kInts, kDims, kFloat, kBool, kString, kWord, kDType, kPair, kLiteral, kSymbol };

struct AttrSpec {
  absl::string_view name;
  AttrKind kind;
  bool optional;
};

struct OpInfo {
  OpCode code;
  absl::string_view name;
  OpClass op_class;
  int min_operands;
  int max_operands;  // -1: any number
  DTypeSet dtypes;
  Effect effect;
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
