#include "store/journal_scan.hpp"

#include "base/start_directory.hpp"
#include "store/file_ops.hpp"
#include "store/journal_files.hpp"
#include "store/journal_layout.hpp"
#include "store/segment.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRestarts = 100;

/// One go over the journal. ENOENT from a file that was listed means that the writer has merged meanwhile.
class Scan {
 public:
  Scan(const fs::path& run_directory, const ScanOptions& options, const Visitor& visitor)
      : root_(run_directory), options_(options), visitor_(visitor) {}

  ScanResult run() {
    listing_ = list_journal(root_, options_.numbers_per_folder);
    result_.highest = listing_.highest(options_.numbers_per_folder);
    find_compaction();
    adopt_unlisted();
    find_voids(EntryNumber(1), result_.highest);
    visit_all();
    return std::move(result_);
  }

 private:
  using Range = CompactionEntry::Merged;

  fs::path relative(const fs::path& path) const { return path.lexically_relative(root_); }

  void report(EntryNumber number, const fs::path& file, bool missing, std::string why) {
    result_.problems.push_back({number, relative(file), missing, std::move(why)});
  }

  void note_epoch(Epoch epoch) { result_.highest_epoch = std::max(result_.highest_epoch, epoch); }

  // The highest compaction entry that can be read counts; each holds the complete list.
  void find_compaction() {
    for (auto at = listing_.entries.rbegin(); at != listing_.entries.rend(); ++at) {
      const auto header = peek_header(at->second);
      if (!header || header->type != EntryType::compaction) continue;
      try {
        const EntryFile file = open_entry(root_, at->first, options_.numbers_per_folder);
        result_.compaction = at->first;
        verify_ranges(std::get<CompactionEntry>(file.entry().body).merged);
        return;
      } catch (const Damage&) {  // reported when its number's turn comes
      }
    }
  }

  void verify_ranges(const std::vector<Range>& ranges) {
    for (const Range& range : ranges) {
      if (range.file.empty() || fs::exists(from_start(root_ / "merged" / range.file))) {
        open_ranges_.emplace(range.first, range);
      } else {
        lose(range, true, "it is missing");
      }
    }
  }

  // A gap may be the work of a living writer that merged since the names were listed: then a new look is due.
  void expect_unchanged(const fs::path& missing) const {
    if (!options_.on_restart) return;
    const JournalListing now = list_journal(root_, options_.numbers_per_folder);
    if (now.entries.size() != listing_.entries.size() || now.folders != listing_.folders ||
        now.retired != listing_.retired || now.tombstones != listing_.tombstones) {
      throw StorageError(ENOENT, "open", missing);
    }
  }

  void lose(const Range& range, bool missing, const std::string& why) {
    const fs::path path = root_ / "merged" / range.file;
    if (missing) expect_unchanged(path);
    result_.merged_lost = true;
    report(EntryNumber(), path, missing, why);
  }

  bool is_covered(EntryNumber number) const {
    auto at = open_ranges_.upper_bound(number);
    return at != open_ranges_.begin() && number <= std::prev(at)->second.last;
  }

  bool overlaps_open(EntryNumber first, EntryNumber last) const {
    const auto at = open_ranges_.upper_bound(last);
    return at != open_ranges_.begin() && first <= std::prev(at)->second.last;
  }

  /// Some number of the range has no file of its own and no merged file that stands in for it.
  bool is_needed(EntryNumber first, EntryNumber last) const {
    for (EntryNumber number = first; number <= last; number = number.next()) {
      if (!listing_.entries.contains(number) && !is_covered(number)) return true;
    }
    return false;
  }

  // Where the list or a merged file is lost, an older merged file that is still there may hold what it held.
  void adopt_unlisted() {
    if (!is_needed(EntryNumber(1), result_.highest)) return;
    std::vector<Range> spare;
    std::error_code error;
    for (fs::directory_iterator at(from_start(root_ / "merged"), error), end; !error && at != end;
         at.increment(error)) {
      const auto header = peek_header(at->path());
      if (!header || header->type != EntryType::merged || header->last < header->number) continue;
      spare.push_back(
          {header->number, header->last, 1, at->path().filename().native(), header->length, header->checksum});
    }
    std::sort(spare.begin(), spare.end(), [](const Range& a, const Range& b) {
      return a.last.value() - a.first.value() > b.last.value() - b.first.value();
    });
    for (const Range& range : spare) {
      if (range.last > result_.highest || overlaps_open(range.first, range.last)) continue;
      if (!is_needed(range.first, range.last) || !is_readable(range)) continue;
      open_ranges_.emplace(range.first, range);
      result_.merged_lost = true;  // the list must be written anew
    }
  }

  bool is_readable(const Range& range) const {
    try {
      open_merged(root_, range);
      return true;
    } catch (const Damage&) {
      return false;
    } catch (const StorageError&) {
      return false;
    }
  }

