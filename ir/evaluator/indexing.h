// Walking over the elements of dense row-major arrays. Internal to ir/evaluator.
#ifndef CERMET_IR_EVALUATOR_INDEXING_H_
#define CERMET_IR_EVALUATOR_INDEXING_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "ir/literal.h"
#include "ir/scalar_ops.h"

namespace cermet::evaluator {

inline int64_t Product(const std::vector<int64_t>& extents) {
  int64_t product = 1;
  for (int64_t extent : extents) product *= extent;
  return product;
}

inline std::vector<int64_t> Strides(const std::vector<int64_t>& extents) {
  std::vector<int64_t> strides(extents.size());
  int64_t stride = 1;
  for (size_t i = extents.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= extents[i];
  }
  return strides;
}

// Steps through all indices below `extents`, the last dim fastest. Starts at the first; must not be
// used if an extent is 0.
class Odometer {
 public:
  explicit Odometer(const std::vector<int64_t>& extents)
      : extents_(extents), index_(extents.size()) {}
  const std::vector<int64_t>& index() const { return index_; }
  // Moves on; false after the last index, when it is at the first again.
  bool Next() {
    for (size_t i = index_.size(); i-- > 0;) {
      if (++index_[i] < extents_[i]) return true;
      index_[i] = 0;
    }
    return false;
  }

 private:
  const std::vector<int64_t>& extents_;
  std::vector<int64_t> index_;
};

// The element numbers offset + sum(index[i] * strides[i]) of all indices below `extents`, in
// row-major order.
class AffineWalk {
 public:
  AffineWalk(const std::vector<int64_t>& extents, std::vector<int64_t> strides, int64_t offset)
      : odometer_(extents), extents_(extents), strides_(std::move(strides)), position_(offset) {}
  int64_t position() const { return position_; }
  void Next() {
    // Mirrors Odometer::Next, keeping the position up to date.
    const std::vector<int64_t>& index = odometer_.index();
    for (size_t i = index.size(); i-- > 0;) {
      if (index[i] + 1 < extents_[i]) {
        position_ += strides_[i];
        break;
      }
      position_ -= index[i] * strides_[i];
    }
    odometer_.Next();
  }

 private:
  Odometer odometer_;
  const std::vector<int64_t>& extents_;
  std::vector<int64_t> strides_;
  int64_t position_;
};

inline ScalarBits LoadElement(const Literal& literal, int64_t i) {
  const size_t width = static_cast<size_t>(ByteSize(literal.dtype()));
  const char* source = static_cast<const char*>(literal.data()) + i * static_cast<int64_t>(width);
  ScalarBits bits = 0;
  std::memcpy(&bits, source, width);
  return bits;
}
inline void StoreElement(Literal* literal, int64_t i, ScalarBits bits) {
  const size_t width = static_cast<size_t>(ByteSize(literal->dtype()));
  std::memcpy(static_cast<char*>(literal->data()) + i * static_cast<int64_t>(width), &bits, width);
}

// An index as the user gave it: integers of any type; u64 values beyond int64 become the largest
// int64.
inline int64_t LoadIndex(const Literal& literal, int64_t i) {
  const int64_t value = literal.GetInt(i);
  return literal.dtype() == DType::kU64 && value < 0 ? INT64_MAX : value;
}

// Copies element `from` of `source` to element `to` of `target`, both of one element type.
inline void CopyElement(Literal* target, int64_t to, const Literal& source, int64_t from) {
  const int64_t width = ByteSize(source.dtype());
  std::memcpy(static_cast<char*>(target->data()) + to * width,
              static_cast<const char*>(source.data()) + from * width, static_cast<size_t>(width));
}

}  // namespace cermet::evaluator

#endif  // CERMET_IR_EVALUATOR_INDEXING_H_
