#include "store/run_directory.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "store/file_ops.hpp"
#include "store/so_far.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFactsName = "run.json";
// run.json under another name: the removal of the directory's content has begun.
constexpr std::string_view kRemovedName = ".kiln-removed-run.json";
constexpr std::array<std::string_view, 5> kFolders = {"source", "journal", "merged", "segments", "damaged"};
constexpr std::string_view kRunsFolder = "shuffle";
constexpr std::string_view kExportFolder = "export";
// The srun of commands in a Slurm job.
constexpr std::string_view kSlurmFolder = "slurm";
// Of a job that has been submitted and has not begun.
constexpr std::string_view kJobNote = "slurm.json";
constexpr std::string_view kUnwatchedNote = "unwatched.json";
constexpr std::array<std::string_view, 11> kFiles = {"launch.json",  "owner.json",   "status.json", "events.jsonl",
                                                     "outcome.json", "results.h5",   "report.html", kJobNote,
                                                     "until.json",   kUnwatchedNote, kSoFarName};

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw Error(ExitCode::run_directory, fmt::format("run directory {}: {}", path.string(), why));
}

// What to do where the directory is none of ours.
const char* elsewhere(RunDirectory::For purpose) {
  return purpose == RunDirectory::For::writing ? "Choose another --out" : "Give the directory that `kiln run` made";
}

bool has_name(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(from_start(path), error));
}

