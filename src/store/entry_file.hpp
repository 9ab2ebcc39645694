#pragma once

#include <kiln/detail/rows.hpp>
#include "store/entry.hpp"
#include "store/entry_header.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The bytes of one entry: a header of 512 bytes, then an HDF5 file (for HDF5 the header is a user block, so that
/// h5dump and h5py open an entry as it is). Layout: docs/journal-format.md.
namespace kiln::store {

/// The bytes of an entry. `schema` is that of the rows of a commit, unused otherwise. Rows must be sorted by unit.
Bytes encode_entry(const Entry& entry, const Schema& schema);

/// The same as a worker's segment; the body is a commit.
Bytes encode_segment(const Entry& entry, const Schema& schema);

/// The same as so_far.h5; the body is a stage end. `add` puts more into the file, for those who read it with HDF5
/// alone.
Bytes encode_so_far(const Entry& entry, const std::function<void(const h5::Handle& file)>& add);

/// An original entry that a merged file carries as it was.
struct Carried {
  EntryNumber number;
  Bytes file;
};
/// What a merged file holds: one part for each stage and round that had commits in the range (number = the first number
/// of the range, body = CommitEntry), and the other entries of the range as they were.
struct Merged {
  EntryNumber first, last;
  Epoch epoch;  ///< the highest in the range
  std::vector<Entry> parts;
  std::vector<Carried> carried;
};
/// `schemas` are those of the parts' rows, one a part.
Bytes encode_merged(const Merged& merged, const std::vector<Schema>& schemas);

/// Which rows of a file: of a part, those of one of its stage's tables.
struct RowsPlace {
  RowsPlace(std::size_t in_part = 0, std::size_t of_table = 0)  // NOLINT(*-explicit-*): mostly there is one table
      : part(in_part), table(of_table) {}
  std::size_t part;
  std::size_t table;
};

/// A verified entry, merged file or segment, open for reading. Movable; not for use by two threads at once.
class EntryFile {
 public:
  /// Reads and verifies the whole file: header, length, checksum. Throws Damage where a byte is wrong, StorageError
  /// where it cannot be read (ENOENT: it is not there), kiln::Error (run_directory) where its format is newer.
  /// Memory: files up to 16 MiB are held, longer ones stay on disk.
  explicit EntryFile(std::filesystem::path path);
  /// The same for bytes in memory; `path` is for messages.
  EntryFile(ByteView bytes, std::filesystem::path path);

  const EntryHeader& header() const { return header_; }
  const std::filesystem::path& path() const { return path_; }

  /// The entry; with `rows`, a commit's rows and partial results too. A segment is a commit. Not for merged files.
  Entry entry(bool rows = false) const;
  /// Parts and carried entries of a merged file; with `rows`, the parts' rows too.
  Merged merged(bool rows = false) const;

  /// Parts with rows: 1 for a commit or segment, any number for a merged file, 0 for other entries.
  std::size_t parts() const;
  /// How many, without reading them.
  std::uint64_t row_count(RowsPlace place = {}) const;
  /// What all of them take in memory.
  std::uint64_t row_bytes(RowsPlace place = {}) const;
  /// The columns as they were when the rows were written; empty where there are no rows.
  Schema schema(RowsPlace place = {}) const;
  /// The unit of each row [first, first + count), ascending.
  std::vector<std::uint64_t> row_units(RowsPlace place, std::uint64_t first, std::uint64_t count) const;
  /// Of these rows, the values of one column of u64; all 0 where there is no such column.
  std::vector<std::uint64_t> row_numbers(RowsPlace place, std::string_view column, std::uint64_t first,
                                         std::uint64_t count) const;
  /// Rows [first, first + count). Read in pieces of at most h5::kPiece under the lock.
  Rows rows(RowsPlace place, std::uint64_t first, std::uint64_t count) const;

  /// Partial results of a part, one at a time.
  std::size_t partials(std::size_t part = 0) const;
  Bytes partial(std::size_t part, std::size_t index) const;

 private:
  h5::Handle part_group(std::size_t part) const;
  std::optional<h5::Handle> rows_group(RowsPlace place) const;

  std::filesystem::path path_;
  EntryHeader header_;
  h5::Handle file_;
};

}  // namespace kiln::store
