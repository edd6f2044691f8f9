// Variables stay in place: runs get their memory, not copies, and take turns where one writes.
#include "runtime/session/variable_store.h"

#include "absl/strings/str_cat.h"

namespace cermet {

VariableSlot* VariableStore::SlotOf(Value variable, const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<VariableSlot>& slot = slots_[variable];
  if (slot == nullptr) {
    slot = std::make_unique<VariableSlot>();
    slot->number = static_cast<int64_t>(slots_.size());
    slot->name = name;
    slot->dtype = variable.type().dtype;
    for (const Dim& dim : variable.type().shape) slot->shape.push_back(dim.value());
  }
  return slot.get();
}

void VariableStore::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  slots_.clear();
  bytes_.store(0, std::memory_order_relaxed);
}

VariableStore::Turn::Turn(VariableStore* store, absl::Span<const VariableUse> uses)
    : store_(store), uses_(uses) {
  for (const VariableUse& use : uses_) {
    if (use.is_updated) {
      use.slot->lock.Lock();
    } else {
      use.slot->lock.LockShared();
    }
  }
}

VariableStore::Turn::~Turn() {
  for (const VariableUse& use : uses_) {
    if (use.is_updated) {
      use.slot->lock.Unlock();
    } else {
      use.slot->lock.UnlockShared();
    }
  }
}

absl::Status VariableStore::Turn::Prepare() {
  for (const VariableUse& use : uses_) {
    if (!use.is_read || use.slot->has_value) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "variable \"", use.slot->name, "\" has no value yet: run its initialiser first"));
  }
  for (const VariableUse& use : uses_) {
    VariableSlot* const slot = use.slot;
    if (slot->memory != nullptr) continue;
    absl::StatusOr<Literal> memory = Literal::Allocate(slot->dtype, slot->shape);
    if (!memory.ok()) {
      return absl::Status(memory.status().code(), absl::StrCat("variable \"", slot->name,
                                                               "\": ", memory.status().message()));
    }
    slot->memory = std::make_unique<Literal>(*std::move(memory));
    store_->bytes_.fetch_add(slot->memory->byte_size(), std::memory_order_relaxed);
  }
  return absl::OkStatus();
}

void VariableStore::Turn::Commit() {
  for (const VariableUse& use : uses_) {
    if (use.is_updated) use.slot->has_value = true;
  }
}

}  // namespace cermet
