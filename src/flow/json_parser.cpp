#include "base/text.hpp"
#include "flow/record_number.hpp"
#include "flow/record_parser.hpp"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace kiln::flow {
namespace {

namespace ondemand = simdjson::ondemand;
using detail::RecordField;
using simdjson::error_code;

constexpr int kUnknown = -1;
constexpr std::size_t kShown = 40;  // characters of a value in a reason

const char* kind_of(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::array:
      return "an array";
    case ondemand::json_type::object:
      return "an object";
    case ondemand::json_type::number:
      return "a number";
    case ondemand::json_type::string:
      return "a text";
    case ondemand::json_type::boolean:
      return "true or false";
    case ondemand::json_type::null:
      return "null";
  }
  return "something else";
}

class JsonParser final : public RecordParser {
 public:
  explicit JsonParser(const detail::RecordFormat& format) : fields_(format.fields), strict_(format.strict) {
    seen_.resize(fields_.size());
    for (std::size_t i = 0; i < fields_.size(); ++i) places_.emplace(fields_[i].column.name, static_cast<int>(i));
  }

  const std::string& parse(std::string_view record, void* object) override {
    reason_.clear();
    std::fill(seen_.begin(), seen_.end(), char{0});
    // What is behind the text may show in the result where that is no JSON: it is the same each time.
    padded_.assign(record);
    padded_.append(simdjson::SIMDJSON_PADDING, '\0');
    ondemand::document document;
    const simdjson::padded_string_view text(padded_.data(), record.size(), padded_.size());
    if (const error_code error = parser_.iterate(text).get(document)) {
      broken(error);
    } else if (read_object(document, object)) {
      complete(object);
    }
    return reason_;
  }

