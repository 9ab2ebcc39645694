#pragma once

#include <kiln/ids.hpp>
#include "store/file_ops.hpp"
#include "store/run_facts.hpp"
#include "store/small_file.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace kiln::store {

/// Everything of one run on disk: its layout, how it comes to be and how it goes. Holds a path and the facts of
/// run.json, no open files. Every function here throws kiln::Error (run_directory) that names what was found and what
/// to do, and StorageError where the disk refuses.
class RunDirectory {
 public:
  enum class Found {
    nothing,   ///< no such name, an empty directory, or a skeleton that was never finished: may be created
    run,       ///< a run directory
    half_gone  ///< its removal (--fresh) was begun; create() finishes it
  };

  /// Who asks: it decides what a refusal advises.
  enum class For { reading, writing };

  /// Looks without changing anything. Refuses (throws) what is no directory, and directories of others.
  static Found examine(const std::filesystem::path& path, For purpose = For::writing);

  /// An existing run, for reading; changes nothing. Refuses a directory that is no run, and newer format versions.
  static RunDirectory open(const std::filesystem::path& path, For purpose = For::reading);

  /// As open, for writing: also refuses another kind of run, a directory that cannot be written, and a file system
  /// without link(2).
  static RunDirectory open_for_writing(const std::filesystem::path& path, std::string_view kind,
                                       FileOps& ops = system_file_ops());

  /// A new run. Where another process creates the same one at this moment, both get the one that came first.
  /// `path` must be examined as Found::nothing or Found::half_gone. A crash at any moment leaves something that
  /// examine() finds to be one of these, or a complete run directory without entries.
  static RunDirectory create(const std::filesystem::path& path, const RunFacts& facts,
                             FileOps& ops = system_file_ops());

  /// Deletes what kiln keeps in a run directory and nothing else; files of others stay. The caller knows that no run
  /// uses it. A crash at any moment leaves Found::run (nothing deleted yet) or Found::half_gone.
  static void remove_content(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const RunFacts& facts() const { return facts_; }
  std::filesystem::path file(std::string_view name) const { return path_ / name; }

  /// status.json, owner.json, outcome.json: replaced by rename.
  void write_replaced(std::string_view name, std::string_view text, Durable durable = Durable::no) const;

 private:
  RunDirectory(std::filesystem::path path, RunFacts facts) : path_(std::move(path)), facts_(std::move(facts)) {}

  std::filesystem::path path_;
  RunFacts facts_;
};

/// Where the runs of steps by key lie while a program needs them; made when there are any.
std::filesystem::path runs_folder(const std::filesystem::path& run_directory);
/// Where a program's tables go as CSV and JSON lines (--export).
std::filesystem::path export_folder(const std::filesystem::path& run_directory);
/// The names of all runs that a stage writes begin so.
std::string runs_prefix(StageId stage);

/// Throws kiln::Error (run_directory), with the reason and what to do, unless link(2) works in the directory: it is
/// what keeps two runs from writing the same entry. Where only room is missing, StorageError.
void require_link(const std::filesystem::path& directory, FileOps& ops = system_file_ops());

}  // namespace kiln::store
