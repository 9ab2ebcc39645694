#include "flow/slice_cache.hpp"

#include <utility>

namespace kiln::flow {

const Buffer* SliceCache::find(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto slice = found->second;
  slice->used = stage_;
  slices_.splice(slices_.begin(), slices_, slice);
  return &slice->buffer;
}

const Buffer* SliceCache::keep(std::string key, Buffer& buffer) {
  if (by_key_.contains(key) || !make_room(buffer.size)) return &buffer;
  bytes_ += buffer.size;
  slices_.push_front({std::move(key), std::exchange(buffer, {}), stage_});
  by_key_.emplace(slices_.front().key, slices_.begin());
  return &slices_.front().buffer;
}

bool SliceCache::make_room(std::size_t size) {
  if (size > limit_) return false;
  while (size > limit_ - bytes_) {
    if (slices_.empty() || slices_.back().used + 1 >= stage_) return false;
    bytes_ -= slices_.back().buffer.size;
    by_key_.erase(slices_.back().key);
    slices_.pop_back();
  }
  return true;
}

}  // namespace kiln::flow
