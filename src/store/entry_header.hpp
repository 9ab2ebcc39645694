#pragma once

#include <kiln/detail/bytes.hpp>

#include <kiln/ids.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace kiln::store {

/// What an entry file holds. The values are part of the format.
enum class EntryType : std::uint32_t {
  epoch = 1,
  source = 2,
  commit = 3,
  reopen = 4,
  compaction = 5,
  voided = 6,
  end = 7,
  plan = 8,
  stage_end = 9,
  root = 10,
  given = 11,
  merged = 100,     ///< below merged/: stands in for a range of entries
  tombstone = 101,  ///< journal/NNN as a file: the folder was retired
  segment = 102,    ///< below segments/: a worker's results, as a commit holds them; its number is 0
  so_far = 103,     ///< so_far.h5: what a stage that goes on has come to; its number is 0
};
const char* name_of(EntryType type);

/// The block in front of every file of the journal: by it a cut, changed or misplaced file is known before HDF5 sees
/// any byte. Layout: docs/journal-format.md.
struct EntryHeader {
  EntryType type = EntryType::commit;
  EntryNumber number;  ///< of a merged file: the first number it covers
  EntryNumber last;    ///< the last number it covers; otherwise the same as number
  Epoch epoch;         ///< of a merged file: the highest it covers
  StageId stage;
  std::uint32_t round = 0;
  std::uint64_t length = 0;    ///< bytes of the HDF5 image behind the header
  std::uint64_t checksum = 0;  ///< XXH3-64 of the image
  std::uint64_t unpacked = 0;  ///< of a segment: bytes of what it holds in memory, about; 0 elsewhere
  std::uint32_t format = 1;    ///< what a reader must know: 2 for all that only programs write, 3 for given
};

inline constexpr std::size_t kHeaderBytes = 512;
inline constexpr std::uint32_t kEntryFormat = 3;  ///< the highest that is known

/// The bytes of a file are not what was written. The text says what differs, without the file's name.
class Damage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Puts the header into the first kHeaderBytes of `file`.
void write_header(const EntryHeader& header, Bytes& file);
/// Throws Damage; a newer format is kiln::Error (run_directory): it is not damage, and must not be written over.
EntryHeader read_header(ByteView file);

}  // namespace kiln::store
