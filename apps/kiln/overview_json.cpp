#include "base/text.hpp"
#include "program_overview.hpp"
#include "results_text.hpp"
#include "stage_lines.hpp"
#include "store/record_fields.hpp"

#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kRowsInside = 16;

const char* type_name(ColumnType type) {
  switch (type) {
    case ColumnType::u8:
      return "u8";
    case ColumnType::i8:
      return "i8";
    case ColumnType::u16:
      return "u16";
    case ColumnType::i16:
      return "i16";
    case ColumnType::u32:
      return "u32";
    case ColumnType::i32:
      return "i32";
    case ColumnType::u64:
      return "u64";
    case ColumnType::i64:
      return "i64";
    case ColumnType::f32:
      return "f32";
    case ColumnType::f64:
      return "f64";
    case ColumnType::text:
      return "text";
  }
  return "unknown";
}

Json columns_json(const Schema& schema) {
  Json all = Json::array();
  for (const Column& column : schema) {
    all.push_back({{"name", to_utf8(column.name)},
                   {"type", type_name(column.type)},
                   {"count", column.list ? Json() : Json(column.count)},  // null: each row has its own
                   {"unit", to_utf8(column.unit)},
                   {"description", to_utf8(column.description)}});
  }
  return all;
}

Json rows_json(const store::StageEndEntry::Shown& shown) {
  const store::RecordFields fields({}, shown.table.schema);
  Json all = Json::array();
  store::UnitRecord record;
  record.rows = &shown.rows;
  for (; record.row < shown.rows.size(); ++record.row) {
    std::vector<Value> values;
    for (std::size_t i = 0; i < fields.fields().size(); ++i) values.push_back(fields.value(record, i));
    std::string row;
    append_json_row(row, fields.fields(), values);
    all.push_back(Json::parse(row));
  }
  return all;
}

Json value_json(const store::ReducedValue& value) {
  Json tables = Json::array();
  for (const auto* shown : value.tables()) {
    tables.push_back({{"name", to_utf8(shown->table.name)},
                      {"columns", columns_json(shown->table.schema)},
                      {"rows", shown->rows.size()},
                      {"values", shown->rows.size() <= kRowsInside ? rows_json(*shown) : Json()}});
  }
  const auto& counts = value.end->counts;
  return {{"name", to_utf8(value.reduce->name)},
          {"stage", value.stage.value()},
          {"newest", value.newest},
          {"reduction", to_utf8(value.reduce->description)},
          {"exact", value.reduce->exact},
          {"empty", value.empty()},
          {"so_far", value.so_far ? Json({{"done", counts.done}, {"units", counts.units}}) : Json()},
          {"tables", tables}};
}

}  // namespace

std::string overview_json(const ProgramOverview& overview) {
  Json out = {{"directory", to_utf8(overview.directory)},
              {"program", to_utf8(overview.program)},
              {"stages", Json::parse(stages_json(overview.stages))},
              {"tables", Json::array()},
              {"reduced", Json::array()},
              {"dead_letters", overview.dead.size()}};
  for (const store::RunReader::TableInfo& table : overview.tables) {
    const bool several = table.name == store::kRejectedTable;
    out["tables"].push_back({{"name", to_utf8(table.name)},
                             {"stage", several ? Json() : Json(table.stage.value())},
                             {"rows", table.rows},
                             {"columns", columns_json(table.schema)}});
  }
  for (const store::ReducedValue& value : overview.reduced) out["reduced"].push_back(value_json(value));
  return out.dump() + "\n";
}

}  // namespace kiln::cli
