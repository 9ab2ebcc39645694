#pragma once

#include "store/entry_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kiln::store {

/// What is merged, in order: entries and merged files that together cover a range without gaps.
struct MergeInput {
  std::vector<EntryFile> files;  ///< verified, ascending
  EntryNumber first, last;       ///< the range
  // Of programs:
  std::filesystem::path run_directory = {};
  LostSegments lost = {};         ///< segments that do not count: left out
  std::uint64_t fold_below = 0;   ///< segments shorter than this become part of the merged file
  std::uint64_t fold_budget = 0;  ///< together at most as many bytes
};

struct MergeOutput {
  Bytes file;
  std::vector<std::string> unnamed;  ///< segments of the inputs that the file does not name any more
};

/// One file that says what the inputs say together: of each unit the one row that counts, done units, dead letters
/// that still stand (with their own numbers), batches; of programs also the rows of all tables, partial results and
/// names of segments; epochs, sources, reopenings, plans and ends as they were. Of a stage's rounds only the highest
/// keeps results. Compaction and void entries are left out: the next list is complete, and what is void is not among
/// the inputs. Readers cannot tell the result from the inputs, whatever entries come before or after.
/// A small segment that cannot be read stays, by its name. Throws StorageError.
MergeOutput merge_files(const MergeInput& input);

}  // namespace kiln::store
