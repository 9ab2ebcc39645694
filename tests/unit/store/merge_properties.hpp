#pragma once

#include "unit/store/journal_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

/// What holds of merging whatever a history is made of: of a run of commands or of a program. A History has act()
/// (something happens), step() (a step of merging; false: nothing is left to merge), check() (readers cannot tell),
/// draw(below), last(), files() and blocked().
namespace kiln::store::testing {

inline std::size_t files_below(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder)) count += item.is_regular_file() ? 1 : 0;
  return count;
}

template <class History>
void merge_all(History& history) {
  while (history.step()) {
  }
}

template <class History>
void expect_readers_cannot_tell(std::uint64_t few_seeds) {
  for (std::uint64_t seed = 1, most = property_seeds(few_seeds); seed <= most; ++seed) {
    SCOPED_TRACE(seed);
    History history(seed);
    for (int i = 0; i < 60; ++i) {
      history.act();
      if (history.draw(2) == 0) history.step();
      if (i % 20 == 19) history.check();
    }
    merge_all(history);
    history.check();
    EXPECT_EQ(history.blocked(), "");
    if (::testing::Test::HasFailure()) return;
  }
}

/// Up to this many entries. The tombstones (one for `per_folder` numbers, for 1,000 in earnest) are the greater part.
template <class History>
void expect_few_files(History& history, std::uint64_t entries, std::uint64_t per_folder) {
  std::size_t most = 0;
  while (history.last() < entries) {
    history.act();
    merge_all(history);
    most = std::max(most, history.files());
  }
  history.check();
  EXPECT_LT(most, entries / per_folder + 100);
}

}  // namespace kiln::store::testing
