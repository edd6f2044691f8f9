// The text form beyond the golden corpus (tests/golden/ir): single nodes, and modules with a side
// file.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "ir/builder.h"
#include "ir/parser.h"
#include "ir/printer.h"

namespace cermet {
namespace {

TEST(TextTest, SingleNodesPrintOperandsById) {
  Graph graph("g");
  const Value x = graph.AddParameter(Type(DType::kF32, {4}), "x")->result();
  Builder builder(&graph);
  builder.set_location({{"user"}, "", 0});
  const Value sum = builder.Add(x, x);
  EXPECT_EQ(Print(*sum.node),
            "%1 = add(%0, %0) : f32[4]                                               \"user\"");
}

TEST(TextTest, InvalidNodesPrintToo) {
  Graph graph("g");
  Node* const node = graph.AddNode(OpCode::kNeg, {Value()}, {});
  EXPECT_EQ(Print(*node), "neg(%<invalid>) : ()");
}

class SideFileTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/cermet_side_file_" + std::to_string(getpid()) + ".cermet";
    Graph* const graph = module_.AddGraph("main");
    Builder builder(graph);
    const std::string name =
        module_.constants().Add("fc/w", Literal::FromValues<float>({2}, {1.0f, 2.0f}));
    const Value w = builder.MakeTyped(OpCode::kConstant, {}, Type(DType::kF32, {2}),
                                      {{"ref", SymbolRef{name}}});
    ASSERT_TRUE(builder.ok()) << builder.status();
    graph->set_results({w});
  }
  void TearDown() override {
    std::remove(path_.c_str());
    std::remove((path_ + ".bin").c_str());
  }

  std::string path_;
  Module module_;
};

TEST_F(SideFileTest, BytesComeBack) {
  ASSERT_TRUE(WriteModule(module_, path_).ok());
  const absl::StatusOr<std::unique_ptr<Module>> read = ReadModule(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Print(**read), Print(module_));
  const ConstantEntry* const entry = (*read)->constants().Find("fc/w");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->ToLiteral(), Literal::FromValues<float>({2}, {1.0f, 2.0f}));
}

TEST_F(SideFileTest, WithoutTheSideFileConstantsAreDeclaredOnly) {
  ASSERT_TRUE(WriteModule(module_, path_).ok());
  std::remove((path_ + ".bin").c_str());
  const absl::StatusOr<std::unique_ptr<Module>> read = ReadModule(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Print(**read), Print(module_));
  EXPECT_FALSE((*read)->constants().Find("fc/w")->HasBytes());
  EXPECT_FALSE(WriteModule(**read, path_).ok());
}

TEST_F(SideFileTest, AnotherContentIsAnError) {
  ASSERT_TRUE(WriteModule(module_, path_).ok());
  ConstantStore other;
  other.Add("fc/w", Literal::FromValues<float>({2}, {1.0f, 3.0f}));
  ASSERT_TRUE(other.WriteTo(path_ + ".bin").ok());
  EXPECT_EQ(ReadModule(path_).status().message(),
            path_ + ":1:10: constant @fc/w has another type or content in the side file " + path_ +
                ".bin");
  ASSERT_TRUE(ConstantStore().WriteTo(path_ + ".bin").ok());
  EXPECT_EQ(ReadModule(path_).status().message(),
            path_ + ":1:10: the side file " + path_ + ".bin has no constant @fc/w");
}

TEST_F(SideFileTest, DamagedBytesAreAnError) {
  ASSERT_TRUE(WriteModule(module_, path_).ok());
  std::fstream file(path_ + ".bin", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(128);  // after the header and the index
  file.put('\1');
  file.close();
  EXPECT_EQ(ReadModule(path_).status().message(),
            path_ +
                ".bin: constant @fc/w: its bytes do not have the hash that the index states: "
                "the file is damaged");
}

TEST_F(SideFileTest, AModuleIsWrittenOverTheFilesItCameFrom) {
  ASSERT_TRUE(WriteModule(module_, path_).ok());
  const absl::StatusOr<std::unique_ptr<Module>> read = ReadModule(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_TRUE(WriteModule(**read, path_).ok());
  const absl::StatusOr<std::unique_ptr<Module>> again = ReadModule(path_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->constants().Find("fc/w")->ToLiteral(),
            Literal::FromValues<float>({2}, {1.0f, 2.0f}));
}

// Neither of the two files changes unless both can.
TEST_F(SideFileTest, AFailureLeavesBothFiles) {
  ASSERT_TRUE(WriteModule(module_, path_).ok());
  Module other;
  other.constants().Add("v", Literal::Scalar(1.0f));
  std::filesystem::rename(path_ + ".bin", path_ + ".old");
  std::filesystem::create_directory(path_ + ".bin");
  EXPECT_EQ(WriteModule(other, path_).message(), path_ + ".bin: cannot write: Is a directory");
  std::filesystem::remove(path_ + ".bin");
  std::filesystem::rename(path_ + ".old", path_ + ".bin");
  EXPECT_TRUE(ReadModule(path_).ok());
  std::filesystem::rename(path_, path_ + ".old");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(WriteModule(other, path_).message(), path_ + ": cannot write: Is a directory");
  std::filesystem::remove(path_);
  std::filesystem::rename(path_ + ".old", path_);
  EXPECT_TRUE(ReadModule(path_).ok());
}

TEST_F(SideFileTest, FilesThatAreNotThere) {
  EXPECT_EQ(ReadModule("/nowhere/m.cermet").status().message(),
            "/nowhere/m.cermet: cannot read: No such file or directory");
  EXPECT_EQ(WriteModule(module_, "/nowhere/m.cermet").message(),
            "/nowhere/m.cermet: cannot write: No such file or directory");
  EXPECT_EQ(ReadModule("/").status().message(), "/: cannot read: it is a folder");
}

}  // namespace
}  // namespace cermet
