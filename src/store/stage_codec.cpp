#include "store/stage_codec.hpp"

#include "store/entry_columns.hpp"
#include "store/rows_codec.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace kiln::store {
namespace {

void write_blob(const h5::Handle& group, const std::string& name, ByteView bytes) {
  h5::write_values(group, name, std::span<const std::byte>(bytes));
}

// One list of names and one of schemas, side by side.
void write_tables(const h5::Handle& group, const Tables& tables) {
  TextWriter names, schemas;
  for (const Table& table : tables) {
    names.add(table.name);
    schemas.add(schema_text(table.schema));
  }
  names.write(group, "tables/name");
  schemas.write(group, "tables/schema");
}

Tables read_tables(const h5::Handle& group, std::uint64_t limit) {
  auto names = read_texts(group, "tables/name", limit);
  const auto schemas = read_texts(group, "tables/schema", limit);
  expect_same_size(names, schemas);
  Tables tables;
  for (std::size_t i = 0; i < names.size(); ++i) tables.push_back({std::move(names[i]), parse_schema(schemas[i])});
  return tables;
}

std::vector<std::uint32_t> places_of_tables(const h5::Handle& group) {
  std::vector<std::uint32_t> places;
  for (const std::string& name : h5::members(h5::open_group(group, "tables"))) {
    std::uint32_t place = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), place);
    if (error != std::errc() || end != name.data() + name.size() || place == 0) {
      throw_damaged_entry(fmt::format("'{}' is no table's place", name));
    }
    places.push_back(place);
  }
  std::sort(places.begin(), places.end());
  return places;
}

// Lists of intervals: how many each one has, and all of them one after the other.
template <class Items>
void write_units(const h5::Handle& group, const std::string& path, const Items& items) {
  std::vector<std::uint64_t> intervals;
  for (const auto& item : items) {
    for (const Interval& interval : item.units.intervals()) {
      intervals.push_back(interval.first.value());
      intervals.push_back(interval.last.value());
    }
  }
  write_column<std::uint64_t>(group, path + "/intervals", items, [](const auto& item) { return item.units.size(); });
  h5::write_table<std::uint64_t>(group, path + "/units", intervals, 2);
}

std::vector<schedule::IntervalSet> read_units(const h5::Handle& group, const std::string& path, std::uint64_t limit) {
  const auto counts = h5::read_values<std::uint64_t>(group, path + "/intervals", limit);
  const auto units = h5::read_values<std::uint64_t>(group, path + "/units", limit);
  std::vector<schedule::IntervalSet> sets(counts.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > (units.size() - at) / 2) throw_damaged_entry("a list of units has more intervals than there are");
    for (const std::size_t end = at + 2 * counts[i]; at < end; at += 2) {
      if (units[at] >= units[at + 1]) throw_damaged_entry("an interval ends before it begins");
      sets[i].insert(make_interval(units[at], units[at + 1]));
    }
  }
  return sets;
}

void write_segments(const h5::Handle& group, const std::vector<SegmentFile>& segments) {
  TextWriter files;
  for (const SegmentFile& segment : segments) files.add(segment.file);
  files.write(group, "segments/file");
  write_column<std::uint64_t>(group, "segments/length", segments, [](const SegmentFile& s) { return s.length; });
  write_column<std::uint64_t>(group, "segments/checksum", segments, [](const SegmentFile& s) { return s.checksum; });
  write_units(group, "segments", segments);
}

std::vector<SegmentFile> read_segments(const h5::Handle& group, std::uint64_t limit) {
  auto files = read_texts(group, "segments/file", limit);
  const auto lengths = h5::read_values<std::uint64_t>(group, "segments/length", limit);
  const auto sums = h5::read_values<std::uint64_t>(group, "segments/checksum", limit);
  auto units = read_units(group, "segments", limit);
  expect_same_size(files, lengths, sums, units);
  std::vector<SegmentFile> segments;
  for (std::size_t i = 0; i < files.size(); ++i) {
    expect_file_name(files[i]);
    segments.push_back({std::move(files[i]), lengths[i], sums[i], std::move(units[i])});
  }
  return segments;
}

void write_wholes(const h5::Handle& group, const std::vector<CommitEntry::Whole>& wholes) {
  write_column<std::uint64_t>(group, "wholes/partials", wholes, [](const auto& whole) { return whole.partials; });
  write_units(group, "wholes", wholes);
}

