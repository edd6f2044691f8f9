// The values of a session's variables between runs.
#ifndef CERMET_RUNTIME_SESSION_VARIABLE_STORE_H_
#define CERMET_RUNTIME_SESSION_VARIABLE_STORE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "runtime/session/turn_lock.h"

namespace cermet {

// One variable. Its memory is taken at the first update and stays where it is.
struct VariableSlot {
  int64_t number = 0;  // in the order of creation: locks are taken in this order
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  TurnLock lock;
  // Under `lock`. Without a value, the memory (if any) holds nothing of meaning.
  bool has_value = false;
  std::unique_ptr<Literal> memory;
};

// A variable as a run uses it.
struct VariableUse {
  VariableSlot* slot = nullptr;
  bool is_read = false;
  bool is_updated = false;
};

// Thread safe.
class VariableStore {
 public:
  // The slot of `variable`, a value of the user's graph with a constant shape.
  VariableSlot* SlotOf(Value variable, const std::string& name);
  // Of all variables with memory.
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Frees all. No run may be in flight, and no slot may be used afterwards.
  void Clear();

  // Holds what a run reads as a reader and what it updates as a writer, from construction to
  // destruction. `uses` is sorted by number, so that runs cannot wait for each other in a circle.
  class Turn {
   public:
    Turn(VariableStore* store, absl::Span<const VariableUse> uses);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // Gives memory to what is updated. An error names a variable that is read and has no value,
    // or one that no memory can hold.
    absl::Status Prepare();
    // The run has succeeded: what it updated has a value.
    void Commit();

   private:
    VariableStore* const store_;
    const absl::Span<const VariableUse> uses_;
  };

 private:
  std::mutex mutex_;
  std::map<Value, std::unique_ptr<VariableSlot>> slots_;
  std::atomic<int64_t> bytes_{0};
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_VARIABLE_STORE_H_
