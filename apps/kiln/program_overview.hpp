#pragma once

#include "store/run_reader.hpp"

#include <string>
#include <vector>

/// What a program's run holds, in short: pure formatting.
namespace kiln::cli {

struct ProgramOverview {
  std::string directory;  ///< as the user wrote it
  std::string program;
  std::vector<store::RunReader::StageInfo> stages;
  std::vector<store::RunReader::TableInfo> tables;
  std::vector<store::ReducedValue> reduced;
  std::vector<store::StageDead> dead;
  bool live = false;  ///< it has not ended
};

/// Lines for people: stages, tables, values, the first dead letters, what to ask next.
std::string overview_text(const ProgramOverview& overview);

/// One JSON object and a newline. Values of up to 16 rows are in it.
std::string overview_json(const ProgramOverview& overview);

/// A small value on one line ("count=3, mean=0.5", "[1, 2, 40]"), of a larger one its shape ("5 rows: from, to,
/// count").
std::string value_text(const store::ReducedValue& value);

}  // namespace kiln::cli
