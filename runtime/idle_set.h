// A few idle objects that runs take and put back without a lock.
#ifndef CERMET_RUNTIME_IDLE_SET_H_
#define CERMET_RUNTIME_IDLE_SET_H_

#include <atomic>
#include <memory>
#include <utility>

namespace cermet::runtime {

// Owns what is in it. Thread safe and lock free: who takes an object is its only owner. What finds
// no place is deleted. An object that one thread looks at is hidden from the others meanwhile, so
// they may find nothing and make a new one.
template <typename T>
class IdleSet {
 public:
  IdleSet() = default;
  IdleSet(const IdleSet&) = delete;
  IdleSet& operator=(const IdleSet&) = delete;
  ~IdleSet() { Clear(); }

  // An object for which `fits` holds; null if there is none.
  template <typename Predicate>
  std::unique_ptr<T> TakeIf(const Predicate& fits) {
    for (std::atomic<T*>& slot : slots_) {
      std::unique_ptr<T> object = TakeFrom(slot);
      if (object == nullptr) continue;
      if (fits(*object)) return object;
      PutBack(slot, std::move(object));
    }
    return nullptr;
  }
  std::unique_ptr<T> Take() {
    return TakeIf([](const T&) { return true; });
  }

  void Put(std::unique_ptr<T> object) {
    for (std::atomic<T*>& slot : slots_) {
      PutInto(slot, &object);
      if (object == nullptr) return;
    }
  }

  // Deletes the idle objects for which `dead` holds.
  template <typename Predicate>
  void RemoveIf(const Predicate& dead) {
    for (std::atomic<T*>& slot : slots_) {
      std::unique_ptr<T> object = TakeFrom(slot);
      if (object != nullptr && !dead(*object)) PutBack(slot, std::move(object));
    }
  }
  void Clear() {
    RemoveIf([](const T&) { return true; });
  }

 private:
  static constexpr int kSlots = 16;

  static std::unique_ptr<T> TakeFrom(std::atomic<T*>& slot) {
    if (slot.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return std::unique_ptr<T>(slot.exchange(nullptr, std::memory_order_acquire));
  }
  static void PutInto(std::atomic<T*>& slot, std::unique_ptr<T>* object) {
    T* expected = nullptr;
    if (slot.compare_exchange_strong(expected, object->get(), std::memory_order_release,
                                     std::memory_order_relaxed)) {
      object->release();
    }
  }

  void PutBack(std::atomic<T*>& slot, std::unique_ptr<T> object) {
    PutInto(slot, &object);
    if (object != nullptr) Put(std::move(object));  // another has the place by now
  }

  std::atomic<T*> slots_[kSlots] = {};
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_IDLE_SET_H_
