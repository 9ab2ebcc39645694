#pragma once

#include "store/journal_view.hpp"
#include "store/open_files.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kiln::store {

/// Rows of some units, in order.
struct RowWindow {
  /// Rows [row, row + count) of rows[slot].
  struct Run {
    std::size_t slot = 0;
    std::size_t row = 0, count = 0;
  };
  std::vector<Rows> rows;  ///< columns as RowStream::schema()
  std::vector<Run> runs;   ///< ascending by unit
};

struct RowStreamLimits {
  std::uint64_t window_bytes = std::uint64_t{16} << 20;  ///< of the rows of a window, about
  std::uint64_t open_bytes = std::uint64_t{128} << 20;   ///< of files that are kept open; one is in any case
  std::uint64_t known_units = std::uint64_t{4} << 20;    ///< ids of units looked ahead at, over all files
  std::uint64_t least_known = 1024;                      ///< of them for one file

  /// For about so many bytes in all, and never more than usual; 0: as usual.
  static RowStreamLimits within(std::uint64_t bytes);
};

/// All rows of a journal that count, ascending by unit, a window at a time: memory is bounded by the window's budget
/// and the open files', whatever the journal holds. Throws Damage or StorageError (ENOENT) where a file is gone or
/// changed since the journal was read: read it again then.
class RowStream {
 public:
  /// Reads of each part the table that it names. `expected`, ascending: units of which missing() then tells which have
  /// no row.
  explicit RowStream(const std::vector<RowsPart>& parts, const std::vector<UnitId>& expected = {},
                     RowStreamLimits limits = {});

  /// Columns of the newest rows; empty where there are none. Older rows without a column have "", NaN, -1 or 0 there.
  const Schema& schema() const { return schema_; }
  std::uint64_t rows() const { return rows_; }    ///< that count
  std::uint64_t bytes() const { return bytes_; }  ///< of the files they lie in
  const std::vector<UnitId>& missing() const { return missing_; }

  /// Other columns than the newest rows'. Before the first next().
  void use_schema(Schema schema) { schema_ = std::move(schema); }
  /// Adds rows that no file holds; sorted by unit, columns as `schema`. Before the first next().
  void add(Rows rows, const Schema& schema);

  /// The next rows; false at the end.
  bool next(RowWindow& window);

 private:
  struct Part {
    std::optional<RowsPart> place;  // nothing: `memory`
    Rows memory;
    Schema schema;
    std::vector<Interval> take;
    std::size_t take_at = 0;
    std::uint64_t count = 0;   // rows in the file
    double row_bytes = 0;      // of one, on average
    std::uint64_t cursor = 0;  // the next row
    std::uint64_t ids_first = 0;
    std::vector<std::uint64_t> ids;  // units of rows [ids_first, ids_first + ids.size())

    /// Units behind the cursor.
    void forget();
    bool ended() const { return cursor == count; }
    bool buffered_to_end() const { return ids_first + ids.size() == count; }
    std::uint64_t unit() const { return ids[cursor - ids_first]; }
  };

  std::uint64_t count_rows(Part& part, const std::vector<UnitId>& expected);
  std::vector<std::uint64_t> read_units(const Part& part, std::uint64_t first, std::uint64_t count);
  Rows read_rows(const Part& part, std::uint64_t first, std::uint64_t count);
  void extend(Part& part);
  std::uint64_t rows_below(const Part& part, std::uint64_t bound) const;
  std::uint64_t choose_bound();
  void pick(Part& part, std::uint64_t count, RowWindow& window);

  RowStreamLimits limits_;
  OpenFiles files_;
  std::vector<Part> parts_;
  Schema schema_;
  std::uint64_t ids_a_part_ = 0;
  std::uint64_t span_ = 4096;
  std::uint64_t rows_ = 0, bytes_ = 0;
  std::vector<UnitId> missing_;
};

/// Of the parts' units, these only.
void keep_units(std::vector<RowsPart>& parts, const schedule::IntervalSet& units);

/// The rows with the columns of `to`: by name and type; what `from` does not have is "", NaN, -1 or 0.
Rows convert_rows(const Rows& rows, const Schema& from, const Schema& to);
/// Puts the value that stands for "nothing" into the next column of a row.
void put_missing(Rows& rows, const Column& column);

}  // namespace kiln::store
