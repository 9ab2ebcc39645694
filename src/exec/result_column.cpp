#include "exec/result_column.hpp"

#include "base/caret.hpp"
#include "base/did_you_mean.hpp"
#include "base/pattern.hpp"
#include "base/text.hpp"
#include "exec/command_setup.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>

namespace kiln::exec {
namespace {

using Type = ResultColumn::Type;
using Stream = ResultColumn::Stream;

constexpr std::string_view kGroup = "results/";
constexpr std::string_view kEscaped = "_escaped";  // ends the names that results.h5 adds beside columns of text
constexpr std::string_view kForm = "NAME=TYPE:/PATTERN/ is wanted, as loss=float:/loss ([0-9.]+)/";
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestPattern = 4096;

bool may_begin_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool may_be_in_name(char c) { return may_begin_name(c) || (c >= '0' && c <= '9'); }

bool is_taken(std::string_view name) {
  constexpr std::array<std::string_view, 7> kOthers = {"id", "unit", "line", "stage", "reason", "missing", "attempts"};
  if (std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end()) return true;
  const Schema& schema = command_schema();
  return std::any_of(schema.begin(), schema.end(),
                     [&](const Column& column) { return column.name.substr(column.name.rfind('/') + 1) == name; });
}

// One definition, from the front; every refusal points at the place.
class Parser {
 public:
  Parser(std::string_view option, std::string_view text) : option_(option), text_(text) {}

  ResultColumn run() {
    bool changed = false;
    to_utf8(text_, &changed);
    if (changed) fail("a definition is text in UTF-8, without NUL", 0);
    ResultColumn column;
    column.name = name();
    expect('=', kForm);
    column.type = type();
    if (at_ < text_.size() && text_[at_] == '@') column.stream = stream();
    expect(':', "a colon and /PATTERN/ are missing here");
    expect('/', "the pattern stands between slashes: /loss ([0-9.]+)/");
    column.pattern = pattern();
    return column;
  }

 private:
  [[noreturn]] void fail(std::string_view why, std::size_t at) const {
    throw Error(ExitCode::usage, with_caret(fmt::format("{}: {}", option_, why), text_, at));
  }

  void expect(char c, std::string_view otherwise) {
    if (at_ == text_.size() || text_[at_] != c) fail(otherwise, at_);
    ++at_;
  }

  std::string_view word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && may_be_in_name(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string name() {
    if (text_.empty() || !may_begin_name(text_[0])) fail(fmt::format("a name begins with a letter; {}", kForm), 0);
    const std::string_view found = word();
    if (found.size() > kLongestName) fail(fmt::format("a name has at most {} characters", kLongestName), kLongestName);
    if (is_taken(found)) fail(fmt::format("'{}' is a column of every run: choose another name", found), 0);
    if (found.ends_with(kEscaped))
      fail(fmt::format("names do not end with {}", kEscaped), found.size() - kEscaped.size());
    return std::string(found);
  }

  Type type() {
    const std::size_t begin = at_;
    const std::string_view found = word();
    if (found == "float") return Type::real;
    if (found == "int") return Type::integer;
    if (found == "text") return Type::text;
    fail(fmt::format("the type is float, int or text.{}", did_you_mean(found, {"float", "int", "text"})), begin);
  }

  Stream stream() {
    const std::size_t begin = ++at_;
    const std::string_view found = word();
    if (found == "stdout") return Stream::out;
    if (found == "stderr") return Stream::err;
    fail("the stream is stdout or stderr", begin);
  }

  // Up to the slash at the end: slashes within need no escape.
  std::string pattern() {
    const std::string_view rest = text_.substr(at_);
    if (rest.empty() || rest.back() != '/') fail("the pattern ends with a slash", text_.size());
    const std::string_view found = rest.substr(0, rest.size() - 1);
    if (found.empty()) fail("the pattern is empty", at_);
    if (found.size() > kLongestPattern) fail(fmt::format("a pattern has at most {} bytes", kLongestPattern), at_);
    try {
      const Pattern tried(found);
    } catch (const Pattern::Fault& fault) {
      fail(fmt::format("the regular expression is not one: {}", fault.what()), at_ + fault.at);
    }
    return std::string(found);
  }

  std::string_view option_, text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<ResultColumn> parse_result_columns(std::string_view option, const std::vector<std::string>& texts) {
  if (texts.size() > kMostResultColumns) {
    throw Error(ExitCode::usage,
                fmt::format("{}: {} columns, but {} is the most; take one text column and split it later", option,
                            texts.size(), kMostResultColumns));
  }
  std::vector<ResultColumn> columns;
  for (const std::string& text : texts) {
    ResultColumn column = Parser(option, text).run();
    const bool twice = std::any_of(columns.begin(), columns.end(),
                                   [&](const ResultColumn& other) { return other.name == column.name; });
    if (twice) {
      throw Error(ExitCode::usage,
                  with_caret(fmt::format("{}: there are two columns '{}'", option, column.name), text, 0));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

bool reads(const std::vector<ResultColumn>& columns, Stream stream) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const ResultColumn& column) { return column.stream == stream; });
}

std::string to_text(const ResultColumn& column) {
  const std::string_view type = column.type == Type::real ? "float" : column.type == Type::integer ? "int" : "text";
  return fmt::format("{}={}{}:/{}/", column.name, type, column.stream == Stream::err ? "@stderr" : "", column.pattern);
}

Column column_of(const ResultColumn& column) {
  const ColumnType type = column.type == Type::real      ? ColumnType::f64
                          : column.type == Type::integer ? ColumnType::i64
                                                         : ColumnType::text;
  return {std::string(kGroup) + column.name, type, "",
          fmt::format("last match of /{}/ in standard {}", column.pattern,
                      column.stream == Stream::err ? "error" : "output")};
}

bool is_result_column(const Column& column) { return column.name.starts_with(kGroup); }

std::optional<std::int64_t> missing_integer(const Column& column) {
  if (column.type != ColumnType::i64 || !is_result_column(column)) return std::nullopt;
  return std::numeric_limits<std::int64_t>::min();
}

}  // namespace kiln::exec
