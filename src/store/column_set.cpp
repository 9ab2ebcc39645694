#include "store/column_set.hpp"

#include "exec/result_column.hpp"

namespace kiln::store {
namespace {

// What kiln itself wrote into a text column needs no flags.
bool is_flagged(const std::string& path) { return path != "units/status" && path != "units/host"; }

}  // namespace

ColumnSet::ColumnSet(const h5::Handle& file, const std::string& prefix, const Schema& schema, std::uint64_t rows,
                     bool missing)
    : schema_(schema) {
  columns_.reserve(schema.size());
  for (const Column& column : schema) {
    const std::string path = prefix + column.name;
    if (column.type == ColumnType::text) {
      TextColumnWriter writer(file, path, rows, is_flagged(path));
      writer.describe(column.unit, column.description);
      columns_.emplace_back(std::move(writer));
    } else if (column.list) {
      ListColumnWriter writer(file, path, column.type, rows);
      writer.describe(column.unit, column.description);
      columns_.emplace_back(std::move(writer));
    } else {
      ColumnWriter writer(file, path, column.type, rows, column.count);
      writer.describe(column.unit, column.description, missing, exec::missing_integer(column).value_or(-1));
      columns_.emplace_back(std::move(writer));
    }
  }
}

void ColumnSet::put(const Rows& rows, std::size_t first, std::size_t count) {
  for (std::size_t column = 0; column < columns_.size(); ++column) put_column(column, rows, first, count);
}

void ColumnSet::put(const RowWindow& window) {
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    for (const RowWindow::Run& run : window.runs) put_column(column, window.rows[run.slot], run.row, run.count);
  }
}

void ColumnSet::put_column(std::size_t column, const Rows& rows, std::size_t first, std::size_t count) {
  if (auto* const numbers = std::get_if<ColumnWriter>(&columns_[column])) {
    const std::size_t width = column_width(schema_[column].type) * schema_[column].count;
    numbers->append(rows.values(column).subspan(first * width, count * width));
  } else if (auto* const texts = std::get_if<TextColumnWriter>(&columns_[column])) {
    for (std::size_t row = first; row < first + count; ++row) texts->put(rows.text_at(column, row));
  } else {
    auto& lists = std::get<ListColumnWriter>(columns_[column]);
    for (std::size_t row = first; row < first + count; ++row) lists.put(rows.value_at(column, row));
  }
}

void ColumnSet::finish() {
  for (auto& column : columns_) std::visit([](auto& writer) { writer.finish(); }, column);
}

}  // namespace kiln::store