std::vector<CommitEntry::Whole> read_wholes(const h5::Handle& group, std::uint64_t limit) {
  const auto partials = h5::read_values<std::uint64_t>(group, "wholes/partials", limit);
  auto units = read_units(group, "wholes", limit);
  expect_same_size(partials, units);
  std::uint64_t left =
      h5::exists(group, "partials_ends") ? h5::shape(h5::open_dataset(group, "partials_ends")).at(0) : 0;
  std::vector<CommitEntry::Whole> wholes;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (partials[i] > left) throw_damaged_entry("units claim more partial results than there are");
    left -= partials[i];
    wholes.push_back({std::move(units[i]), partials[i]});
  }
  if (left != 0) throw_damaged_entry("partial results belong to no units");
  return wholes;
}

}  // namespace

void expect_file_name(const std::string& name) {
  if (name.find('/') != std::string::npos || name.empty() || name.front() == '.') {
    throw_damaged_entry("a file's name is none");
  }
}

std::string table_group(std::size_t table) { return table == 0 ? std::string() : fmt::format("tables/{}", table); }

void write_plan(const h5::Handle& group, const PlanEntry& body) {
  TextWriter texts;
  for (const std::string* text : {&body.name, &body.description, &body.build}) texts.add(*text);
  texts.write(group, "plan");
  h5::write_attribute(group, "inputs", body.inputs);
  h5::write_attribute(group, "units", body.units);
  h5::write_attribute(group, "before", body.before);
  h5::write_attribute(group, "identity", body.identity);
  write_tables(group, body.tables);
  TextWriter names, descriptions, records;
  for (const PlanEntry::Reduce& reduce : body.reduces) {
    names.add(reduce.name);
    descriptions.add(reduce.description);
  }
  names.write(group, "reduces/name");
  descriptions.write(group, "reduces/description");
  write_column<std::uint8_t>(group, "reduces/exact", body.reduces,
                             [](const PlanEntry::Reduce& reduce) { return static_cast<std::uint8_t>(reduce.exact); });
  for (const std::string& record : body.records) records.add(record);
  records.write(group, "records");
  write_blob(group, "setup", body.setup);
}

PlanEntry read_plan(const h5::Handle& group, std::uint64_t limit) {
  PlanEntry body;
  auto texts = read_texts(group, "plan", limit);
  if (texts.size() != 3) throw_damaged_entry("a plan's texts are not three");
  body.name = std::move(texts[0]);
  body.description = std::move(texts[1]);
  body.build = std::move(texts[2]);
  body.inputs = h5::read_attribute<std::uint64_t>(group, "inputs");
  body.units = h5::read_attribute<std::uint64_t>(group, "units");
  body.before = h5::read_attribute<std::uint64_t>(group, "before");
  body.identity = h5::read_attribute<std::uint64_t>(group, "identity");
  body.tables = read_tables(group, limit);
  auto names = read_texts(group, "reduces/name", limit);
  auto descriptions = read_texts(group, "reduces/description", limit);
  const auto exact = h5::read_values<std::uint8_t>(group, "reduces/exact", limit);
  expect_same_size(names, descriptions, exact);
  for (std::size_t i = 0; i < names.size(); ++i) {
    body.reduces.push_back({std::move(names[i]), std::move(descriptions[i]), exact[i] != 0});
  }
  body.records = read_texts(group, "records", limit);
  const auto setup = h5::read_values<std::byte>(group, "setup", limit);
  body.setup = Bytes(setup.begin(), setup.end());
  return body;
}

void write_stage_end(const h5::Handle& group, const StageEndEntry& body) {
  h5::write_attribute(group, "units", body.counts.units);
  h5::write_attribute(group, "done", body.counts.done);
  h5::write_attribute(group, "failed", body.counts.failed);
  h5::write_attribute(group, "rejected", body.counts.rejected);
  h5::write_attribute(group, "seconds", body.seconds);
  TextWriter values;
  for (const auto& value : body.values) values.add(value ? ByteView(*value) : ByteView());
  values.write(group, "values");
  write_column<std::uint8_t>(group, "has_value", body.values,
                             [](const auto& value) { return static_cast<std::uint8_t>(value.has_value()); });
  for (std::size_t i = 0; i < body.show.size(); ++i) {
    const StageEndEntry::Shown& shown = body.show[i];
    const h5::Handle place = h5::create_group(group, fmt::format("show/{:06}", i));
    h5::write_attribute(place, "reduce", shown.reduce);
    TextWriter name;
    name.add(shown.table.name);
    name.write(place, "name");
    write_rows(place, shown.rows, shown.table.schema);
  }
}

