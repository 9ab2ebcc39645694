#include "units/argument_expansion.hpp"

#include "units/task_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

void refuse_standard_input_twice(const ArgumentWords& words) {
  const auto reads = std::count_if(words.sources.begin(), words.sources.end(), [](const ArgumentSource& source) {
    return source.kind == ArgumentSource::Kind::file && source.file == "-";
  });
  if (reads > 1) throw Error(ExitCode::usage, "standard input (-) can be read once only, but is named twice");
}

[[noreturn]] void refuse_lengths(const ArgumentTable& first, const ArgumentTable& second) {
  const auto count = [](const ArgumentTable& table) {
    return fmt::format("{} has {} value{}", table.name(), table.size(), table.size() == 1 ? "" : "s");
  };
  throw Error(ExitCode::bad_input, fmt::format("linked sources differ in length: {}, {}; each value needs its partner",
                                               count(first), count(second)));
}

}  // namespace

ArgumentExpansion::ArgumentExpansion(const ArgumentWords& words, const ReadFile& read) {
  refuse_standard_input_twice(words);
  std::optional<ColumnSplitter> splitter;
  if (!words.column_separator.empty()) splitter.emplace(words.column_separator);
  tables_.reserve(words.sources.size());
  for (const ArgumentSource& source : words.sources) {
    tables_.emplace_back(source, tables_.size() + 1, words, splitter ? &*splitter : nullptr, read);
  }
  link(words);
  command_.emplace(words.command, column_names());
  if (count_ == 0) return;
  std::size_t columns = 0;
  for (const ArgumentTable& table : tables_) columns += table.most_columns();
  command_->check_positions(columns, tables_.size());
}

// Groups the tables, and counts the combinations.
void ArgumentExpansion::link(const ArgumentWords& words) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (!words.sources[i].linked) {
      group_size_.push_back(tables_[i].size());
    } else if (tables_[i].size() != group_size_.back()) {
      refuse_lengths(tables_[i - 1], tables_[i]);
    }
    group_of_.push_back(group_size_.size() - 1);
  }
  count_ = 1;
  for (const std::size_t size : group_size_) {
    if (size != 0 && count_ > kMostCombinations / size) {
      throw Error(ExitCode::bad_input,
                  fmt::format("the sources have more than {} combinations, too many for one run; split the work, or "
                              "link sources with :::+",
                              kMostCombinations));
    }
    count_ *= size;
  }
}

std::vector<ColumnName> ArgumentExpansion::column_names() const {
  std::vector<ColumnName> names;
  for (std::size_t source = 0; source < tables_.size(); ++source) {
    const auto& header = tables_[source].header();
    for (std::size_t column = 0; column < header.size(); ++column) {
      names.push_back({std::string(header[column]), source, column});
    }
  }
  return names;
}

void ArgumentExpansion::for_each(const std::function<void(std::string_view)>& visit) const {
  std::vector<std::size_t> at(group_size_.size(), 0);
  std::vector<std::size_t> rows(tables_.size());
  std::vector<ArgumentRow> values(tables_.size());
  std::string command;
  for (std::uint64_t number = 1; number <= count_; ++number) {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      rows[i] = at[group_of_[i]];
      values[i] = tables_[i].row(rows[i]);
    }
    command.clear();
    command_->expand(values, number, command);
    check_length(command, rows);
    visit(command);
    for (std::size_t group = at.size(); group-- > 0;) {
      if (++at[group] < group_size_[group]) break;
      at[group] = 0;
    }
  }
}

void ArgumentExpansion::check_length(const std::string& command, const std::vector<std::size_t>& rows) const {
  if (command.size() <= kLongestCommand) return;
  std::size_t longest = 0, bytes = 0;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    std::size_t size = 0;
    for (const std::string_view value : tables_[i].row(rows[i])) size += value.size();
    if (size <= bytes) continue;
    bytes = size;
    longest = i;
  }
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: with this value of {} bytes the command has {} bytes, the longest command Linux can start "
                  "has {}; put the value into a file and give its name",
                  tables_[longest].place(rows[longest]), bytes, command.size(), kLongestCommand));
}

}  // namespace kiln::units