  void find_voids(EntryNumber first, EntryNumber last) {
    const auto end = listing_.entries.upper_bound(last);
    for (auto at = listing_.entries.lower_bound(first); at != end; ++at) {
      const auto& [number, path] = *at;
      if (is_covered(number)) continue;
      const auto header = peek_header(path);
      if (!header) continue;
      if (header->number == number) note_epoch(header->epoch);
      if (header->type != EntryType::voided) continue;
      try {
        const EntryFile file = open_entry(root_, number, options_.numbers_per_folder);
        voided_.insert(std::get<VoidEntry>(file.entry().body).number);
      } catch (const Damage&) {  // reported when its number's turn comes
      }
    }
  }

  void visit_all() {
    for (EntryNumber number(1); number <= result_.highest;) {
      const auto range = open_ranges_.find(number);
      if (range != open_ranges_.end() && visit_merged(range->second)) {
        result_.merged.push_back(range->second);
        number = range->second.last.next();
        continue;
      }
      if (range != open_ranges_.end()) {
        const EntryNumber last = range->second.last;
        open_ranges_.erase(range);
        find_voids(number, last);
      }
      visit_number(number);
      number = number.next();
    }
  }

  void visit(const Entry& entry, const EntryFile& in, std::size_t part, EntryNumber last) {
    if (const auto* commit = std::get_if<CommitEntry>(&entry.body)) check_segments(*commit);
    visitor_({entry, in, part, last, result_.lost});
  }

  void check_segments(const CommitEntry& commit) {
    for (const SegmentFile& segment : commit.segments) {
      result_.segments.insert(segment.file);
      bool lost_before = false;
      const std::string fault = segment_fault(root_, segment, options_.whole_segments, lost_before);
      if (fault.empty()) continue;
      const fs::path path = segment_path(root_, segment.file);
      const bool missing = !fs::exists(from_start(path));
      if (missing) expect_unchanged(path);
      result_.lost.insert(segment.file);
      if (!lost_before) report(EntryNumber(), path, missing, fault);
    }
  }

  bool visit_merged(const Range& range) {
    if (range.file.empty()) return true;
    std::optional<EntryFile> file;
    try {
      file.emplace(open_merged(root_, range));
    } catch (const Damage& damage) {
      lose(range, false, damage.what());
      return false;
    }
    note_epoch(file->header().epoch);
    if (!visitor_) return true;
    const Merged merged = file->merged(options_.rows);
    for (std::size_t i = 0; i < merged.parts.size(); ++i) visit(merged.parts[i], *file, i, range.last);
    for (const Carried& carried : merged.carried) {
      const EntryFile inner(carried.file, file->path());
      visit(inner.entry(), inner, 0, carried.number);
    }
    return true;
  }

  /// Its folder was retired, so a merged file should stand in for it.
  bool is_lost(EntryNumber number) const {
    const std::uint64_t folder = layout::folder_of(number, options_.numbers_per_folder);
    return !listing_.folders.contains(folder) &&
           (listing_.tombstones.contains(folder) || listing_.retired.contains(folder));
  }

  void visit_missing(EntryNumber number) {
    const fs::path path = root_ / layout::entry_path(number, options_.numbers_per_folder);
    if (!is_lost(number)) {
      expect_unchanged(path);
      return report(number, path, true, "it is missing");
    }
    if (!result_.merged_lost) {
      expect_unchanged(path);
      report(EntryNumber(), path.parent_path(), true, "its entries were merged, and the merged file is lost");
      result_.merged_lost = true;
    }
    // Nobody can link a void there any more, so the next list says that these numbers say nothing.
    auto& merged = result_.merged;
    if (merged.empty() || !merged.back().file.empty() || merged.back().last.next() != number) {
      merged.push_back({number, number, 1, "", 0, 0});
    }
    merged.back().last = number;
  }

  void visit_number(EntryNumber number) {
    const auto found = listing_.entries.find(number);
    if (found == listing_.entries.end()) return visit_missing(number);
    if (voided_.contains(number)) return;
    try {
      const EntryFile file = open_entry(root_, number, options_.numbers_per_folder);
      const EntryType type = file.header().type;
      if (!visitor_ || type == EntryType::compaction || type == EntryType::voided) return;
      visit(file.entry(options_.rows), file, 0, number);
    } catch (const Damage& damage) {
      report(number, found->second, false, damage.what());
    }
  }

  const fs::path root_;
  const ScanOptions& options_;
  const Visitor& visitor_;
  JournalListing listing_;
  std::map<EntryNumber, Range> open_ranges_;  // by first number
  std::set<EntryNumber> voided_;
  ScanResult result_;
};

}  // namespace

std::vector<std::string> ScanResult::lines() const {
  std::vector<std::string> texts;
  texts.reserve(problems.size());
  for (const Problem& problem : problems) {
    texts.push_back(fmt::format("{}: {}; what it said runs again", problem.file.native(), problem.why));
  }
  return texts;
}

ScanResult scan_journal(const fs::path& run_directory, const ScanOptions& options, const Visitor& visitor) {
  for (int restarts = 0;; ++restarts) {
    try {
      return Scan(run_directory, options, visitor).run();
    } catch (const StorageError& error) {
      const bool vanished = error.error_number() == ENOENT || error.error_number() == ESTALE;
      if (!vanished || !options.on_restart || restarts >= kMostRestarts) throw;
      options.on_restart();
    }
  }
}

}  // namespace kiln::store
