// Seeded inputs, from the splitmix64 generator (Steele, Lea, Flood: Fast Splittable Pseudorandom
// Number Generators, 2014).
#include "ir/sample_inputs.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/dim_binding.h"
#include "ir/dim_search.h"
#include "ir/infer.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet {
namespace {

class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound));
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // [0, 1)

 private:
  uint64_t state_;
};

double ExtremeFloat(Generator* random) {
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr double kValues[] = {
      0.0, -0.0, 1.0, -1.0, kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()};
  return kValues[random->Below(std::size(kValues))];
}

// Least, greatest, 0, and all ones.
int64_t ExtremeInt(DType dtype, Generator* random) {
  const int64_t bits = 8 * ByteSize(dtype);
  const int64_t least = std::numeric_limits<int64_t>::min() >> (64 - bits);
  const int64_t values[] = {least, ~least, 0, -1};
  return values[random->Below(std::size(values))];
}

void FillSample(uint64_t seed, SampleValues values, Literal* literal) {
  const DType dtype = literal->dtype();
  Generator random(seed);
  for (int64_t i = 0; i < literal->num_elements(); ++i) {
    const bool extreme = values == SampleValues::kExtreme && random.Below(3) == 0;
    if (IsFloat(dtype)) {
      literal->SetFloat(i, extreme ? ExtremeFloat(&random) : 4 * random.Unit() - 2);
    } else if (dtype == DType::kBool) {
      literal->SetInt(i, random.Below(2));
    } else if (extreme) {
      literal->SetInt(i, ExtremeInt(dtype, &random));
    } else {
      literal->SetInt(i, random.Below(16) - (IsSignedInteger(dtype) ? 4 : 0));
    }
  }
}

}  // namespace

Literal SampleLiteral(DType dtype, std::vector<int64_t> shape, uint64_t seed, SampleValues values) {
  Literal literal = Literal::Uninitialized(dtype, std::move(shape));
  FillSample(seed, values, &literal);
  return literal;
}

absl::StatusOr<DimBindings> SampleDims(const Graph& graph, const DimFacts& facts,
                                       const DimBindings& given) {
  const std::vector<DimSource> sources = DimSourcesOf(graph);
  CERMET_RETURN_IF_ERROR(CheckDims(graph, facts, sources, given));
  std::vector<std::string> symbols, missing;
  for (const DimSource& source : sources) {
    for (const Dim& extent : source.type.shape) extent.CollectSymbols(&symbols);
  }
  std::copy_if(symbols.begin(), symbols.end(), std::back_inserter(missing),
               [&](const std::string& symbol) { return given.count(symbol) == 0; });
  CERMET_ASSIGN_OR_RETURN(const std::vector<DimConstraint> open, OpenConstraints(graph, facts));
  if (std::optional<DimBindings> dims = FindDims(facts, open, missing, given)) return *dims;
  std::vector<std::string> relations;
  for (const DimConstraint& constraint : open) relations.push_back(constraint.ToString());
  return absl::InvalidArgumentError(absl::StrCat(
      "no sizes were found for ?", absl::StrJoin(missing, ", ?"), "; give some of them, such that ",
      relations.empty() ? "the facts hold" : absl::StrJoin(relations, ", ")));
}

absl::StatusOr<std::vector<Literal>> SampleInputs(const Graph& graph, const DimBindings& dims,
                                                  uint64_t seed, SampleValues values) {
  std::vector<Literal> inputs;
  for (const Node* parameter : graph.parameters()) {
    const auto error = [&](const absl::Status& status) {
      return absl::Status(status.code(),
                          absl::StrCat(parameter->Describe(), ": ", status.message()));
    };
    const Type& type = parameter->type();
    if (type.dtype == DType::kToken) {
      return error(absl::InvalidArgumentError("a token cannot be fed"));
    }
    std::vector<int64_t> shape;
    for (const Dim& extent : type.shape) {
      const absl::StatusOr<int64_t> value = extent.Evaluate(dims);
      if (!value.ok()) return error(value.status());
      shape.push_back(*value);
    }
    absl::StatusOr<Literal> input = Literal::Allocate(type.dtype, std::move(shape));
    if (!input.ok()) return error(input.status());
    FillSample(seed * 1000003 + inputs.size(), values, &*input);
    inputs.push_back(*std::move(input));
  }
  return inputs;
}

}  // namespace cermet
