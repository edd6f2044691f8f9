// Damaged text never crashes the parser: it gives an error with a place, or a module that prints
// and parses back.
#include "ir/parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "ir/printer.h"

namespace cermet {
namespace {

std::vector<std::string> ReadCorpus() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/ir")) {
    if (entry.path().extension() == ".cermet") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    texts.push_back(text.str());
  }
  return texts;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string Next() {
    std::string text = corpus_[Below(corpus_.size())];
    for (size_t i = 1 + Below(3); i > 0 && !text.empty(); --i) Mutate(&text);
    return text;
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }

  void Mutate(std::string* text) {
    static constexpr char kBytes[] = "%@?#:=-><.,()[]{}\"\\/ \n019xe\x00\xff";
    const size_t at = Below(text->size());
    switch (Below(6)) {
      case 0:  // truncate
        text->resize(at);
        break;
      case 1:  // delete a piece
        text->erase(at, 1 + Below(8));
        break;
      case 2:  // repeat a piece
        text->insert(at, text->substr(Below(text->size()), 1 + Below(40)));
        break;
      case 3:  // a number becomes another
        text->insert(at, std::to_string(random_() >> Below(64)));
        break;
      case 4:  // swap in a piece of another text
        text->replace(at, 1 + Below(20), corpus_[Below(corpus_.size())].substr(0, 1 + Below(60)));
        break;
      default:
        (*text)[at] = kBytes[Below(sizeof(kBytes))];
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_{20240611};
};

TEST(ParserFuzzTest, DamagedTextIsAnErrorOrParsesBack) {
  const std::vector<std::string> corpus = ReadCorpus();
  ASSERT_FALSE(corpus.empty());
  Mutator mutator(corpus);
  int64_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutator.Next();
    const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "m.cermet");
    if (!module.ok()) {
      EXPECT_EQ(module.status().code(), absl::StatusCode::kInvalidArgument) << module.status();
      continue;
    }
    ++accepted;
    const std::string printed = Print(**module);
    const absl::StatusOr<std::unique_ptr<Module>> again = ParseModule(printed, "printed");
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << text;
    ASSERT_EQ(Print(**again), printed) << text;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace cermet
