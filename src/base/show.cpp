#include <kiln/detail/show.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace kiln::detail {

void add_table(Shown& shown, std::string name, const std::vector<ShownColumn>& columns) {
  Table table{std::move(name), {}};
  for (const ShownColumn& one : columns) {
    Column column;
    column.name = one.name;
    column.description = one.description;
    column.type = std::holds_alternative<std::vector<double>>(one.values) ? ColumnType::f64 : ColumnType::u64;
    table.schema.push_back(std::move(column));
  }
  Rows rows(table.schema);
  const std::size_t count = columns.empty() ? 0 : std::visit([](const auto& v) { return v.size(); }, columns[0].values);
  rows.begin_rows(make_interval(0, count));
  for (const ShownColumn& one : columns) {
    std::visit([&](const auto& values) { rows.put_column(std::span(values)); }, one.values);
  }
  shown.emplace_back(std::move(table), std::move(rows));
}

Shown show_bytes(ByteView bytes) {
  Column column;
  column.name = "bytes";
  column.type = ColumnType::u8;
  column.description = "the value as it travels";
  Table table{"", {std::move(column)}};
  Rows rows(table.schema);
  rows.begin_rows(make_interval(0, bytes.size()));
  rows.put_column(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  Shown shown;
  shown.emplace_back(std::move(table), std::move(rows));
  return shown;
}

void add_part(Shown& shown, const std::string& name, Shown&& part) {
  for (auto& [table, rows] : part) {
    table.name = table.name.empty() ? name : name + "." + table.name;
    shown.emplace_back(std::move(table), std::move(rows));
  }
}

}  // namespace kiln::detail