 private:
  bool reject(std::string why) {
    reason_ = std::move(why);
    return false;
  }
  bool broken(error_code error) {
    if (error == simdjson::UTF8_ERROR) return reject("not valid UTF-8");
    if (error == simdjson::EMPTY) return reject("no JSON object");
    return reject(fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }

  bool read_object(ondemand::document& document, void* object) {
    ondemand::object members;
    if (const error_code error = document.get_object().get(members)) {
      if (error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) return reject("not a JSON object that ends with its }");
      return error == simdjson::INCORRECT_TYPE ? reject("not a JSON object") : broken(error);
    }
    std::size_t at = 0;
    for (auto member : members) {
      ondemand::field field;
      if (const error_code error = std::move(member).get(field)) return broken(error);
      if (!read_member(field, at++, object)) return false;
    }
    const char* behind = nullptr;
    const error_code end = document.current_location().get(behind);
    if (end == simdjson::SUCCESS) return reject("there is more behind the JSON object");
    return end == simdjson::OUT_OF_BOUNDS || broken(end);
  }

  bool read_member(ondemand::field& member, std::size_t at, void* object) {
    int place = kUnknown;
    if (!find(member, at, place)) return false;
    if (place == kUnknown) return true;
    const auto index = static_cast<std::size_t>(place);
    const RecordField& field = fields_[index];
    if (std::exchange(seen_[index], char{1}) != 0) {
      return reject(fmt::format("field '{}' is there twice", field.column.name));
    }
    return read_value(member.value(), field, object);
  }

  // Members mostly stand in the same places in each record.
  bool find(ondemand::field& member, std::size_t at, int& place) {
    const char* const raw = member.key().raw();
    const char* const limit = padded_.data() + padded_.size() - 1;  // a NUL
    const char* end = raw;
    while (end != limit && *end != '"' && *end != '\\') ++end;
    std::string_view name(raw, static_cast<std::size_t>(end - raw));
    if (*end == '\\') {
      if (const error_code error = member.unescaped_key().get(name)) return broken(error);
    }
    if (at < last_.size() && last_[at] != kUnknown &&
        fields_[static_cast<std::size_t>(last_[at])].column.name == name) {
      place = last_[at];
      return true;
    }
    const auto found = places_.find(name);
    place = found == places_.end() ? kUnknown : found->second;
    if (at < kMostPlaces) {
      if (last_.size() <= at) last_.resize(at + 1, kUnknown);
      last_[at] = place;
    }
    if (place != kUnknown || !strict_) return true;
    return reject(fmt::format("unknown field '{}'", for_message(name, kShown)));
  }

  bool read_value(ondemand::value value, const RecordField& field, void* object) {
    ondemand::json_type type{};
    if (const error_code error = value.type().get(type)) return broken(error);
    if (type == ondemand::json_type::null) {
      if (value.is_null().value_unsafe()) return read_null(field, object);
      return wrong(field, "not valid JSON");
    }
    if (field.column.type == ColumnType::text) return read_text(value, type, field, object);
    if (field.column.list || field.column.count != 1) return read_numbers(value, type, field, object);
    AnyNumber number;
    if (!read_one(value, type, field, number)) return false;
    field.assign(object, number.bytes, 1);
    return true;
  }

  bool read_null(const RecordField& field, void* object) {
    if (!field.optional) return wrong(field, "null");
    field.clear(object);
    return true;
  }

  bool read_text(ondemand::value& value, ondemand::json_type type, const RecordField& field, void* object) {
    if (type != ondemand::json_type::string) return wrong(field, kind_of(type));
    std::string_view text;
    if (const error_code error = value.get_string().get(text)) return broken_in(field, error);
    field.assign(object, text.data(), text.size());
    return true;
  }

  bool read_numbers(ondemand::value& value, ondemand::json_type type, const RecordField& field, void* object) {
    if (type != ondemand::json_type::array) return wrong(field, kind_of(type));
    const std::size_t width = column_width(field.column.type);
    ondemand::array values;
    if (const error_code error = value.get_array().get(values)) return broken_in(field, error);
    std::size_t count = 0;
    for (auto element : values) {
      ondemand::value one;
      if (const error_code error = element.get(one)) return broken_in(field, error);
      if (const error_code error = one.type().get(type)) return broken_in(field, error);
      AnyNumber number;
      if (!read_one(one, type, field, number)) return false;
      if (numbers_.size() < (count + 1) * width) numbers_.resize(std::max<std::size_t>(64, 2 * numbers_.size()));
      std::memcpy(numbers_.data() + count++ * width, number.bytes, width);
    }
    if (!field.column.list && count != field.column.count) {
      return reject(fmt::format("field '{}' has {} values, not {}", field.column.name, count, field.column.count));
    }
    field.assign(object, numbers_.data(), count);
    return true;
  }

  bool read_one(ondemand::value& value, ondemand::json_type type, const RecordField& field, AnyNumber& number) {
    if (field.boolean) {
      bool truth = false;
      if (type != ondemand::json_type::boolean) return wrong(field, kind_of(type));
      if (const error_code error = value.get_bool().get(truth)) return broken_in(field, error);
      number.bytes[0] = std::byte{truth};
      return true;
    }
    if (type != ondemand::json_type::number) return wrong(field, kind_of(type));
    const std::string_view token = number_token(value);
    const NumberRead read = read_checked(value, token, field.column.type, number);
    if (read == NumberRead::ok) return true;
    if (read == NumberRead::none) return wrong(field, for_message(token, kShown));
    return reject(fmt::format("field '{}' is {}, which is out of range: {} is wanted", field.column.name,
                              for_message(token, kShown), shown_type(field.column.type)));
  }

  static std::string_view number_token(ondemand::value& value) {
    const std::string_view token = value.raw_json_token();
    return token.substr(0, std::min(token.find_first_not_of("0123456789+-.eE"), token.size()));
  }

  // JSON's rules for how a number is written are simdjson's to check.
  static NumberRead read_checked(ondemand::value& value, std::string_view token, ColumnType type, AnyNumber& number) {
    if (type == ColumnType::f64 || type == ColumnType::f32) {
      double given = 0;
      const error_code error = value.get_double().get(given);
      if (error == simdjson::NUMBER_ERROR && read_number(token, ColumnType::f64, number) == NumberRead::out_of_range) {
        return NumberRead::out_of_range;
      }
      if (error != simdjson::SUCCESS) return NumberRead::none;
      if (type == ColumnType::f32) return read_number(token, type, number);  // rounded once
      // Too small for its type is another number than 0.
      if (given == 0 && read_number(token, type, number) == NumberRead::out_of_range) return NumberRead::out_of_range;
      std::memcpy(number.bytes, &given, sizeof given);
      return NumberRead::ok;
    }
    if (type == ColumnType::u64) {
      std::uint64_t given = 0;
      if (value.get_uint64().get(given) != simdjson::SUCCESS && token != "-0") return why_no_integer(token, type);
      std::memcpy(number.bytes, &given, sizeof given);
      return NumberRead::ok;
    }
    std::int64_t given = 0;
    if (value.get_int64().get(given) != simdjson::SUCCESS) return why_no_integer(token, type);
    return narrow_number(given, type, number);
  }
  static NumberRead why_no_integer(std::string_view token, ColumnType type) {
    AnyNumber ignored;
    return read_number(token, type, ignored) == NumberRead::out_of_range ? NumberRead::out_of_range : NumberRead::none;
  }

  bool wrong(const RecordField& field, std::string_view given) {
    const bool many = field.column.list || field.column.count != 1;
    return reject(fmt::format("field '{}' is {}, not {}{}", field.column.name, given,
                              many ? "an array, each value " : "",
                              field.boolean ? "true or false" : shown_type(field.column.type)));
  }
  bool broken_in(const RecordField& field, error_code error) {
    return reject(fmt::format("field '{}': not valid JSON: {}", field.column.name, simdjson::error_message(error)));
  }

  void complete(void* object) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (seen_[i] != 0) continue;
      if (!fields_[i].optional) {
        reject(fmt::format("field '{}' is missing", fields_[i].column.name));
        return;
      }
      fields_[i].clear(object);
    }
  }

  static constexpr std::size_t kMostPlaces = 1024;

  const std::vector<RecordField>& fields_;
  const bool strict_;
  std::unordered_map<std::string_view, int> places_;
  ondemand::parser parser_;
  std::string padded_, reason_;
  std::vector<char> seen_;
  std::vector<int> last_;           // of each member of the record before: its field
  std::vector<std::byte> numbers_;  // of an array
};

}  // namespace

std::unique_ptr<RecordParser> make_json_parser(const detail::RecordFormat& format) {
  return std::make_unique<JsonParser>(format);
}

}  // namespace kiln::flow
