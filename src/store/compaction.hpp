#pragma once

#include "store/journal.hpp"
#include "store/merge.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace kiln::store {

struct CompactionOptions {
  std::uint64_t fan_in = 64;  ///< items of one level that are merged at once; at least 3
  std::uint64_t most_bytes = std::uint64_t{64}
                             << 20;  ///< a merged file is not merged on beyond this; far above a list's size
  /// Segments shorter than this (bytes) become part of the merged file; others keep a file of their own.
  std::uint64_t small_segment = std::uint64_t{4} << 20;
};

/// Keeps the number of files small: merges entries into files below merged/, and retires folders of the journal whose
/// numbers are all covered. Lives beside the journal's writer, on its thread.
class Compactor {
 public:
  /// `journal` is borrowed, after begin_epoch and repair; `found` is the scan between them.
  Compactor(Journal& journal, const ScanResult& found, CompactionOptions options = {});

  /// Does one piece of work, if there is any: one merge, or the retirement of one folder. True where it did. Throws
  /// Deposed, and StorageError: then nothing is lost, and it may be called again.
  /// Meeting a damaged entry it stops merging for good (the next start voids the entry); see blocked().
  bool step();

  /// Why no merging takes place any more; empty while it does.
  const std::string& blocked() const { return blocked_; }

 private:
  struct Item {
    EntryNumber first, last;
    std::uint32_t level = 0;
    std::uint64_t bytes = 0;
    std::size_t merged = 0;  ///< index into list_ (levels above 0)
  };
  std::vector<Item> items() const;
  std::vector<Item> choose() const;
  void weigh(std::vector<Item>& chosen) const;
  std::uint64_t entry_bytes(EntryNumber number) const;
  bool merge_oldest();
  bool open_all(const std::vector<Item>& chosen, MergeInput& input);
  std::set<EntryNumber> find_voids(EntryNumber first) const;
  CompactionEntry::Merged write_merged(const MergeInput& input, const Bytes& bytes, std::uint32_t level);
  void write_list(std::vector<CompactionEntry::Merged> list);
  bool retire_oldest();

  Journal& journal_;
  CompactionOptions options_;
  std::vector<CompactionEntry::Merged> list_;
  LostSegments lost_;
  std::uint64_t next_folder_ = 0;  // the lowest that may not be retired yet
  std::string blocked_;
};

}  // namespace kiln::store
