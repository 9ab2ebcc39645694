#include "selection.hpp"

#include "chosen_columns.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <tuple>

namespace kiln::cli {
namespace {

constexpr const char* kWhere = "--where";
constexpr const char* kColumns = "--columns";

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

std::optional<std::size_t> find(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  if (found == fields.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fields.begin());
}

std::string_view text_in(const Value& value) {
  const auto* const text = std::get_if<std::string_view>(&value);
  return text == nullptr ? std::string_view() : *text;
}

bool is_one(const Value& value) {
  const auto* const number = std::get_if<std::uint64_t>(&value);
  return number != nullptr && *number != 0;
}

// A row that outlives its record.
struct HeldRow {
  double seconds = 0;
  std::uint64_t unit = 0;
  std::vector<Value> values;
  std::deque<std::string> texts;  // never moved: the values look into them, lists too

  HeldRow(double took, std::uint64_t id, std::vector<Value> borrowed)
      : seconds(took), unit(id), values(std::move(borrowed)) {
    for (Value& value : values) {
      if (const auto* const text = std::get_if<std::string_view>(&value)) value = texts.emplace_back(*text);
      if (auto* const list = std::get_if<ListView>(&value))
        list->bytes = as_bytes(texts.emplace_back(as_text(list->bytes)));
    }
  }
};

// The longest first; of equals the lower unit.
struct Longer {
  bool operator()(const std::unique_ptr<HeldRow>& a, const std::unique_ptr<HeldRow>& b) const {
    return std::tuple(-a->seconds, a->unit) < std::tuple(-b->seconds, b->unit);
  }
};

}  // namespace

void check_syntax(const SelectionOptions& options) {
  if (!options.where.empty()) Condition(kWhere, options.where);
  exec::parse_result_columns(kColumns, options.columns);
}

Selection::Selection(const store::RunReader& run, const SelectionOptions& options)
    : run_(run),
      stored_(run.schema()),
      extractor_(exec::parse_result_columns(kColumns, options.columns)),
      all_(stored_.fields()),
      failed_only_(options.failed_only),
      slow_(options.slow),
      limit_(options.limit) {
  out_ = find(all_, "stdout");
  err_ = find(all_, "stderr");
  out_cut_ = find(all_, "stdout_cut");
  err_cut_ = find(all_, "stderr_cut");
  seconds_ = find(all_, "seconds");
  const auto& schema = run.schema();
  from_output_ = static_cast<std::size_t>(std::count_if(schema.begin(), schema.end(), exec::is_result_column));
  for (const exec::ResultColumn& column : extractor_.columns()) {
    if (find(all_, column.name)) usage(fmt::format("{}: the run has a column '{}' already", kColumns, column.name));
    all_.push_back({column.name, column.type == exec::ResultColumn::Type::text, ""});
    ++from_output_;
  }
  if (!extractor_.columns().empty() && !out_ && !run.schema().empty()) {
    usage(fmt::format("{}: this run keeps no output of commands", kColumns));
  }
  if (slow_ && !seconds_ && !run.schema().empty()) usage("--slow: this run has no column 'seconds'");
  places_ = choose_columns(all_, options.only);
  for (const std::size_t place : places_) shown_.push_back(all_[place]);
  if (!options.where.empty()) {
    where_.emplace(kWhere, options.where);
    where_->bind(all_);
  }
}

Value Selection::value(const store::UnitRecord& record, std::size_t field) const {
  const std::size_t stored = stored_.fields().size();
  if (field < stored) return stored_.value(record, field);
  const auto output = [&](const std::optional<std::size_t>& place) {
    return place ? text_in(stored_.value(record, *place)) : std::string_view();
  };
  const Value found = extractor_.value(field - stored, output(out_), output(err_));
  const auto* const real = std::get_if<double>(&found);
  return real != nullptr && std::isnan(*real) ? Value() : found;  // as where the run itself took it
}

bool Selection::wanted(const store::UnitRecord& record) const {
  return !where_ || where_->holds([&](std::size_t field) { return value(record, field); });
}

void Selection::read(const store::UnitRecord& record, std::vector<Value>& values) const {
  values.clear();
  for (const std::size_t place : places_) values.push_back(value(record, place));
  using Stream = exec::ResultColumn::Stream;
  const auto cut = [&](Stream stream, const std::optional<std::size_t>& place) {
    return place && extractor_.reads(stream) && is_one(stored_.value(record, *place));
  };
  if (cut(Stream::out, out_cut_) || cut(Stream::err, err_cut_)) ++cut_;
}

void Selection::for_each(const std::function<void(RowValues)>& visit) const {
  if (slow_) return for_slowest(std::min(*slow_, limit_.value_or(*slow_)), visit);
  std::vector<Value> values;
  std::uint64_t left = limit_.value_or(std::numeric_limits<std::uint64_t>::max());
  if (left == 0) return;
  const auto which = failed_only_ ? store::RunReader::Which::failed : store::RunReader::Which::all;
  run_.for_each_while(which, [&](const store::UnitRecord& record) {
    if (!wanted(record)) return true;
    read(record, values);
    visit(values);
    return --left != 0;
  });
}

void Selection::for_slowest(std::uint64_t count, const std::function<void(RowValues)>& visit) const {
  if (count == 0) return;
  std::set<std::unique_ptr<HeldRow>, Longer> held;
  std::vector<Value> values;
  const auto which = failed_only_ ? store::RunReader::Which::failed : store::RunReader::Which::all;
  run_.for_each(which, [&](const store::UnitRecord& record) {
    const Value taken = seconds_ ? value(record, *seconds_) : Value();
    const auto* const seconds = std::get_if<double>(&taken);
    if (seconds == nullptr || std::isnan(*seconds)) return;
    if (held.size() == count && *seconds <= (*held.rbegin())->seconds) return;
    if (!wanted(record)) return;
    read(record, values);
    held.insert(std::make_unique<HeldRow>(*seconds, record.unit.value(), values));
    if (held.size() > count) held.erase(std::prev(held.end()));
  });
  for (const auto& row : held) visit(row->values);
}

bool Selection::find_unit(UnitId unit, const std::function<void(RowValues)>& visit) const {
  return run_.find_unit(unit, [&](const store::UnitRecord& record) {
    std::vector<Value> values;
    read(record, values);
    visit(values);
  });
}

}  // namespace kiln::cli
