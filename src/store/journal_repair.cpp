#include "base/start_directory.hpp"
#include "store/file_ops.hpp"
#include "store/journal.hpp"
#include "store/journal_files.hpp"
#include "store/journal_layout.hpp"
#include "store/retirement.hpp"
#include "store/segment.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::store {

namespace fs = std::filesystem;

void Journal::repair(const ScanResult& found, Workers workers) {
  for (const ScanResult::Problem& problem : found.problems) {
    if (!problem.missing) copy_damaged(problem);
  }
  for (const ScanResult::Problem& problem : found.problems) {
    if (problem.missing && problem.number != EntryNumber()) void_missing(problem.number, problem.why);
  }
  for (const ScanResult::Problem& problem : found.problems) {
    if (!problem.missing && problem.number != EntryNumber()) append(VoidEntry{problem.number, problem.why});
  }
  if (found.merged_lost) append(CompactionEntry{found.merged});
  for (const ScanResult::Problem& problem : found.problems) {
    const std::string name = problem.file.filename().native();
    if (problem.file.parent_path() == "segments" && found.lost.contains(name))
      retire_segment(run_directory_, name, *ops_);
  }
  remove_leftovers(found, workers);
}

// For people who want to look into it; no decision hangs on the copy, so a failure to make it changes nothing.
void Journal::copy_damaged(const ScanResult::Problem& problem) {
  const fs::path copy = run_directory_ / "damaged" / problem.file.filename();
  try {
    if (fs::exists(from_start(copy))) return;
    const fs::path temporary = run_directory_ / "damaged" / fmt::format("{}{}", layout::kTemporary, unique_suffix());
    write_durably(*ops_, temporary, read_file(run_directory_ / problem.file));
    if (ops_->rename(temporary.c_str(), copy.c_str()) < 0) ops_->unlink(temporary.c_str());
  } catch (const StorageError&) {
    return;
  } catch (const fs::filesystem_error&) {
    return;
  }
}

// Linked at the missing number itself, so that no deposed writer can put anything there.
void Journal::void_missing(EntryNumber number, const std::string& why) {
  const EntryNumber own_last = last_;
  const std::uint64_t folder = layout::folder_of(number, options_.numbers_per_folder);
  const fs::path journal = run_directory_ / "journal";
  if (fs::exists(from_start(journal / layout::retired_name(folder))))
    return;  // its numbers were merged: nobody can write there
  make_folder(*ops_, journal / layout::folder_name(folder));
  const Bytes bytes = encode_entry({number, epoch_, StageId(), 0, VoidEntry{number, why}}, {});
  try {
    link_entry(number, bytes);  // taken: the file is back, the next scan reads it
  } catch (...) {
    last_ = own_last;
    unsynced_ = false;
    throw;
  }
  last_ = own_last;
}

void Journal::remove_leftovers(const ScanResult& found, Workers workers) {
  const JournalListing listing = list_journal(run_directory_, options_.numbers_per_folder);
  for (const fs::path& temporary : listing.temporaries) remove_name(*ops_, temporary);
  for (const std::uint64_t folder : listing.retired) {
    const EntryNumber first(std::max<std::uint64_t>(1, folder * options_.numbers_per_folder));
    const EntryNumber last((folder + 1) * options_.numbers_per_folder - 1);
    if (!covers(found.merged, first, last)) continue;  // the merged file is lost: these files are all there is
    retire_folder(*ops_, run_directory_, folder, options_.numbers_per_folder, unique_suffix());
  }
  if (workers == Workers::gone) remove_other_segments(run_directory_, found.segments, *ops_);
  if (found.merged_lost) return;  // whatever lies there may be of use to somebody
  for (const auto& item : fs::directory_iterator(from_start(run_directory_ / "merged"))) {
    const std::string name = item.path().filename().native();
    const bool listed = std::any_of(found.merged.begin(), found.merged.end(),
                                    [&](const CompactionEntry::Merged& merged) { return merged.file == name; });
    if (!listed) remove_name(*ops_, item.path());
  }
}

}  // namespace kiln::store
