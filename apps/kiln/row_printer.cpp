#include "row_printer.hpp"

#include "observe/terminal.hpp"
#include "output.hpp"

#include <unistd.h>

namespace kiln::cli {
namespace {

using Format = ResultsCommand::Format;

constexpr std::size_t kBuffer = 256 * 1024;

}  // namespace

RowPrinter::RowPrinter(Format format, const std::vector<Field>& fields, ResultTable::Options table)
    : format_(format), fields_(fields) {
  if (format_ == Format::csv && !fields_.empty()) append_csv_header(buffer_, fields_);
  if (format_ != Format::table) return;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  table.width = terminal ? observe::terminal_columns(STDOUT_FILENO) : 0;
  table_.emplace(fields_, table);
}

void RowPrinter::put(RowValues values) {
  if (format_ == Format::csv) append_csv_row(buffer_, values);
  if (format_ == Format::json) append_json_row(buffer_, fields_, values);
  if (format_ == Format::table) buffer_ += (rows_ == 0 ? table_->header() : "") + table_->row(values);
  ++rows_;
  if (buffer_.size() >= kBuffer) flush();
}

void RowPrinter::flush() {
  print(buffer_);
  buffer_.clear();
}

}  // namespace kiln::cli
