#pragma once

#include "store/entry.hpp"
#include "store/entry_file.hpp"
#include "store/file_ops.hpp"

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

/// A worker's results in a file of its own below segments/: the same content as a commit. It counts only once an entry
/// of the journal names it, and then all or none of it.
namespace kiln::store {

struct SegmentContent {
  StageId stage;
  schedule::IntervalSet units;  ///< whose results these are
  const Tables& tables;         ///< of the stage; borrowed for the call
  std::vector<Bytes> rows;      ///< blobs as encode_tables writes them, in any order
  std::vector<Bytes> partials;
  std::uint64_t* rejected = nullptr;  ///< where given, gets how many records were rejected
};

/// Where they lie.
std::filesystem::path segment_path(const std::filesystem::path& run_directory, const std::string& file);

/// Writes segments/w-<epoch>-r<rank>-<number>.h5; durable on return. To be called on a thread that does files; memory
/// is about three times the content. `number` was not used by this rank in this epoch before. Throws StorageError (the
/// file is not there then, and it may be tried again), kiln::Error (internal) where the blobs do not fit the tables.
SegmentFile write_segment(const std::filesystem::path& run_directory, Epoch epoch, Rank rank, std::uint64_t number,
                          SegmentContent content, FileOps& ops = system_file_ops());

/// The verified file. Throws Damage where it is not the one that was named, StorageError (ENOENT: it is missing).
EntryFile open_segment(const std::filesystem::path& run_directory, const SegmentFile& segment);

/// What it holds, in memory: its length, or more where it is packed. 0 where it cannot be read.
std::uint64_t segment_content(const std::filesystem::path& run_directory, const SegmentFile& segment);

/// Its partial results, one at a time. Throws as open_segment.
void read_segment_partials(const std::filesystem::path& run_directory, const SegmentFile& segment,
                           const std::function<void(Bytes)>& take);

/// What is wrong with the file; "" where nothing is. Only name and length are looked at unless `whole`. An empty file
/// stands for one that was lost earlier: then `lost_before` is set.
std::string segment_fault(const std::filesystem::path& run_directory, const SegmentFile& segment, bool whole,
                          bool& lost_before);

/// Puts an empty file in its place, so that it never counts again, even where it comes back. Throws StorageError.
void retire_segment(const std::filesystem::path& run_directory, const std::string& file, FileOps& ops);

/// Removes all segments (and temporaries) that are not among the names. The caller knows that no worker lives that
/// might write one, and that `named` is complete. A file that cannot be removed stays.
void remove_other_segments(const std::filesystem::path& run_directory, const std::set<std::string>& named,
                           FileOps& ops) noexcept;

}  // namespace kiln::store
