#include "store/journal.hpp"

#include "base/start_directory.hpp"
#include "store/journal_files.hpp"
#include "store/journal_layout.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLooks = 100;  // new looks at the folders before giving up

bool is_gone(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

/// NFS may answer with an error to a link that it made: the name is looked at.
bool is_same_file(const fs::path& a, const fs::path& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(from_start(a).c_str(), &first) == 0 && ::stat(from_start(b).c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

std::string for_file_name(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '/' || c == '\0'; }, '_');
  return text.substr(0, 64);
}

/// Removes the name when it goes out of scope; a leftover does no harm.
struct Temporary {
  FileOps& ops;
  fs::path path;
  ~Temporary() { ops.unlink(path.c_str()); }
};

}  // namespace

Journal::Journal(fs::path run_directory, JournalOptions options, FileOps& ops)
    : run_directory_(std::move(run_directory)), options_(std::move(options)), ops_(&ops) {
  options_.launch_id = for_file_name(options_.launch_id);
  for (const char* folder : {"journal", "merged", "damaged"}) make_folder(*ops_, run_directory_ / folder);
}

std::string Journal::unique_suffix() { return fmt::format("{}-{}-{}", options_.launch_id, ::getpid(), ++sequence_); }

Journal::Linked Journal::link_entry(EntryNumber number, const Bytes& bytes) {
  const fs::path name = run_directory_ / layout::entry_path(number, options_.numbers_per_folder);
  const Temporary temporary{*ops_, name.parent_path() / fmt::format("{}{}", layout::kTemporary, unique_suffix())};
  write_durably(*ops_, temporary.path, bytes);
  if (ops_->link(temporary.path.c_str(), name.c_str()) < 0) {
    const int why = errno;
    if (!is_same_file(temporary.path, name)) {
      if (why == EEXIST) return Linked::taken;
      throw StorageError(why, "link", name);
    }
  }
  last_ = number;
  unsynced_ = true;
  finish_link(number);
  return Linked::yes;
}

void Journal::finish_link(EntryNumber number) {
  sync_folder(*ops_, (run_directory_ / layout::entry_path(number, options_.numbers_per_folder)).parent_path());
  unsynced_ = false;
  make_next_folder(number);
}

// Who linked a number in the later half of a folder makes the next folder: no other rank may, so a folder that is not
// there when its first number comes was retired by a newer coordinator.
void Journal::make_next_folder(EntryNumber linked) {
  const std::uint64_t folder = layout::folder_of(linked, options_.numbers_per_folder);
  folders_made_ = std::max(folders_made_, folder + 1);
  if (linked.value() % options_.numbers_per_folder < options_.numbers_per_folder / 2) return;
  if (folders_made_ > folder + 1) return;
  try {
    make_folder_for(EntryNumber((folder + 1) * options_.numbers_per_folder));
  } catch (const StorageError&) {  // the entry is durable; the next append in need of the folder says what is wrong
  }
}

void Journal::make_folder_for(EntryNumber number) {
  const std::uint64_t folder = layout::folder_of(number, options_.numbers_per_folder);
  make_folder(*ops_, run_directory_ / "journal" / layout::folder_name(folder));
  folders_made_ = std::max(folders_made_, folder + 1);
}

EntryNumber Journal::append(const EntryBody& body, const Schema& schema, StageId stage, std::uint32_t round) {
  if (last_ == EntryNumber()) throw Error(ExitCode::internal, "the journal is written before an epoch began");
  if (unsynced_) finish_link(last_);
  const EntryNumber number = last_.next();
  const Bytes bytes = encode_entry({number, epoch_, stage, round, body}, schema);
  if (layout::folder_of(number, options_.numbers_per_folder) >= folders_made_) make_folder_for(number);
  try {
    if (link_entry(number, bytes) == Linked::taken) throw_deposed(number);
  } catch (const StorageError& error) {
    if (is_gone(error.error_number()) && fs::exists(from_start(run_directory_))) throw_deposed(number);
    throw;
  }
  return number;
}

bool Journal::passed() const {
  std::error_code unknown;
  return fs::exists(from_start(run_directory_ / layout::entry_path(last_.next(), options_.numbers_per_folder)),
                    unknown);
}

void Journal::throw_deposed(EntryNumber number) const {
  std::string who = "another kiln";
  try {
    const EntryFile file = open_entry(run_directory_, number, options_.numbers_per_folder);
    if (file.header().type == EntryType::epoch) {
      const auto owner = std::get<EpochEntry>(file.entry().body);
      who = fmt::format("launch {} (host {}, process {})", owner.launch_id, owner.host, owner.pid);
    }
  } catch (const std::exception&) {  // the name of the other is for the message only
  }
  throw Deposed(
      fmt::format("{} has taken over the run directory {} (entry {} of its journal is not ours): this one "
                  "writes nothing more and leaves",
                  who, run_directory_.native(), number.value()));
}

bool Journal::try_epoch(EntryNumber number, const EpochEntry& body) {
  const std::uint64_t folder = layout::folder_of(number, options_.numbers_per_folder);
  if (!fs::exists(from_start(run_directory_ / "journal" / layout::retired_name(folder)))) make_folder_for(number);
  return link_entry(number, encode_entry({number, epoch_, StageId(), 0, body}, {})) == Linked::yes;
}

Entry Journal::begin_epoch(const EpochEntry& body, std::optional<Epoch> follows) {
  const std::uint64_t per_folder = options_.numbers_per_folder;
  int looks = 0;
  bool look = true;
  EntryNumber number;
  Epoch highest;
  for (;;) {
    if (look) {
      const JournalListing listing = list_journal(run_directory_, per_folder);
      number = listing.highest(per_folder).next();
      for (const auto& [entry, path] : listing.entries) {
        const auto header = peek_header(path);
        if (header && follows && header->epoch > *follows) throw_deposed(entry);
        highest = header ? std::max(highest, header->epoch) : highest.next();  // a damaged one may have held the next
      }
      for (const auto& item : fs::directory_iterator(from_start(run_directory_ / "merged"))) {
        if (const auto header = peek_header(item.path())) highest = std::max(highest, header->epoch);
      }
      look = false;
    }
    epoch_ = highest.next();
    try {
      if (try_epoch(number, body)) return {number, epoch_, StageId(), 0, body};
    } catch (const StorageError& error) {
      if (!is_gone(error.error_number()) || ++looks > kMostLooks) throw;
      look = true;  // the folder was retired since it was listed
      continue;
    }
    // Somebody linked this number since the folders were listed.
    const auto header = peek_header(run_directory_ / layout::entry_path(number, per_folder));
    if (header && (header->type == EntryType::epoch || (follows && header->epoch > *follows))) throw_deposed(number);
    if (header) highest = std::max(highest, header->epoch);
    number = number.next();
  }
}

}  // namespace kiln::store
