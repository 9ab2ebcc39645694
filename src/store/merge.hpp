#pragma once

#include "store/entry_file.hpp"

#include <vector>

namespace kiln::store {

/// What is merged, in order: entries and merged files that together cover a range without gaps.
struct MergeInput {
  std::vector<EntryFile> files;  ///< verified, ascending
  EntryNumber first, last;       ///< the range
};

/// One file that says what the inputs say together: of each unit the one row that counts, done units, dead letters
/// that still stand (with their own numbers), batches; epochs, sources, reopenings and ends as they were. Compaction
/// and void entries are left out: the next list is complete, and what is void is not among the inputs.
/// Readers cannot tell the result from the inputs, whatever entries come before or after.
Bytes merge_files(const MergeInput& input);

}  // namespace kiln::store
