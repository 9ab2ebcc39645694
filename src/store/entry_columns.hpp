#pragma once

#include <kiln/detail/bytes.hpp>
#include "schedule/interval_set.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Inside of the entries' codecs: intervals, texts and columns as datasets. Reading throws kiln::Error (internal) where
/// the bytes cannot be; `limit` is the length of the file, and no size beyond it is believed.
namespace kiln::store {

[[noreturn]] void throw_damaged_entry(std::string_view why);

/// Pairs [first, last).
void write_intervals(const h5::Handle& group, const std::string& name, const schedule::IntervalSet& set);
schedule::IntervalSet read_intervals(const h5::Handle& group, const std::string& name, std::uint64_t limit);

/// Texts of any bytes: NAME_bytes (all of them, one after the other) and NAME_ends (where each one ends).
class TextWriter {
 public:
  void add(std::string_view text) { add(as_bytes(text)); }
  void add(ByteView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    ends_.push_back(bytes_.size());
  }
  void write(const h5::Handle& group, const std::string& name) const;

 private:
  std::vector<std::byte> bytes_;
  std::vector<std::uint64_t> ends_;
};
std::vector<std::string> read_texts(const h5::Handle& group, const std::string& name, std::uint64_t limit);
/// One text of such a list.
Bytes read_blob(const h5::Handle& group, const std::string& name, std::uint64_t index, std::uint64_t limit);
std::vector<Bytes> read_blobs(const h5::Handle& group, const std::string& name, std::uint64_t limit);

/// Columns of one table that must be of one length.
template <class First, class... Rest>
void expect_same_size(const First& first, const Rest&... rest) {
  if (((rest.size() != first.size()) || ...)) throw_damaged_entry("the columns of a table differ in length");
}

template <class T, class Items, class Get>
void write_column(const h5::Handle& group, const std::string& name, const Items& items, Get get) {
  std::vector<T> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(get(item));
  h5::write_values(group, name, values);
}

}  // namespace kiln::store
