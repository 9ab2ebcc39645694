#include "base/text.hpp"
#include "flow/record_number.hpp"
#include "flow/record_parser.hpp"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace kiln::flow {
namespace {

using detail::RecordField;

constexpr std::size_t kShown = 40;  // characters of a value in a reason

// The fields of one record: views into it, or into what the quotes were taken from.
class CsvFields {
 public:
  struct Value {
    std::string_view text;
    bool quoted = false;
  };

  /// Why the record is none; "" where `values` has its fields.
  const std::string& split(std::string_view record, char separator, bool multiline) {
    values.clear();
    problem_.clear();
    if (unquoted_.capacity() < record.size()) unquoted_.reserve(2 * record.size());
    unquoted_.clear();  // never moves below: it holds no more than the record has
    std::size_t at = 0;
    while (at <= record.size()) {
      const std::size_t next = at < record.size() && record[at] == '"' ? read_quoted(record, at, separator, multiline)
                                                                       : read_plain(record, at, separator);
      if (!problem_.empty()) break;
      at = next + 1;  // behind the separator; one behind the end where there was none
    }
    return problem_;
  }

  std::vector<Value> values;

 private:
  std::size_t read_plain(std::string_view record, std::size_t at, char separator) {
    const std::size_t end = std::min(record.find(separator, at), record.size());
    const std::string_view text = record.substr(at, end - at);
    if (text.find('"') != std::string_view::npos) {
      problem_ = fmt::format("a quote inside field {}, which does not begin with one", values.size() + 1);
    }
    values.push_back({text, false});
    return end;
  }

  std::size_t read_quoted(std::string_view record, std::size_t at, char separator, bool multiline) {
    const std::size_t begin = unquoted_.size();
    for (++at;; ++at) {
      const std::size_t quote = record.find('"', at);
      if (quote == std::string_view::npos) {
        problem_ = fmt::format("the quote at the begin of field {} is not closed{}", values.size() + 1,
                               multiline ? "" : " in its line (fields with line ends are read with .multiline = true)");
        return record.size();
      }
      unquoted_.append(record.substr(at, quote - at));
      at = quote + 1;
      if (at == record.size() || record[at] != '"') break;
      unquoted_.push_back('"');
    }
    if (at != record.size() && record[at] != separator) {
      problem_ = fmt::format("more behind the closing quote of field {}", values.size() + 1);
    }
    values.push_back({std::string_view(unquoted_).substr(begin), true});
    return at;
  }

  std::string unquoted_, problem_;
};

class CsvParser final : public RecordParser {
 public:
  CsvParser(const detail::RecordFormat& format, CsvColumns columns) : format_(format), columns_(std::move(columns)) {}

  const std::string& parse(std::string_view record, void* object) override {
    reason_.clear();
    if (!simdjson::validate_utf8(record.data(), record.size())) {
      reject("not valid UTF-8");
    } else if (const std::string& problem = fields_.split(record, format_.separator, format_.multiline);
               !problem.empty()) {
      reject(problem);
    } else if (fields_.values.size() != columns_.field_of.size()) {
      reject(fmt::format("{} field{}, where the file has {} columns", fields_.values.size(),
                         fields_.values.size() == 1 ? "" : "s", columns_.field_of.size()));
    } else {
      for (std::size_t i = 0; i < fields_.values.size(); ++i) {
        const int place = columns_.field_of[i];
        if (place >= 0 && !put(fields_.values[i], format_.fields[static_cast<std::size_t>(place)], object)) break;
      }
      for (const int place : columns_.absent) format_.fields[static_cast<std::size_t>(place)].clear(object);
    }
    return reason_;
  }

 private:
  bool reject(std::string why) {
    reason_ = std::move(why);
    return false;
  }

