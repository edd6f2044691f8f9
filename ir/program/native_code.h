// Machine code of one program, ready to call; whoever made it (the JIT, a shared object) is behind
// this interface.
#ifndef CERMET_IR_PROGRAM_NATIVE_CODE_H_
#define CERMET_IR_PROGRAM_NATIVE_CODE_H_

#include <cstdint>

#include "ir/program/host_abi.h"

namespace cermet::program {

using EntryFunction = int32_t (*)(const CermetHost* host, void* const* buffers, void* workspace);

// Owns the memory of the code. `entry` may be called from any number of threads while this lives.
class NativeCode {
 public:
  virtual ~NativeCode() = default;
  virtual EntryFunction entry() const = 0;
  virtual int64_t code_bytes() const = 0;
};

}  // namespace cermet::program

#endif  // CERMET_IR_PROGRAM_NATIVE_CODE_H_
