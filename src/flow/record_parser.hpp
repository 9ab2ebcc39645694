#pragma once

#include <kiln/detail/records.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::flow {

/// Makes objects of records that are alone. One thread at a time.
class RecordParser {
 public:
  virtual ~RecordParser() = default;
  /// `record` is without its line end. Returns why it is none, naming the field, or "": then all fields of `object`
  /// are set. Valid until the next call.
  virtual const std::string& parse(std::string_view record, void* object) = 0;
};

/// One JSON object. `format` must live as long.
std::unique_ptr<RecordParser> make_json_parser(const detail::RecordFormat& format);

/// Fields of CSV. `format` must live as long; `columns` is of the file's header.
struct CsvColumns;
std::unique_ptr<RecordParser> make_csv_parser(const detail::RecordFormat& format, CsvColumns columns);

/// Which column of a file goes into which field.
struct CsvColumns {
  std::vector<int> field_of;  ///< of each column: the place of its field, or -1
  std::vector<int> absent;    ///< fields that no column is for: each a std::optional, which is none
  std::string problem;        ///< why the file cannot be read so: a field has no column, say; "" where it can
};
/// `header`: all up to the first record of a file that is not empty, with its line end, as it is there; a byte order
/// mark and empty lines are skipped. Where that is all, the file has no records, and there is no problem.
CsvColumns match_columns(std::string_view header, const detail::RecordFormat& format);

/// Bytes of the first CSV record of the text with its line end; 0 where it is not whole yet. A line end in quotes is
/// none. `from`: so many bytes were looked at before, by a state that is kept in `quoted`.
std::size_t first_record(std::string_view text, std::size_t from, bool& quoted);

/// What is left of the first bytes of a file without byte order mark and empty lines.
std::string_view without_empty_lines(std::string_view text);

/// What the first bytes of a file may be, and are no part of its first record.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace kiln::flow
