#pragma once

#include "store/run_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Which reduced value of a program's run is meant.
namespace kiln::cli {

struct ReducedChoice {
  store::ReducedValue value;
  std::string part;  ///< one of its tables; "": not said
};

/// `text`: "name", or "name/part". `stage`: the value of this stage, not the newest one. Where no stage that is over
/// has one, that of the stage that goes on, as far as it is known. Throws kiln::Error: usage where there is none of
/// that name, bad_input where its stage is not over and there is nothing of it yet.
ReducedChoice choose_reduced(const store::RunReader& run, const std::string& text, std::optional<std::uint64_t> stage);

/// One table of a value; borrowed from the run.
struct ReducedTable {
  store::ReducedValue value;
  const store::StageEndEntry::Shown* shown = nullptr;  ///< nullptr: no unit gave anything
};

/// The same; where no part is named, the table without a name, or the only one. Throws kiln::Error (usage) where there
/// is none.
ReducedTable choose_reduced_table(const store::RunReader& run, const std::string& text,
                                  std::optional<std::uint64_t> stage);

/// "so far: 9,728 of 20,000 units" of a value that is not complete; else "".
std::string so_far_text(const store::ReducedValue& value);

}  // namespace kiln::cli
