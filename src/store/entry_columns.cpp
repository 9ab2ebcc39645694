#include "store/entry_columns.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::store {
namespace {

template <class Text, class Make>
std::vector<Text> read_list(const h5::Handle& group, const std::string& name, std::uint64_t limit, Make make) {
  const auto bytes = h5::read_values<std::byte>(group, name + "_bytes", limit);
  const auto ends = h5::read_values<std::uint64_t>(group, name + "_ends", limit);
  std::vector<Text> texts;
  texts.reserve(ends.size());
  std::uint64_t begin = 0;
  for (const std::uint64_t end : ends) {
    if (end < begin || end > bytes.size()) throw_damaged_entry(fmt::format("a text of '{}' ends outside", name));
    texts.push_back(make(ByteView(bytes).subspan(begin, end - begin)));
    begin = end;
  }
  return texts;
}

}  // namespace

void throw_damaged_entry(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("an entry of the journal is damaged: {}", why));
}

void write_intervals(const h5::Handle& group, const std::string& name, const schedule::IntervalSet& set) {
  std::vector<std::uint64_t> flat;
  flat.reserve(set.size() * 2);
  for (const Interval& interval : set.intervals()) {
    flat.push_back(interval.first.value());
    flat.push_back(interval.last.value());
  }
  h5::write_table<std::uint64_t>(group, name, flat, 2);
}

schedule::IntervalSet read_intervals(const h5::Handle& group, const std::string& name, std::uint64_t limit) {
  const auto flat = h5::read_values<std::uint64_t>(group, name, limit);
  if (flat.size() % 2 != 0) throw_damaged_entry("half an interval");
  schedule::IntervalSet set;
  for (std::size_t i = 0; i < flat.size(); i += 2) {
    if (flat[i] >= flat[i + 1]) throw_damaged_entry("an interval ends before it begins");
    set.insert(make_interval(flat[i], flat[i + 1]));
  }
  return set;
}

void TextWriter::write(const h5::Handle& group, const std::string& name) const {
  h5::write_values(group, name + "_bytes", bytes_);
  h5::write_values(group, name + "_ends", ends_);
}

std::vector<std::string> read_texts(const h5::Handle& group, const std::string& name, std::uint64_t limit) {
  return read_list<std::string>(group, name, limit, [](ByteView bytes) { return std::string(as_text(bytes)); });
}

Bytes read_blob(const h5::Handle& group, const std::string& name, std::uint64_t index, std::uint64_t limit) {
  const h5::Handle ends = h5::open_dataset(group, name + "_ends");
  const h5::Handle bytes = h5::open_dataset(group, name + "_bytes");
  const auto end_at = [&](std::uint64_t place) {
    std::uint64_t end = 0;
    h5::read_raw(ends, h5::Type::u64, place, 1, std::as_writable_bytes(std::span(&end, 1)));
    return end;
  };
  const std::uint64_t begin = index == 0 ? 0 : end_at(index - 1);
  const std::uint64_t end = end_at(index);
  if (end < begin || end > h5::checked_size(bytes, 1, limit)) {
    throw_damaged_entry(fmt::format("a text of '{}' ends outside", name));
  }
  Bytes blob(end - begin);
  for (std::size_t at = 0; at < blob.size(); at += h5::kPiece) {
    const std::size_t size = std::min(h5::kPiece, blob.size() - at);
    h5::read_raw(bytes, h5::Type::u8, begin + at, size, std::span(blob).subspan(at, size));
  }
  return blob;
}

std::vector<Bytes> read_blobs(const h5::Handle& group, const std::string& name, std::uint64_t limit) {
  return read_list<Bytes>(group, name, limit, [](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

}  // namespace kiln::store
