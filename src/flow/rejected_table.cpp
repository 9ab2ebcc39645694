#include "flow/rejected_table.hpp"

namespace kiln::flow {

Table rejected_table() {
  return {kRejectedTable,
          {{"file", ColumnType::text, "", "where the record is; empty where the source has no files"},
           {"offset", ColumnType::u64, "", "of the record in its (uncompressed) file, else its number in the unit"},
           {"line", ColumnType::i64, "", "number of its first line in the file, from 1; -1 where it was not counted"},
           {"record", ColumnType::text, "", "its first bytes: up to 64 KiB"},
           {"reason", ColumnType::text, "", "why it was rejected"},
           {"count", ColumnType::u64, "", "records that the row stands for"}}};
}

void put_rejected(Rows& rows, const detail::RejectedRecord& record) {
  rows.begin_row(record.unit);
  rows.put_text(record.file);
  rows.put(record.offset);
  rows.put(record.line);
  rows.put_text(record.text);
  rows.put_text(record.reason);
  rows.put(record.count);
}

Tables stage_tables(const detail::StagePlan& plan) {
  Tables tables;
  tables.reserve(plan.rows.size() + 1);
  for (const detail::RowsSink& sink : plan.rows) tables.push_back(sink.table);
  tables.push_back(rejected_table());
  return tables;
}

}  // namespace kiln::flow
