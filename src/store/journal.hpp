#pragma once

#include "store/entry.hpp"
#include "store/entry_file.hpp"
#include "store/file_ops.hpp"
#include "store/journal_scan.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace kiln::store {

/// Another coordinator has taken the run directory over: write nothing more and leave. Code: run_directory.
class Deposed : public Error {
 public:
  using Error::Error;
  explicit Deposed(const std::string& message) : Error(ExitCode::run_directory, message) {}
};

struct JournalOptions {
  std::string launch_id;                    ///< goes into names of temporaries
  std::uint64_t numbers_per_folder = 1000;  ///< the same for the whole life of a run directory
};

/// The writing side of a journal. One thread at a time. Safety against other writers is link(2) alone: whoever links a
/// number first owns it; a writer that meets a foreign entry throws Deposed and must not be used again.
class Journal {
 public:
  /// Makes the folders it needs where they are missing. `ops` must outlive the journal. Throws StorageError.
  Journal(std::filesystem::path run_directory, JournalOptions options, FileOps& ops = system_file_ops());

  /// Takes over: links an epoch entry behind the highest number, with an epoch above all read. After it no other
  /// writer can append, so scan_journal sees everything there will be. Throws Deposed, naming the other, where somebody
  /// else began an epoch at the same moment; StorageError. With `follows`, only the reign of that epoch is ended: where
  /// a later one has begun, throws Deposed.
  Entry begin_epoch(const EpochEntry& body, std::optional<Epoch> follows = {});

  /// After begin_epoch and a scan: copies damaged files to damaged/, links voids at missing numbers, appends voids for
  /// damaged entries, drops merged files that are lost from the list, removes what dead writers left (temporaries,
  /// half-retired folders, segments). Changes nothing that `found` says. Throws Deposed, StorageError.
  enum class Workers {
    gone,
    live,  ///< of this very launch: segments that no entry names may yet be named
  };
  void repair(const ScanResult& found, Workers workers = Workers::gone);

  /// Appends an entry; when it returns, the entry is durable. Throws Deposed, or StorageError: then the same may be
  /// tried again (nothing was appended, or what was appended says the same and counts once: has_unsynced).
  EntryNumber append(const EntryBody& body, const Schema& schema = {}, StageId stage = StageId(0),
                     std::uint32_t round = 0);

  /// Whether somebody else has linked the number that would be next: append would throw Deposed. Changes nothing.
  bool passed() const;

  EntryNumber last() const { return last_; }  ///< the highest number, this writer's own
  Epoch epoch() const { return epoch_; }
  const std::filesystem::path& run_directory() const { return run_directory_; }
  const JournalOptions& options() const { return options_; }
  FileOps& ops() const { return *ops_; }
  /// A name nobody else uses: launch id, process id, sequence number.
  std::string unique_suffix();
  /// An entry is linked whose folder could not be fsynced: it counts, but may not be durable. The next append sees to
  /// that first.
  bool has_unsynced() const { return unsynced_; }

 private:
  enum class Linked { yes, taken };
  /// Writes a temporary and links it at `number`.
  Linked link_entry(EntryNumber number, const Bytes& bytes);
  void finish_link(EntryNumber number);
  void make_folder_for(EntryNumber number);
  void make_next_folder(EntryNumber linked);
  bool try_epoch(EntryNumber number, const EpochEntry& body);
  [[noreturn]] void throw_deposed(EntryNumber number) const;

  void copy_damaged(const ScanResult::Problem& problem);
  void void_missing(EntryNumber number, const std::string& why);
  void remove_leftovers(const ScanResult& found, Workers workers);

  std::filesystem::path run_directory_;
  JournalOptions options_;
  FileOps* ops_;
  EntryNumber last_;
  Epoch epoch_;
  std::uint64_t sequence_ = 0;
  std::uint64_t folders_made_ = 0;  // folders below this number were made by this writer or were there
  bool unsynced_ = false;
};

}  // namespace kiln::store
