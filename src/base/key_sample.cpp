#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/keyed/hash.hpp>
#include <kiln/detail/keyed/key_sample.hpp>

#include <algorithm>
#include <utility>

namespace kiln::detail {

void SortPlace::encode(ByteWriter& out) const {
  out.put_text(key);
  out.put(unit);
}

SortPlace SortPlace::decode(ByteReader& in) {
  SortPlace place;
  place.key = in.get_text();
  if (place.key.size() > kLongestPlace) throw_damaged_forest("a place in keyed data is too long");
  place.unit = in.get<std::uint64_t>();
  return place;
}

std::uint64_t KeySample::lot(std::uint64_t unit, std::uint64_t number, std::size_t size) {
  return hash_words({unit, number}, 16) / std::max<std::size_t>(size, 1);
}

void KeySample::add(std::uint64_t lot, std::string_view key, std::uint64_t unit) {
  if (!takes(lot)) return;
  // Cut off, it is a place in front of all that begin so.
  const bool is_whole = key.size() <= kLongestPlace;
  add({lot, {std::string(key.substr(0, kLongestPlace)), is_whole ? unit : 0}});
}

void KeySample::add(Key key) {
  if (keys_.size() == kMost) {
    if (keys_.front() <= key) return;
    std::pop_heap(keys_.begin(), keys_.end());
    keys_.pop_back();
  }
  keys_.push_back(std::move(key));
  std::push_heap(keys_.begin(), keys_.end());
}

void KeySample::add(const KeySample& other) {
  for (const Key& key : other.keys_) {
    if (takes(key.lot)) add(key);
  }
}

std::size_t KeySample::bytes() const {
  std::size_t bytes = keys_.size() * sizeof(Key);
  for (const Key& key : keys_) bytes += key.place.key.size();
  return bytes;
}

std::vector<SortPlace> KeySample::cut(std::uint64_t ranges) const {
  std::vector<SortPlace> places, cuts;
  places.reserve(keys_.size());
  for (const Key& key : keys_) places.push_back(key.place);
  std::sort(places.begin(), places.end());
  for (std::uint64_t i = 1; i < ranges && !places.empty(); ++i) cuts.push_back(places[i * places.size() / ranges]);
  return cuts;
}

void KeySample::encode(ByteWriter& out) const {
  std::vector<Key> keys = keys_;
  std::sort_heap(keys.begin(), keys.end());
  out.put<std::uint64_t>(keys.size());
  for (const Key& key : keys) {
    out.put(key.lot);
    key.place.encode(out);
  }
}

KeySample KeySample::decode(ByteReader& in) {
  KeySample sample;
  const std::uint64_t count = in.get_count(3 * sizeof(std::uint64_t));
  if (count > kMost) throw_damaged_forest("a sample of keys is too large");
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto lot = in.get<std::uint64_t>();
    sample.add(Key{lot, SortPlace::decode(in)});
  }
  return sample;
}

}  // namespace kiln::detail
