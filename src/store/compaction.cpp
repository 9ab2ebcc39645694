#include "store/compaction.hpp"

#include "base/start_directory.hpp"
#include "store/journal_files.hpp"
#include "store/journal_layout.hpp"
#include "store/merge.hpp"
#include "store/retirement.hpp"
#include "store/segment.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kFull = 1000;  // the level of files that are not merged on

std::uint64_t size_or_zero(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(from_start(path), error);
  return error ? 0 : size;
}

}  // namespace

Compactor::Compactor(Journal& journal, const ScanResult& found, CompactionOptions options)
    : journal_(journal), options_(options), list_(found.merged), lost_(found.lost) {
  // A merge of two makes one entry more, so with less than three there would be no end.
  if (options_.fan_in < 3) throw Error(ExitCode::internal, "compaction merges at least three items");
}

bool Compactor::step() {
  if (journal_.has_unsynced()) return false;
  if (retire_oldest()) return true;
  return blocked_.empty() && merge_oldest();
}

std::vector<Compactor::Item> Compactor::items() const {
  std::vector<Item> all;
  EntryNumber number(1);
  const auto add_entries = [&](EntryNumber end) {
    for (; number < end; number = number.next()) all.push_back({number, number, 0, 0, 0});
  };
  for (std::size_t i = 0; i < list_.size(); ++i) {
    add_entries(list_[i].first);
    all.push_back({list_[i].first, list_[i].last, list_[i].level, list_[i].length, i});
    number = list_[i].last.next();
  }
  add_entries(journal_.last().next());
  return all;
}

/// The oldest run of enough neighbours of one level, as many as may go into one file.
std::vector<Compactor::Item> Compactor::choose() const {
  const std::vector<Item> all = items();
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    while (end < all.size() && all[end].level == all[begin].level) ++end;
    if (all[begin].level != kFull && end - begin >= options_.fan_in) {
      return {all.begin() + static_cast<std::ptrdiff_t>(begin),
              all.begin() + static_cast<std::ptrdiff_t>(begin + options_.fan_in)};
    }
    begin = end;
  }
  return {};
}

void Compactor::weigh(std::vector<Item>& chosen) const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    Item& item = chosen[i];
    if (item.level == 0) item.bytes = entry_bytes(item.first);
    total += item.bytes;
    if (i > 0 && total > options_.most_bytes) {
      chosen.resize(i);
      return;
    }
  }
}

/// Of an entry's file and of the small segments it names; 0 where it cannot be read, which shows when it is merged.
std::uint64_t Compactor::entry_bytes(EntryNumber number) const {
  const fs::path& root = journal_.run_directory();
  const std::uint64_t per_folder = journal_.options().numbers_per_folder;
  const fs::path path = root / layout::entry_path(number, per_folder);
  std::uint64_t bytes = size_or_zero(path);
  const auto header = peek_header(path);
  if (!header || header->type != EntryType::commit || header->format < 2) return bytes;
  try {
    const Entry entry = open_entry(root, number, per_folder).entry();
    for (const SegmentFile& segment : std::get<CommitEntry>(entry.body).segments) {
      const std::uint64_t content = lost_.contains(segment.file) ? 0 : segment_content(root, segment);
      if (content < options_.small_segment) bytes += content;
    }
  } catch (const Damage&) {
    return 0;
  }
  return bytes;
}

bool Compactor::merge_oldest() {
  std::vector<Item> chosen = choose();
  if (chosen.empty()) return false;
  const std::size_t wanted = chosen.size();
  const std::uint32_t level = chosen.front().level;
  weigh(chosen);
  // With its next neighbour it would be too large: it is full, and stays.
  const std::uint32_t next_level = chosen.size() < wanted ? kFull : level + 1;
  std::vector<CompactionEntry::Merged> list = list_;
  if (level > 0 && chosen.size() == 1) {
    list[chosen.front().merged].level = kFull;
    write_list(std::move(list));
    return true;
  }
  MergeInput input;
  if (!open_all(chosen, input)) return false;
  const MergeOutput output = merge_files(input);
  CompactionEntry::Merged merged = write_merged(input, output.file, next_level);
  std::erase_if(list, [&](const auto& old) { return merged.first <= old.first && old.last <= merged.last; });
  const auto at = std::find_if(list.begin(), list.end(), [&](const auto& other) { return other.first > merged.first; });
  list.insert(at, merged);
  try {
    write_list(std::move(list));
  } catch (const StorageError&) {
    // Nothing names the file, unless the entry is there after all and is only not known to be durable.
    if (!journal_.has_unsynced()) journal_.ops().unlink((journal_.run_directory() / "merged" / merged.file).c_str());
    throw;
  }
  // As with merged files: what cannot be removed now is removed by the next start.
  for (const std::string& file : output.unnamed) {
    journal_.ops().unlink(segment_path(journal_.run_directory(), file).c_str());
  }
  return true;
}