StageEndEntry read_stage_end(const h5::Handle& group, std::uint64_t limit) {
  StageEndEntry body;
  body.counts.units = h5::read_attribute<std::uint64_t>(group, "units");
  body.counts.done = h5::read_attribute<std::uint64_t>(group, "done");
  body.counts.failed = h5::read_attribute<std::uint64_t>(group, "failed");
  body.counts.rejected = h5::read_attribute<std::uint64_t>(group, "rejected");
  body.seconds = h5::read_attribute<double>(group, "seconds");
  auto values = read_blobs(group, "values", limit);
  const auto has_value = h5::read_values<std::uint8_t>(group, "has_value", limit);
  expect_same_size(values, has_value);
  for (std::size_t i = 0; i < values.size(); ++i) {
    body.values.push_back(has_value[i] != 0 ? std::optional<Bytes>(std::move(values[i])) : std::nullopt);
  }
  if (!h5::exists(group, "show")) return body;
  const h5::Handle show = h5::open_group(group, "show");
  for (const std::string& name : h5::members(show)) {
    const h5::Handle place = h5::open_group(show, name);
    StageEndEntry::Shown shown;
    shown.reduce = h5::read_attribute<std::uint32_t>(place, "reduce");
    auto names = read_texts(place, "name", limit);
    if (names.size() != 1 || shown.reduce >= body.values.size()) throw_damaged_entry("a value's table is none");
    const RowsGroup rows(h5::open_group(place, "rows"), limit);
    shown.table = {std::move(names.front()), rows.schema()};
    shown.rows = rows.read(0, rows.size());
    body.show.push_back(std::move(shown));
  }
  return body;
}

void write_root(const h5::Handle& group, const RootEntry& body) {
  TextWriter name;
  name.add(body.name);
  name.write(group, "name");
  h5::write_attribute(group, "call", body.call);
  h5::write_attribute(group, "identity", body.identity);
}

RootEntry read_root(const h5::Handle& group, std::uint64_t limit) {
  auto names = read_texts(group, "name", limit);
  if (names.size() != 1) throw_damaged_entry("an at_root has not one name");
  return {std::move(names.front()), h5::read_attribute<std::uint32_t>(group, "call"),
          h5::read_attribute<std::uint64_t>(group, "identity")};
}

void write_program_parts(const h5::Handle& group, const CommitEntry& body, bool packed) {
  for (const MoreRows& more : body.more) {
    if (more.rows.size() == 0) continue;
    const h5::Handle place = h5::create_group(group, table_group(more.place));
    h5::write_attribute(place, "name", more.table.name);
    write_rows(place, more.rows, more.table.schema, packed);
  }
  if (body.has_partials || !body.partials.empty()) {
    TextWriter partials;
    for (const Bytes& partial : body.partials) partials.add(ByteView(partial));
    partials.write(group, "partials");
  }
  if (!body.segments.empty()) write_segments(group, body.segments);
  if (!body.wholes.empty()) write_wholes(group, body.wholes);
}

void read_program_parts(const h5::Handle& group, bool rows, std::uint64_t limit, CommitEntry& body) {
  if (h5::exists(group, "segments")) body.segments = read_segments(group, limit);
  body.has_partials = h5::exists(group, "partials_ends");
  if (h5::exists(group, "wholes")) body.wholes = read_wholes(group, limit);
  if (!rows) return;
  if (body.has_partials) body.partials = read_blobs(group, "partials", limit);
  if (!h5::exists(group, "tables")) return;
  for (const std::uint32_t place : places_of_tables(group)) {
    const h5::Handle table = h5::open_group(group, table_group(place));
    const RowsGroup reader(h5::open_group(table, "rows"), limit);
    body.more.push_back(
        {place, {h5::read_text_attribute(table, "name"), reader.schema()}, reader.read(0, reader.size())});
  }
}

}  // namespace kiln::store