  bool put(const CsvFields::Value& value, const RecordField& field, void* object) {
    const std::string_view text = value.text;
    if (field.optional && text.empty() && !value.quoted) {
      field.clear(object);
      return true;
    }
    if (field.column.type == ColumnType::text) {
      field.assign(object, text.data(), text.size());
      return true;
    }
    AnyNumber number;
    const NumberRead read = field.boolean ? read_bool(text, number) : read_number(text, field.column.type, number);
    if (read == NumberRead::ok) {
      field.assign(object, number.bytes, 1);
      return true;
    }
    const char* const wanted = field.boolean ? "true, false, 1 or 0" : shown_type(field.column.type);
    if (text.empty()) return reject(fmt::format("field '{}' is empty, not {}", field.column.name, wanted));
    if (read == NumberRead::none) {
      return reject(fmt::format("field '{}' is '{}', not {}", field.column.name, for_message(text, kShown), wanted));
    }
    return reject(fmt::format("field '{}' is {}, which is out of range: {} is wanted", field.column.name,
                              for_message(text, kShown), wanted));
  }

  static NumberRead read_bool(std::string_view text, AnyNumber& number) {
    const bool truth = text == "true" || text == "1";
    if (!truth && text != "false" && text != "0") return NumberRead::none;
    number.bytes[0] = std::byte{truth};
    return NumberRead::ok;
  }

  const detail::RecordFormat& format_;
  const CsvColumns columns_;
  CsvFields fields_;
  std::string reason_;
};

std::string names_of(const std::vector<CsvFields::Value>& values) {
  std::string names;
  for (const CsvFields::Value& value : values) {
    if (names.size() > 300) return names + ", …";
    names += fmt::format("{}{}", names.empty() ? "" : ", ", for_message(value.text, kShown));
  }
  return names;
}

std::string match(const std::vector<CsvFields::Value>& names, const detail::RecordFormat& format, CsvColumns& columns) {
  std::vector<int>& field_of = columns.field_of;
  std::vector<char> found(format.fields.size());
  for (const CsvFields::Value& name : names) {
    const auto field = std::find_if(format.fields.begin(), format.fields.end(),
                                    [&](const RecordField& one) { return one.column.name == name.text; });
    const auto place = static_cast<std::size_t>(field - format.fields.begin());
    field_of.push_back(place == format.fields.size() ? -1 : static_cast<int>(place));
    if (field_of.back() < 0) {
      if (format.strict) return fmt::format("has a column '{}', which is unknown", for_message(name.text, kShown));
      continue;
    }
    if (std::exchange(found[place], char{1}) != 0) return fmt::format("has two columns '{}'", name.text);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] != 0) continue;
    if (format.fields[i].optional) {
      columns.absent.push_back(static_cast<int>(i));
      continue;
    }
    return fmt::format("has no column '{}'; its columns are {}", format.fields[i].column.name, names_of(names));
  }
  return "";
}

}  // namespace

std::unique_ptr<RecordParser> make_csv_parser(const detail::RecordFormat& format, CsvColumns columns) {
  return std::make_unique<CsvParser>(format, std::move(columns));
}

CsvColumns match_columns(std::string_view header, const detail::RecordFormat& format) {
  header = without_empty_lines(header);
  if (header.empty()) return {};
  if (header.ends_with('\n')) header.remove_suffix(1);
  if (header.ends_with('\r')) header.remove_suffix(1);
  CsvColumns columns;
  if (!format.multiline && header.find('\n') != std::string_view::npos) header = header.substr(0, header.find('\n'));
  CsvFields fields;
  if (const std::string& problem = fields.split(header, format.separator, format.multiline); !problem.empty()) {
    columns.problem = fmt::format("has no header in its first line: {}", problem);
  } else {
    columns.problem = match(fields.values, format, columns);
  }
  return columns;
}

std::string_view without_empty_lines(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (text.starts_with('\n') || text.starts_with("\r\n")) text.remove_prefix(text.front() == '\n' ? 1 : 2);
  return text;
}

std::size_t first_record(std::string_view text, std::size_t from, bool& quoted) {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] == '\n' && !quoted) return at + 1;
  }
  return 0;
}

}  // namespace kiln::flow
