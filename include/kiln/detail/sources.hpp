#pragma once

#include <kiln/detail/stage.hpp>
#include <kiln/grid.hpp>
#include <kiln/line.hpp>
#include <kiln/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

/// What units are to the code of a stage. A source says its item type as it is passed on, and whether a unit has one
/// item or many records.
namespace kiln::detail {

/// Where a record lies, for who reads that it was rejected.
struct RecordPlace {
  std::string_view file;     ///< "" where the source has no files
  std::uint64_t offset = 0;  ///< in the file; else its number in the unit
  std::string_view text;
  std::int64_t line = -1;  ///< lines of the unit before it; -1 where the source does not count them
};

struct RangeSource {
  using Item = std::uint64_t;
  static constexpr bool kHasRecords = false;
  Item item(UnitId unit, const StageHost&) const { return unit.value(); }
};

struct GridSource {
  using Item = Point;
  static constexpr bool kHasRecords = false;
  Item item(UnitId unit, const StageHost&) const { return {grid, unit.value()}; }
  Grid grid;
};

template <class T>
struct ItemsSource {
  using Item = const T&;
  static constexpr bool kHasRecords = false;
  Item item(UnitId unit, const StageHost&) const { return items[unit.value()]; }
  std::vector<T> items;
};

template <class T>
struct SliceSource {
  using Item = Slice<T>;
  static constexpr bool kHasRecords = false;
  Item item(UnitId unit, const StageHost& host) const {
    const RawSlice& raw = host.input->slice(unit);
    return {std::span(static_cast<const T*>(raw.data), raw.rows * raw.row_values), raw.first, raw.row_values,
            raw.dimensions};
  }
};

/// The number of the record's line in its file, from 1; -1 where lines are not counted.
inline std::int64_t line_of(const RecordPlace& place, const StageHost& host) {
  const std::int64_t first = place.line < 0 ? -1 : host.input->first_line();
  return first > 0 ? first + place.line : first;
}

/// Tells who takes records, where he wants to know, that what they point to goes.
template <class Record>
void end_block(const Record& record) {
  if constexpr (requires { record.end_block(); }) record.end_block();
}

struct LineSource {
  using Item = Line;
  static constexpr bool kHasRecords = true;
  /// each() has a second function, for records that are none.
  static constexpr bool kRejects = true;
  /// Calls record(Line, RecordPlace) with each line of the unit, or reject(reason, RecordPlace).
  template <class Record, class Reject>
  void each(UnitId unit, const StageHost& host, Record&& record, Reject&& reject) const {
    host.input->open_lines(unit);
    LineBlock block;
    std::int64_t number = 0;
    while (host.input->next_lines(block)) {
      const std::string_view file = host.input->file_name(block.file);
      if (block.rejected != nullptr) {
        reject(block.rejected, RecordPlace{file, block.offset, block.text, number++});
        continue;
      }
      for (std::size_t begin = 0; begin < block.text.size();) {
        const void* end = std::memchr(block.text.data() + begin, '\n', block.text.size() - begin);
        const std::size_t stop = end == nullptr
                                     ? block.text.size()
                                     : static_cast<std::size_t>(static_cast<const char*>(end) - block.text.data());
        std::string_view text = block.text.substr(begin, stop - begin);
        if (end != nullptr && text.ends_with('\r')) text.remove_suffix(1);
        record(Line{text, file, block.offset + begin}, RecordPlace{file, block.offset + begin, text, number++});
        begin = stop + 1;
      }
      end_block(record);
    }
  }
};

/// The same files and units; a record is a block of lines.
struct TextSource {
  using Item = Text;
  static constexpr bool kHasRecords = true;
  static constexpr bool kRejects = true;
  template <class Record, class Reject>
  void each(UnitId unit, const StageHost& host, Record&& record, Reject&& reject) const {
    host.input->open_lines(unit);
    LineBlock block;
    while (host.input->next_lines(block)) {
      const std::string_view file = host.input->file_name(block.file);
      if (block.rejected != nullptr) {
        reject(block.rejected, RecordPlace{file, block.offset, block.text, -1});
        continue;
      }
      record(Text{block.text, file, block.offset}, RecordPlace{file, block.offset, block.text, -1});
      end_block(record);
    }
  }
};

/// Records of one size.
struct FixedRecordSource {
  using Item = kiln::Record;
  static constexpr bool kHasRecords = true;
  template <class Take>
  void each(UnitId unit, const StageHost& host, Take&& take) const {
    host.input->open_lines(unit);
    LineBlock block;
    while (host.input->next_lines(block)) {
      const std::string_view file = host.input->file_name(block.file);
      for (std::size_t at = 0; at < block.text.size(); at += size) {
        const std::string_view bytes = block.text.substr(at, size);
        take(kiln::Record{bytes, file, block.offset + at}, RecordPlace{file, block.offset + at, bytes});
      }
      end_block(take);
    }
  }
  std::size_t size;
};

}  // namespace kiln::detail
