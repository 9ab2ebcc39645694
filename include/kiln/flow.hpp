#pragma once

#include <kiln/codec.hpp>
#include <kiln/detail/field.hpp>
#include <kiln/detail/plan_text.hpp>
#include <kiln/detail/records.hpp>
#include <kiln/detail/sources.hpp>
#include <kiln/grid.hpp>
#include <kiln/records.hpp>
#include <kiln/stream.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln {

struct LineOptions {
  std::uint64_t split = 1 << 20;  ///< bytes of a unit; part of the run: another value, other units
};
struct TextOptions {
  std::uint64_t split = 1 << 20;  ///< as of lines
  /// Cut at any white space (blank, \t to \r), not only at line ends: for steps that need no lines.
  bool words = false;
};
struct Hdf5Options {
  bool keep = false;  ///< a worker keeps the slices it has read in memory, for later stages of the program
};

/// Where streams begin: its name stands in messages and in the run directory. A stream does not need its flow any more.
class Flow {
 public:
  explicit Flow(std::string name) : name_(std::move(name)) {}

  /// Units 0 … n-1; the item is the number of its unit.
  Stream<detail::RangeSource> range(std::uint64_t n) const {
    return begin(detail::range_spec(n), detail::RangeSource{});
  }

  /// A unit for each combination of the axes' values; the item is a kiln::Point. The last axis changes fastest.
  ///     flow.grid({{"strike", linspace(80, 120, 41)}, {"maturity", {0.5, 1.0, 2.0}}})
  /// Throws kiln::Error (bad input): kiln/grid.hpp.
  Stream<detail::GridSource> grid(std::vector<Axis> axes) const {
    Grid grid(std::move(axes));
    detail::SourceSpec spec = detail::grid_spec(grid.size(), grid.describe());
    return begin(std::move(spec), detail::GridSource{std::move(grid)});
  }
  Stream<detail::GridSource> grid(std::initializer_list<Axis> axes) const { return grid(std::vector<Axis>(axes)); }

  /// A unit for each item; every rank has all of them.
  template <class T>
  Stream<detail::ItemsSource<T>> items(std::vector<T> items) const {
    static_assert(!std::is_same_v<T, bool>, "kiln: items(): a std::vector<bool> has no bools; use std::uint8_t");
    ByteWriter encoded;
    for (const T& item : items) Codec<T>::write(encoded, item);
    detail::SourceSpec spec = detail::items_spec(items.size(), encoded.view());
    return begin(std::move(spec), detail::ItemsSource<T>{std::move(items)});
  }

  /// The lines of files, of text or compressed by gzip or zstd: paths and globs. A unit is `split` bytes of a file, or
  /// a whole compressed file; the items are its kiln::Lines. Files are looked for when the stage begins.
  Stream<detail::LineSource> lines(std::string pattern, LineOptions options = {}) const {
    return lines(std::vector<std::string>{std::move(pattern)}, options);
  }
  Stream<detail::LineSource> lines(std::vector<std::string> patterns, LineOptions options = {}) const {
    return begin(detail::lines_spec(std::move(patterns), options.split), detail::LineSource{});
  }

  /// The same files and units, many lines at a time: the items are kiln::Texts. For steps that need no single lines,
  /// such as counting words: they read as fast as memory is. With {.words = true} a line may be of any length.
  Stream<detail::TextSource> text(std::string pattern, TextOptions options = {}) const {
    return text(std::vector<std::string>{std::move(pattern)}, options);
  }
  Stream<detail::TextSource> text(std::vector<std::string> patterns, TextOptions options = {}) const {
    return begin(detail::text_spec(std::move(patterns), options.split, options.words), detail::TextSource{});
  }

  /// Records of the same files, one JSON object a line (docs/reading-data.md): the items are structs with KILN_COLUMNS,
  /// whose fields are looked for by name; a std::optional may be missing. What does not fit is a rejected record.
  template <class T>
  Stream<detail::RecordSource<T>> json_lines(std::string pattern, JsonOptions options = {}) const {
    return json_lines<T>(std::vector<std::string>{std::move(pattern)}, options);
  }
  template <class T>
  Stream<detail::RecordSource<T>> json_lines(const std::vector<std::string>& patterns, JsonOptions options = {}) const {
    auto source = detail::json_source<T>(options);
    return begin(detail::records_spec(patterns, options.split, source.format), source);
  }

  /// The same of files with comma-separated values; the first line of each file names its columns.
  template <class T>
  Stream<detail::RecordSource<T>> csv(std::string pattern, CsvOptions options = {}) const {
    return csv<T>(std::vector<std::string>{std::move(pattern)}, options);
  }
  template <class T>
  Stream<detail::RecordSource<T>> csv(const std::vector<std::string>& patterns, CsvOptions options = {}) const {
    auto source = detail::csv_source<T>(options);
    return begin(detail::records_spec(patterns, options.split, source.format), source);
  }

  /// Records of `size` bytes each of binary files: paths and globs. A unit is about `split` bytes of a file; the items
  /// are its kiln::Records. A file whose length is no multiple of `size` is bad input.
  Stream<detail::FixedRecordSource> records(std::string pattern, std::size_t size, LineOptions options = {}) const {
    return records(std::vector<std::string>{std::move(pattern)}, size, options);
  }
  Stream<detail::FixedRecordSource> records(std::vector<std::string> patterns, std::size_t size,
                                            LineOptions options = {}) const {
    return begin(detail::fixed_records_spec(std::move(patterns), size, options.split), detail::FixedRecordSource{size});
  }

  /// Slices of a dataset along its first axis; the item is a kiln::Slice<T> of `rows_per_unit` rows (the last one may
  /// have fewer), read by the worker. T must be the type in the file.
  template <class T>
    requires std::is_arithmetic_v<T>
  Stream<detail::SliceSource<T>> hdf5(const std::string& file, const std::string& dataset, std::uint64_t rows_per_unit,
                                      Hdf5Options options = {}) const {
    return begin(detail::hdf5_spec(file, dataset, detail::number_type<T>(), rows_per_unit, options.keep),
                 detail::SliceSource<T>{});
  }

 private:
  template <class Source>
  Stream<Source> begin(detail::SourceSpec spec, Source source) const {
    detail::StagePlan plan;
    plan.name = name_;
    auto node = std::make_shared<const detail::SourceNode>(detail::SourceNode{std::move(spec)});
    return {std::move(plan), {std::move(node), {}, 0}, std::move(source), {}};
  }

  std::string name_;
};

}  // namespace kiln
