// Reads handwritten digits with the network of tools/demo_network: an ONNX file is imported,
// compiled for this machine, and run on a whole batch.
//
//   digits tools/demo_network
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "codegen/target.h"
#include "frontend/onnx/importer.h"
#include "ir/status.h"
#include "runtime/session/compiled_module.h"
#include "tools/npz/npz.h"

namespace {

using cermet::Literal;

constexpr int64_t kSide = 8;       // of a picture, in pixels
constexpr int64_t kPictures = 10;  // that are drawn
constexpr int64_t kPicturesInRow = 5;

// The batch f32[n,1,8,8] of digits and what each of them is.
struct Digits {
  Literal images;
  std::vector<int> labels;
};

absl::StatusOr<Digits> ReadDigits(const std::string& folder) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<cermet::npz::NamedArray> arrays,
                          cermet::npz::ReadNpz(folder + "/case.npz"));
  Digits digits;
  for (const cermet::npz::NamedArray& array : arrays) {
    if (array.name == "in_image") digits.images = array.value;
  }
  std::ifstream labels(folder + "/labels.txt");
  digits.labels.assign(std::istream_iterator<int>(labels), std::istream_iterator<int>());
  if (digits.images.shape() !=
      std::vector<int64_t>{static_cast<int64_t>(digits.labels.size()), 1, kSide, kSide}) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": in_image of case.npz is not f32[n,1,8,8] with the ",
                     digits.labels.size(), " digits of labels.txt"));
  }
  return digits;
}

// Compiles the network and runs it; the result is f32[n,10], a probability for each digit.
absl::StatusOr<Literal> Classify(const std::string& model, const Literal& images) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<cermet::Module> module, cermet::ImportOnnx(model));
  cermet::ModuleOptions options;
  CERMET_ASSIGN_OR_RETURN(options.compile.passes.target, cermet::codegen::HostTarget());
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<cermet::CompiledModule> network,
                          cermet::CompiledModule::Create(std::move(module), options));
  std::vector<Literal> inputs = {images};
  CERMET_ASSIGN_OR_RETURN(std::vector<Literal> outputs, network->Run(&inputs));
  return std::move(outputs[0]);
}

// For each row of f32[n,10], the column with the largest value.
std::vector<int> ArgMax(const Literal& probabilities) {
  const absl::Span<const float> values = probabilities.values<float>();
  std::vector<int> best;
  for (auto row = values.begin(); row != values.end(); row += 10) {
    best.push_back(static_cast<int>(std::max_element(row, row + 10) - row));
  }
  return best;
}

void Draw(const Digits& digits, const Literal& probabilities, const std::vector<int>& read) {
  constexpr char kShades[] = " .:-=+*#%@";
  const absl::Span<const float> pixels = digits.images.values<float>();  // 0 to 16
  const int64_t count = std::min<int64_t>(kPictures, digits.labels.size());
  for (int64_t first = 0; first < count; first += kPicturesInRow) {
    const int64_t last = std::min(first + kPicturesInRow, count);
    for (int64_t y = 0; y < kSide; ++y) {
      for (int64_t i = first; i < last; ++i) {
        for (int64_t x = 0; x < kSide; ++x) {
          const float pixel = pixels[(i * kSide + y) * kSide + x];
          std::cout << std::string(2, kShades[std::clamp(static_cast<int>(pixel * 9 / 16), 0, 9)]);
        }
        std::cout << "  ";
      }
      std::cout << "\n";
    }
    for (int64_t i = first; i < last; ++i) {
      const float sure = 100 * probabilities.values<float>()[i * 10 + read[i]];
      std::string caption = absl::StrFormat("%d, %.1f%% sure", read[i], sure);
      caption.resize(2 * kSide + 2, ' ');
      std::cout << caption;
    }
    std::cout << "\n\n";
  }
}

absl::Status Main(const std::string& folder) {
  CERMET_ASSIGN_OR_RETURN(const Digits digits, ReadDigits(folder));
  CERMET_ASSIGN_OR_RETURN(const Literal probabilities,
                          Classify(folder + "/model.onnx", digits.images));
  const std::vector<int> read = ArgMax(probabilities);
  Draw(digits, probabilities, read);

  int64_t right = 0;
  for (size_t i = 0; i < read.size(); ++i) right += read[i] == digits.labels[i];
  std::cout << "read:  " << absl::StrJoin(read, " ") << "\n";
  std::cout << "truth: " << absl::StrJoin(digits.labels, " ") << "\n";
  std::cout << right << " of " << read.size() << " right\n";
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: digits FOLDER, with model.onnx, case.npz and labels.txt\n";
    return 2;
  }
  const absl::Status status = Main(argv[1]);
  if (!status.ok()) std::cerr << "digits: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
