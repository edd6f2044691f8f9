// Texts damaged at random, always in the same way.
#ifndef CERMET_TESTS_FUZZ_MUTATOR_H_
#define CERMET_TESTS_FUZZ_MUTATOR_H_

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace cermet {

// The `.cermet` files of a folder, in order of their names.
inline std::vector<std::string> ReadCorpus(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
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

// Each text is one of the corpus with one to three small changes. `corpus` must outlive the
// mutator.
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

}  // namespace cermet

#endif  // CERMET_TESTS_FUZZ_MUTATOR_H_