/// False, with the reason in blocked_, where an input is damaged.
bool Compactor::open_all(const std::vector<Item>& chosen, MergeInput& input) {
  input.first = chosen.front().first;
  input.last = chosen.back().last;
  const fs::path& root = journal_.run_directory();
  input.run_directory = root;
  input.lost = lost_;
  input.fold_below = options_.small_segment;
  input.fold_budget = options_.most_bytes;
  const std::uint64_t per_folder = journal_.options().numbers_per_folder;
  fs::path current;
  try {
    const std::set<EntryNumber> voided = chosen.front().level == 0 ? find_voids(input.first) : std::set<EntryNumber>();
    for (const Item& item : chosen) {
      if (item.level > 0) {
        if (list_[item.merged].file.empty()) continue;
        current = fs::path("merged") / list_[item.merged].file;
        input.files.push_back(open_merged(root, list_[item.merged]));
        continue;
      }
      current = layout::entry_path(item.first, per_folder);
      const fs::path folder = root / current.parent_path();
      if (voided.contains(item.first) || fs::is_regular_file(from_start(folder))) continue;
      input.files.push_back(open_entry(root, item.first, per_folder));
    }
    return true;
  } catch (const Damage& damage) {
    blocked_ =
        fmt::format("{}: {}; entries are not merged any more until the next start", current.native(), damage.what());
  } catch (const StorageError& error) {
    if (error.error_number() != ENOENT) throw;
    blocked_ = fmt::format("{}: it is missing; entries are not merged any more until the next start", current.native());
  }
  return false;
}

/// What any entry from `first` on declares void.
std::set<EntryNumber> Compactor::find_voids(EntryNumber first) const {
  std::set<EntryNumber> voided;
  const fs::path& root = journal_.run_directory();
  const std::uint64_t per_folder = journal_.options().numbers_per_folder;
  for (EntryNumber number = first; number <= journal_.last(); number = number.next()) {
    const auto header = peek_header(root / layout::entry_path(number, per_folder));
    if (!header || header->type != EntryType::voided) continue;
    const EntryFile file = open_entry(root, number, per_folder);
    voided.insert(std::get<VoidEntry>(file.entry().body).number);
  }
  return voided;
}

CompactionEntry::Merged Compactor::write_merged(const MergeInput& input, const Bytes& bytes, std::uint32_t level) {
  const EntryHeader header = read_header(bytes);
  CompactionEntry::Merged merged{
      input.first,
      input.last,
      level,
      fmt::format("{:09}-{:09}-{}.h5", input.first.value(), input.last.value(), journal_.unique_suffix()),
      header.length,
      header.checksum};
  const fs::path folder = journal_.run_directory() / "merged";
  // A crash leaves a file that no entry names; the next start removes it.
  write_durably(journal_.ops(), folder / merged.file, bytes);
  sync_folder(journal_.ops(), folder);
  return merged;
}

void Compactor::write_list(std::vector<CompactionEntry::Merged> list) {
  journal_.append(CompactionEntry{list});
  std::swap(list, list_);
  for (const CompactionEntry::Merged& old : list) {
    const bool kept = std::any_of(list_.begin(), list_.end(), [&](const auto& now) { return now.file == old.file; });
    if (old.file.empty()) continue;
    // A file that cannot be removed is found and removed by the next start.
    if (!kept) journal_.ops().unlink((journal_.run_directory() / "merged" / old.file).c_str());
  }
}

bool Compactor::retire_oldest() {
  const std::uint64_t per_folder = journal_.options().numbers_per_folder;
  const fs::path journal = journal_.run_directory() / "journal";
  for (;; ++next_folder_) {
    const EntryNumber first(std::max<std::uint64_t>(1, next_folder_ * per_folder));
    const EntryNumber last((next_folder_ + 1) * per_folder - 1);
    if (last > journal_.last()) return false;
    const bool is_retired = fs::is_regular_file(from_start(journal / layout::folder_name(next_folder_))) &&
                            !fs::exists(from_start(journal / layout::retired_name(next_folder_)));
    if (is_retired) continue;
    if (!covers(list_, first, last)) return false;
    retire_folder(journal_.ops(), journal_.run_directory(), next_folder_, per_folder, journal_.unique_suffix());
    ++next_folder_;
    return true;
  }
}

}  // namespace kiln::store
