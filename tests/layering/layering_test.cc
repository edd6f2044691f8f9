// Checks the arrows between the folders (DESIGN: who may know whom) over the #include lines of the
// tree, directly and through headers. The link dependencies say the same of libraries; headers
// would get past them.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace cermet {
namespace {

struct Layer {
  absl::string_view folder;
  std::vector<absl::string_view> knows;  // besides itself
};

// A file belongs to the layer with the longest folder that contains it. Layers not listed (tools,
// tests) may include everything.
const std::vector<Layer>& Layers() {
  static const auto& layers = *new std::vector<Layer>{
      {"ir", {}},
      {"ir/evaluator", {"ir"}},
      {"ir/kernel", {"ir"}},
      {"ir/kernel/interpreter", {"ir", "ir/kernel"}},
      {"ir/program", {"ir", "ir/kernel"}},
      {"frontend", {"ir"}},
      {"frontend/onnx", {"ir"}},
      {"passes", {"ir", "ir/kernel", "ir/program", "ir/evaluator"}},
      {"codegen", {"ir", "ir/kernel", "ir/program"}},
      {"runtime", {"ir", "ir/kernel", "ir/program"}},
      {"runtime/fake_gpu", {"runtime", "ir", "ir/kernel", "ir/kernel/interpreter", "ir/program"}},
      {"runtime/session",
       {"runtime", "runtime/fake_gpu", "codegen", "passes", "frontend", "frontend/onnx", "ir",
        "ir/kernel", "ir/kernel/interpreter", "ir/program", "ir/evaluator"}},
  };
  return layers;
}

// Libraries that one layer wraps. No file outside it may see their headers, not even through
// headers of that layer.
struct Wrapped {
  absl::string_view library;
  std::vector<absl::string_view> include_prefixes;
  absl::string_view layer;
};

const std::vector<Wrapped>& WrappedLibraries() {
  static const auto& wrapped = *new std::vector<Wrapped>{
      {"LLVM", {"llvm/", "llvm-c/", "lld/"}, "codegen"},
      {"protobuf", {"google/protobuf/", "frontend/onnx/onnx.pb.h"}, "frontend/onnx"},
      {"libzip", {"zip.h"}, "tools/npz"},
      {"CUDA", {"cuda.h", "cuda_runtime", "cublas", "nvrtc"}, "runtime/cuda"},
  };
  return wrapped;
}

bool IsUnder(absl::string_view path, absl::string_view folder) {
  return absl::StartsWith(path, folder) && path.size() > folder.size() &&
         path[folder.size()] == '/';
}

const Layer* LayerOf(absl::string_view path) {
  const Layer* best = nullptr;
  for (const Layer& layer : Layers()) {
    if (IsUnder(path, layer.folder) &&
        (best == nullptr || layer.folder.size() > best->folder.size()))
      best = &layer;
  }
  return best;
}

// The paths in the #include lines of one file, quoted and angled alike.
std::vector<std::string> IncludesOf(const std::filesystem::path& file) {
  std::vector<std::string> includes;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!absl::StartsWith(line, "#include")) continue;
    size_t begin = line.find_first_of("\"<");
    size_t end = line.find_first_of("\">", begin + 1);
    if (begin == std::string::npos || end == std::string::npos) continue;
    includes.push_back(line.substr(begin + 1, end - begin - 1));
  }
  return includes;
}

// Every source file of the tree, by its path from the root, with its includes.
const std::map<std::string, std::vector<std::string>>& Tree() {
  static const auto& tree = *[] {
    auto* files = new std::map<std::string, std::vector<std::string>>;
    for (const char* top : {"ir", "frontend", "passes", "codegen", "runtime", "tools", "tests"}) {
      std::error_code error;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(top, error)) {
        std::string extension = entry.path().extension().string();
        if (extension != ".h" && extension != ".cc" && extension != ".def") continue;
        (*files)[entry.path().generic_string()] = IncludesOf(entry.path());
      }
    }
    return files;
  }();
  return tree;
}

// A chain of includes from `file` to a header whose path starts with one of `prefixes`; empty if
// there is none.
std::vector<std::string> FindChain(const std::string& file,
                                   const std::vector<absl::string_view>& prefixes,
                                   std::set<std::string>& seen) {
  auto found = Tree().find(file);
  if (found == Tree().end() || !seen.insert(file).second) return {};
  for (const std::string& include : found->second) {
    for (absl::string_view prefix : prefixes) {
      if (absl::StartsWith(include, prefix)) return {file, include};
    }
    std::vector<std::string> chain = FindChain(include, prefixes, seen);
    if (!chain.empty()) {
      chain.insert(chain.begin(), file);
      return chain;
    }
  }
  return {};
}

TEST(Layering, TheTreeIsFound) {
  EXPECT_TRUE(Tree().count("ir/graph.h")) << "run this in the root of the source tree";
}

TEST(Layering, FoldersIncludeOnlyWhatTheyMayKnow) {
  for (const auto& [file, includes] : Tree()) {
    const Layer* layer = LayerOf(file);
    if (layer == nullptr) continue;
    for (const std::string& include : includes) {
      EXPECT_FALSE(IsUnder(include, "tools") || IsUnder(include, "tests"))
          << file << " includes " << include;
      const Layer* target = LayerOf(include);
      if (target == nullptr || target == layer) continue;
      EXPECT_TRUE(std::count(layer->knows.begin(), layer->knows.end(), target->folder))
          << file << " includes " << include << ", but " << layer->folder << " may know only "
          << absl::StrJoin(layer->knows, ", ");
    }
  }
}

TEST(Layering, WrappedLibrariesStayInTheirFolder) {
  for (const Wrapped& wrapped : WrappedLibraries()) {
    for (const auto& [file, includes] : Tree()) {
      if (IsUnder(file, wrapped.layer) || IsUnder(file, "tests")) continue;
      std::set<std::string> seen;
      std::vector<std::string> chain = FindChain(file, wrapped.include_prefixes, seen);
      EXPECT_TRUE(chain.empty()) << file << " sees " << wrapped.library << ", which only "
                                 << wrapped.layer << " may: " << absl::StrJoin(chain, " -> ");
    }
  }
}

TEST(Layering, NamesSayWhatAFileHolds) {
  for (const auto& [file, includes] : Tree()) {
    std::string stem = std::filesystem::path(file).stem().string();
    for (absl::string_view vague : {"util", "utils", "common", "helper", "helpers", "misc"}) {
      EXPECT_FALSE(stem == vague || absl::EndsWith(stem, absl::StrCat("_", vague)))
          << file << ": name the file after what it holds";
    }
  }
}

}  // namespace
}  // namespace cermet
