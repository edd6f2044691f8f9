// The text form of every op: by the row where the row says all, else by a file of the corpus.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "tests/golden/golden_file.h"

namespace cermet {
namespace {

void CollectOps(const Graph& graph, std::set<OpCode>* ops) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    ops->insert(node->op());
    for (const std::unique_ptr<Graph>& body : node->bodies()) CollectOps(*body, ops);
  }
}

// Operands and result have one type, and there are no attributes. Select, is_finite, convert and
// bitcast, which are not so, are in the corpus.
bool RowSaysAll(const OpInfo& info) {
  const bool one_type = info.code != OpCode::kSelect && info.code != OpCode::kIsFinite &&
                        info.code != OpCode::kConvert && info.code != OpCode::kBitcast;
  const bool same_shape =
      IsElementwise(info.code) || (info.op_class == OpClass::kComposite && info.max_operands == 1);
  return same_shape && one_type && info.attrs.empty();
}

// graph @f32(%x0: f32[2,?n]) { %1 = neg(%x0) : f32[2,?n] return %1 }, and so on.
std::string GraphOf(const OpInfo& info, DType dtype) {
  const std::string type = absl::StrCat(std::string(Name(dtype)), "[2,?n]");
  std::vector<std::string> parameters, operands;
  for (int i = 0; i < info.max_operands; ++i) {
    operands.push_back(absl::StrCat("%x", i));
    parameters.push_back(absl::StrCat("%x", i, ": ", type));
  }
  const std::string result = absl::StrCat("%", info.max_operands);
  return absl::StrCat("graph @", std::string(Name(dtype)), "(", absl::StrJoin(parameters, ", "),
                      ") {\n  ", result, " = ", std::string(info.name), "(",
                      absl::StrJoin(operands, ", "), ") : ", type, "\n  return ", result, "\n}\n");
}

TEST(CorpusTest, RowsRoundTripInText) {
  for (const OpInfo& info : AllOps()) {
    if (!RowSaysAll(info)) continue;
    for (int i = 0; i < kNumDTypes; ++i) {
      const auto dtype = static_cast<DType>(i);
      const std::string text = GraphOf(info, dtype);
      const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "row");
      ASSERT_EQ(module.ok(), Contains(info.dtypes, dtype)) << text << module.status();
      if (module.ok()) {
        EXPECT_EQ(Print(**module), text);
      }
    }
  }
}

TEST(CorpusTest, EveryOtherOpRoundTripsInText) {
  std::set<OpCode> ops;
  for (const std::string& path : FindGoldenFiles("tests/golden/ir")) {
    const absl::StatusOr<GoldenFile> file = ReadGoldenFile(path);
    ASSERT_TRUE(file.ok()) << file.status();
    if (file->command != "roundtrip") continue;
    for (const GoldenCase& golden : file->cases) {
      const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(golden.input, path);
      ASSERT_TRUE(module.ok()) << module.status();
      for (const std::unique_ptr<Graph>& graph : (*module)->graphs()) CollectOps(*graph, &ops);
    }
  }
  for (const OpInfo& info : AllOps()) {
    if (RowSaysAll(info)) continue;
    EXPECT_EQ(ops.count(info.code), 1u) << "no file in tests/golden/ir has " << info.name;
  }
}

}  // namespace
}  // namespace cermet
