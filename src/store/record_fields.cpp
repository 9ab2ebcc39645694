#include "store/record_fields.hpp"

#include "exec/result_column.hpp"

#include <algorithm>
#include <cmath>

namespace kiln::store {
namespace {

constexpr std::string_view kRemoved = "removed", kDone = "ok", kFailed = "failed";

Value number_at(const Rows& rows, ColumnType type, std::size_t column, std::size_t row) {
  switch (type) {
    case ColumnType::u8:
      return static_cast<std::uint64_t>(rows.at<std::uint8_t>(column, row));
    case ColumnType::i8:
      return static_cast<std::int64_t>(rows.at<std::int8_t>(column, row));
    case ColumnType::i16:
      return static_cast<std::int64_t>(rows.at<std::int16_t>(column, row));
    case ColumnType::u16:
      return static_cast<std::uint64_t>(rows.at<std::uint16_t>(column, row));
    case ColumnType::u32:
      return static_cast<std::uint64_t>(rows.at<std::uint32_t>(column, row));
    case ColumnType::f32: {
      const auto number = rows.at<float>(column, row);
      return std::isnan(number) ? Value() : Value(static_cast<double>(number));
    }
    case ColumnType::i32:
      return static_cast<std::int64_t>(rows.at<std::int32_t>(column, row));
    case ColumnType::i64:
      return rows.at<std::int64_t>(column, row);
    case ColumnType::u64:
      return rows.at<std::uint64_t>(column, row);
    case ColumnType::f64: {
      const auto number = rows.at<double>(column, row);
      return std::isnan(number) ? Value() : Value(number);
    }
    case ColumnType::text:
      break;
  }
  return {};
}

}  // namespace

RecordFields::RecordFields(const Schema& schema)
    : fields_{{"unit", false, ""},
              {"line", false, ""},
              {"status", true, ""},
              {"attempts", false, ""},
              {"reason", true, ""}} {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Column& column = schema[i];
    if (column.name == "units/status" && column.type == ColumnType::text) {
      status_ = i;
    } else if (column.name == "units/attempts" && column.type == ColumnType::i32) {
      attempts_ = i;
    } else {
      fields_.push_back({column.name.substr(column.name.rfind('/') + 1), column.type == ColumnType::text, column.unit});
      places_.push_back({i, column.type, exec::missing_integer(column)});
    }
  }
}

std::string_view RecordFields::status(const UnitRecord& record) const {
  if (record.removed) return kRemoved;
  if (record.rows != nullptr && status_) return record.rows->text_at(*status_, record.row);
  return record.done ? kDone : kFailed;
}

// Of a dead letter the attempts that were charged to it; else the one that succeeded.
std::uint64_t RecordFields::attempts(const UnitRecord& record) const {
  if (!record.done || record.rows == nullptr || !attempts_) return record.attempts;
  return static_cast<std::uint64_t>(std::max(1, record.rows->at<std::int32_t>(*attempts_, record.row)));
}

Value RecordFields::value(const UnitRecord& record, std::size_t field) const {
  switch (field) {
    case 0:
      return record.unit.value();
    case 1:
      return record.line < 0 ? Value() : Value(record.line);
    case 2:
      return status(record);
    case 3:
      return attempts(record);
    case 4:
      return record.reason ? Value(std::string_view(*record.reason)) : Value();
    default:
      break;
  }
  const Place& place = places_[field - kOwn];
  if (record.rows == nullptr) return {};
  if (place.type == ColumnType::text) return record.rows->text_at(place.column, record.row);
  const Value value = number_at(*record.rows, place.type, place.column, record.row);
  const auto* const number = std::get_if<std::int64_t>(&value);
  return number != nullptr && place.missing == *number ? Value() : value;
}

}  // namespace kiln::store
