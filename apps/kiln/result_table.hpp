#pragma once

#include "results_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::cli {

/// A table of results for people, row by row.
class ResultTable {
 public:
  enum class Layout {
    all,     ///< how units ended, and what was taken from their output
    failed,  ///< why units failed
    chosen   ///< the fields as they are
  };
  struct Options {
    Layout layout = Layout::all;
    std::size_t width = 0;    ///< in characters; 0: as wide as it gets
    std::uint64_t units = 0;  ///< the highest id expected, for the width of the first columns
    std::size_t extra = 0;    ///< so many of the fields, the last ones, were taken from output
  };

  ResultTable(const std::vector<Field>& fields, const Options& options);
  std::string header() const;
  std::string row(RowValues values) const;

 private:
  enum class Show { value, exit, seconds, text };
  struct Column {
    std::string title;
    std::size_t field = 0;
    std::size_t width = 0;
    bool left = false;
    Show show = Show::value;
  };

  void add(const std::string& title, const char* name, std::size_t width, Show show = Show::value, bool left = false);
  void add_field(std::size_t field);
  std::string cell(const Column& column, RowValues values) const;
  std::string exit_text(const Value& exit_code, RowValues values) const;
  std::string line(const std::vector<std::string>& cells) const;

  const std::vector<Field> fields_;
  std::size_t width_;
  std::optional<std::size_t> signal_;
  std::vector<Column> columns_;
};

}  // namespace kiln::cli
