#include <kiln/detail/keyed/keyed_forest.hpp>
#include <kiln/detail/plan_text.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <kiln/error.hpp>
#include "flow/rejected_table.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace kiln::detail {
namespace {

[[noreturn]] void fail(const std::string& why) { throw Error(ExitCode::usage, why); }

constexpr std::size_t kLongestName = 200;

void check_name(std::string_view flow, std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  if (name.empty() || name.size() > kLongestName || name.front() == '.' ||
      !std::all_of(name.begin(), name.end(), fits)) {
    fail(fmt::format("flow '{}': '{}' is no name for a sink: use letters, digits and _ - . (not first), at most {}",
                     flow, name, kLongestName));
  }
}

void check_sinks(const StagePlan& plan) {
  std::set<std::string_view> tables, values;
  for (const RowsSink& sink : plan.rows) {
    check_name(plan.name, sink.table.name);
    if (sink.table.name == flow::kRejectedTable) {
      fail(
          fmt::format("flow '{}': a rows sink is called '{}', as kiln's own table of rejected records: give it another "
                      "name",
                      plan.name, sink.table.name));
    }
    if (!tables.insert(sink.table.name).second) {
      fail(
          fmt::format("flow '{}': two rows sinks are called '{}': give each its own name", plan.name, sink.table.name));
    }
  }
  for (const ReduceSink& sink : plan.reduces) {
    if (!sink.keyed) check_name(plan.name, sink.name);
    if (!values.insert(sink.name).second) {
      fail(fmt::format("flow '{}': two reductions are called '{}': give each its own name, to_reduce(…, \"name\")",
                       plan.name, sink.name));
    }
  }
}

std::string describe(const Column& column) {
  std::string text = fmt::format("{}:{}", column.name, static_cast<int>(column.type));
  if (column.count != 1) text += fmt::format("[{}]", column.count);
  if (column.list) text += "[]";
  return text;
}

std::string describe(const Table& table) {
  std::vector<std::string> columns;
  columns.reserve(table.schema.size());
  for (const Column& column : table.schema) columns.push_back(describe(column));
  return fmt::format("rows({};{})", table.name, fmt::join(columns, ","));
}

/// A text in which no other text can hide.
std::string counted(std::string_view text) { return fmt::format("{}:{}", text.size(), text); }

}  // namespace

std::string describe_plan(const StagePlan& plan, const std::vector<std::string_view>& steps) {
  if (plan.rows.empty() && plan.reduces.empty()) fail(fmt::format("flow '{}' has no sink", plan.name));
  check_sinks(plan);
  std::string text = fmt::format("flow {} {}", counted(plan.name), plan.source.description);
  for (const std::string_view step : steps) text += fmt::format(" {}", step);
  for (const RowsSink& sink : plan.rows) text += " " + describe(sink.table);
  for (const ReduceSink& sink : plan.reduces) text += fmt::format(" reduce({};{})", sink.name, sink.description);
  return text;
}

SourceSpec range_spec(std::uint64_t units) {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::range;
  spec.units = units;
  spec.description = fmt::format("range({})", units);
  return spec;
}

SourceSpec grid_spec(std::uint64_t units, std::string description) {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::grid;
  spec.units = units;
  spec.description = std::move(description);
  return spec;
}

SourceSpec items_spec(std::uint64_t units, ByteView encoded) {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::items;
  spec.units = units;
  spec.description = fmt::format("items({},{},{:016x})", units, encoded.size(), checksum(encoded));
  return spec;
}

SourceSpec lines_spec(std::vector<std::string> patterns, std::uint64_t split) {
  if (patterns.empty()) fail("lines() has no files: give it a path or a glob at least");
  if (split == 0) fail("lines(): a split of 0 bytes: give the size of a unit in bytes, 1048576 say");
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::lines;
  spec.unit_size = split;
  spec.description = fmt::format("lines(split={}", split);
  for (const std::string& pattern : patterns) spec.description += "," + counted(pattern);
  spec.description += ")";
  spec.files = std::move(patterns);
  return spec;
}

SourceSpec text_spec(std::vector<std::string> patterns, std::uint64_t split, bool words) {
  SourceSpec spec = lines_spec(std::move(patterns), split);
  spec.description = (words ? "words of " : "text of ") + spec.description;
  spec.words = words;
  return spec;
}

SourceSpec fixed_records_spec(std::vector<std::string> patterns, std::uint64_t size, std::uint64_t split) {
  if (size == 0) fail("records(): records of 0 bytes: give the size of one in bytes");
  SourceSpec spec = lines_spec(std::move(patterns), std::max<std::uint64_t>(split / size, 1) * size);
  spec.kind = SourceSpec::Kind::records;
  spec.record_size = size;
  spec.description = fmt::format("records of {} bytes of {}", size, spec.description);
  return spec;
}

SourceSpec shards_spec(std::string_view step, std::uint64_t shards) {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::shards;
  spec.units = shards;
  spec.description = shards == 0 ? std::string(step) : fmt::format("{} in {} shards", step, shards);
  return spec;
}

SourceSpec merged_spec(std::vector<SourceSpec> parts) {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::merged;
  for (const SourceSpec& part : parts) spec.description += (spec.description.empty() ? "" : "; ") + part.description;
  spec.description = "merged(" + spec.description + ")";
  spec.parts = std::move(parts);
  return spec;
}

SourceSpec hdf5_spec(std::string file, std::string dataset, ColumnType element, std::uint64_t rows_per_unit,
                     bool keep) {
  if (rows_per_unit == 0) fail(fmt::format("hdf5(\"{}\", \"{}\"): 0 rows in a unit: give 1 or more", file, dataset));
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::hdf5;
  spec.element = element;
  spec.unit_size = rows_per_unit;
  spec.keep = keep;
  spec.description = fmt::format("hdf5({},{},type={},rows={})", counted(file), counted(dataset),
                                 static_cast<int>(element), rows_per_unit);
  spec.files.push_back(std::move(file));
  spec.dataset = std::move(dataset);
  return spec;
}

}  // namespace kiln::detail
