// Runs build/<preset>/bin/cermet as a user does: for tests of what it prints, what it writes, and how
// it fails. Each test has a folder of its own for files.
#ifndef CERMET_TESTS_CLI_CERMET_COMMAND_H_
#define CERMET_TESTS_CLI_CERMET_COMMAND_H_

#include <string>

namespace cermet {

// A network of digits, and ten of them with the expected outputs.
inline constexpr char kDigits[] = "tools/demo_network/model.onnx";
inline constexpr char kDigitsCase[] = "tools/demo_network/case.npz";
// A small module with a symbolic dim.
inline constexpr char kText[] =
    "graph @main(%x: f32[?n,2], %y: f32[2]) {\n"
    "  %2 = broadcast_in_dim(%y) {dims = [1]} : f32[?n,2]\n"
    "  %3 = add(%x, %2) : f32[?n,2]\n"
    "  return %3 \"sum\"\n"
    "}\n";

// The folder of the current test. It is there, and may hold what an earlier run of the test left.
std::string Folder();
std::string ReadAll(const std::string& path);
// Writes a file in the folder of the test, and returns its path.
std::string Write(const std::string& name, const std::string& text);

std::string Binary();
// The exit status of a shell command; 128 and more for one that a signal ended.
int Shell(const std::string& command);

struct Outcome {
  int status = -1;
  std::string out, err;
};
// `environment` is as a shell has it before a command. The disk cache is in the test's folder.
Outcome Cermet(const std::string& arguments, const std::string& environment = "");
// Expects this exit status, nothing on standard output, and an error that says `message`.
void ExpectFailure(const std::string& arguments, int status, const std::string& message,
                   const std::string& environment = "");

}  // namespace cermet

#endif  // CERMET_TESTS_CLI_CERMET_COMMAND_H_