std::vector<std::string> names_in(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator item(from_start(path), error), end; !error && item != end; item.increment(error)) {
    names.push_back(item->path().filename().string());
  }
  if (error) refuse(path, fmt::format("cannot be listed: {}. Check its permissions", error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

bool is_folder_of_ours(std::string_view name) {
  return name == kRunsFolder || name == kSlurmFolder ||
         std::find(kFolders.begin(), kFolders.end(), name) != kFolders.end();
}

bool is_leftover(std::string_view name) { return name.starts_with(kTemporaryPrefix) || name.starts_with(".nfs"); }

// Whether nothing was ever kept in a folder of the skeleton.
bool is_unused(const fs::path& folder) {
  const auto names = names_in(folder);
  return std::all_of(names.begin(), names.end(), [](const std::string& name) { return is_leftover(name); });
}

// A directory without run.json: ours if a creation ended early, else somebody's.
void refuse_foreign(const fs::path& path, RunDirectory::For purpose) {
  std::vector<std::string> foreign;
  for (const std::string& name : names_in(path)) {
    if (is_leftover(name) || name == kJobNote || name == kUnwatchedNote) continue;
    if (!is_folder_of_ours(name) || !fs::is_directory(from_start(path / name))) {
      foreign.push_back(name);
    } else if (!is_unused(path / name)) {
      const bool writing = purpose == RunDirectory::For::writing;
      refuse(path, fmt::format("has no run.json, but {}/ is not empty. If it is a kiln run, put its run.json back from "
                               "a copy{}",
                               name, writing ? "; else choose another --out, or remove the directory by hand" : ""));
    }
  }
  if (foreign.empty()) return;
  refuse(path,
         fmt::format("is not empty and no kiln run (no run.json): it holds {}{}. {}", for_message(foreign.front()),
                     foreign.size() == 1 ? "" : fmt::format(" and {} more", foreign.size() - 1), elsewhere(purpose)));
}

std::string read_facts(const fs::path& path) {
  auto text = read_small_file(path / kFactsName);
  if (!text) refuse(path, "is no kiln run: it has no run.json");
  return *std::move(text);
}

// A disk without room is no reason to go elsewhere.
void throw_if_full(int error, std::string_view doing, const fs::path& path) {
  if (is_full(error)) throw StorageError(error, doing, path);
}

void make_own_folder(FileOps& ops, const fs::path& path) {
  if (ops.mkdir(path.c_str(), 0777) == 0) return;
  const int error = errno;
  throw_if_full(error, "make the folder", path);
  std::error_code ignored;
  if (error == EEXIST && fs::is_directory(from_start(path), ignored)) return;
  if (error == EEXIST) refuse(path, "is a file, not a directory. Choose another --out");
  refuse(path, fmt::format("cannot be created: {}. Choose another --out", std::strerror(error)));
}

void make_path(FileOps& ops, const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || fs::is_directory(from_start(path), ignored)) return;
  make_path(ops, path.parent_path());
  make_own_folder(ops, path);
}

fs::path tidy(const fs::path& path) {
  if (path.empty()) refuse("\"\"", "has no name. Give one with --out");
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

void finish_removal(const fs::path& path) {
  std::error_code error;
  const auto remove = [&](const fs::path& victim) {
    fs::remove_all(from_start(victim), error);
    if (error) refuse(path, fmt::format("cannot remove {}: {}", victim.filename().string(), error.message()));
  };
  for (const std::string_view name : kFiles) remove(path / name);
  for (const std::string_view name : kFolders) remove(path / name);
  remove(runs_folder(path));
  remove(path / kSlurmFolder);
  remove(export_folder(path));
  remove_temporaries(path);
  sync_folder(system_file_ops(), path);
}

}  // namespace

RunDirectory::Found RunDirectory::examine(const fs::path& given, For purpose) {
  const fs::path path = tidy(given);
  std::error_code error;
  const fs::file_status status = fs::status(from_start(path), error);
  if (status.type() == fs::file_type::not_found) return Found::nothing;
  if (status.type() == fs::file_type::none || status.type() == fs::file_type::unknown) {
    refuse(path, fmt::format("cannot be looked at: {}. Check the path and its permissions", error.message()));
  }
  if (!fs::is_directory(status)) refuse(path, fmt::format("is not a directory. {}", elsewhere(purpose)));
  if (::access(from_start(path).c_str(), R_OK | X_OK) != 0) {
    refuse(path, fmt::format("cannot be read: {}. Check its permissions", std::strerror(errno)));
  }
  if (has_name(path / kFactsName)) return Found::run;
  if (has_name(path / kRemovedName)) return Found::half_gone;
  refuse_foreign(path, purpose);
  return Found::nothing;
}

RunDirectory RunDirectory::open(const fs::path& given, For purpose) {
  const fs::path path = tidy(given);
  if (examine(path, purpose) != Found::run) {
    refuse(path, has_name(path) ? "is no kiln run: it has no run.json. Give the directory that `kiln run` made"
                                : "does not exist. Give the directory that `kiln run` made");
  }
  const std::string text = read_facts(path);
  return {path, parse_run_facts(text, (path / kFactsName).string(), purpose == For::writing)};
}

RunDirectory RunDirectory::open_for_writing(const fs::path& path, std::string_view kind, FileOps& ops) {
  RunDirectory directory = open(path, For::writing);
  if (directory.facts_.kind != kind) {
    refuse(directory.path_, fmt::format("belongs to another kind of run (\"{}\", not \"{}\"). Choose another --out",
                                        for_message(directory.facts_.kind), kind));
  }
  require_link(directory.path_, ops);
  for (const std::string_view name : kFolders) make_own_folder(ops, directory.path_ / name);
  std::error_code ignored;
  fs::remove(from_start(directory.path_ / kRemovedName), ignored);
  return directory;
}

RunDirectory RunDirectory::create(const fs::path& given, const RunFacts& facts, FileOps& ops) {
  const fs::path path = tidy(given);
  const bool existed = has_name(path);
  make_path(ops, path);
  try {
    require_link(path, ops);
  } catch (const Error&) {
    if (!existed) ::rmdir(from_start(path).c_str());
    throw;
  }
  if (has_name(path / kRemovedName) && !has_name(path / kFactsName)) finish_removal(path);
  for (const std::string_view name : kFolders) make_own_folder(ops, path / name);
  sync_folder(system_file_ops(), path);
  write_new(path / kFactsName, to_json(facts));
  sync_folder(system_file_ops(), path.has_parent_path() ? path.parent_path() : fs::path("."));
  return open_for_writing(path, facts.kind, ops);
}

void RunDirectory::remove_content(const fs::path& given) {
  const fs::path path = tidy(given);
  if (examine(path) == Found::run &&
      ::rename(from_start(path / kFactsName).c_str(), from_start(path / kRemovedName).c_str()) != 0) {
    refuse(path, fmt::format("cannot be emptied: {}", std::strerror(errno)));
  }
  if (!has_name(path / kRemovedName)) return;
  sync_folder(system_file_ops(), path);
  finish_removal(path);
}

void RunDirectory::write_replaced(std::string_view name, std::string_view text, Durable durable) const {
  store::write_replaced(file(name), text, durable);
}

fs::path runs_folder(const fs::path& run_directory) { return run_directory / kRunsFolder; }

fs::path export_folder(const fs::path& run_directory) { return run_directory / kExportFolder; }

std::string runs_prefix(StageId stage) { return fmt::format("s{}-", stage.value()); }

void require_link(const fs::path& directory, FileOps& ops) {
  const fs::path from = directory / fmt::format("{}link-{}", kTemporaryPrefix, ::getpid());
  const fs::path to = from.string() + "-b";
  ::unlink(from_start(from).c_str());
  ::unlink(from_start(to).c_str());
  const int fd = ops.open(from.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    const int error = errno;
    throw_if_full(error, "create", from);
    refuse(directory,
           fmt::format("cannot be written: {}. Check its permissions, or choose another --out", std::strerror(error)));
  }
  ::close(fd);
  const int error = ops.link(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  ::unlink(from_start(to).c_str());
  ::unlink(from_start(from).c_str());
  if (error == 0) return;
  throw_if_full(error, "link", to);
  refuse(directory, fmt::format("its file system does not support hard links (link: {}), by which kiln keeps two runs "
                                "from writing the same entry. Choose an --out on another file system",
                                std::strerror(error)));
}

}  // namespace kiln::store
