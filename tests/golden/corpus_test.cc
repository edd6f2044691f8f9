// The corpus of the text form covers the op table.
#include <gtest/gtest.h>

#include <set>

#include "ir/parser.h"
#include "tests/golden/golden_file.h"

namespace cermet {
namespace {

void CollectOps(const Graph& graph, std::set<OpCode>* ops) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    ops->insert(node->op());
    for (const std::unique_ptr<Graph>& body : node->bodies()) CollectOps(*body, ops);
  }
}

TEST(CorpusTest, EveryOpRoundTripsInText) {
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
  for (const OpInfo& info : AllOps())
    EXPECT_EQ(ops.count(info.code), 1u) << "no file in tests/golden/ir has " << info.name;
}

}  // namespace
}  // namespace cermet
