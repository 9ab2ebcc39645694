#pragma once

#include "store/entry.hpp"
#include "units/listing.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kiln::store {

/// Which unit has which id, for good. Recognises a unit by the hash of its key, which is its command with what else
/// belongs to it: XXH3-128 of its bytes, equal keys by their occurrence in the order of the source. Pure: no files, no
/// clock. 10^6 commands take a fraction of a second and 32 bytes each.
class SourceRegistry {
 public:
  static constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();

  /// What the journal says, in ascending order of version. Ids that no entry names (a source entry was lost) stay
  /// taken, by commands unknown.
  void restore(const SourceEntry& entry);
  /// At least this many ids are taken: results name them, though no source entry does.
  void reserve(std::uint64_t units);

  /// The source as it is now. New units get ids after the old ones, in the order of the source; one that is gone keeps
  /// its id with line -1; one that is back gets its old id back. Returns what the journal must learn: nothing when all
  /// is as it was. `fingerprint` is the checksum of the copy kept of the source: another copy is another version, for
  /// what it says of units that are the same.
  std::optional<SourceEntry> update(const units::Listing& listing, std::uint64_t fingerprint);
  /// The same of plain commands: commands[i] stands on lines[i].
  std::optional<SourceEntry> update(const std::vector<std::string_view>& commands,
                                    const std::vector<std::int64_t>& lines, std::uint64_t fingerprint);

  std::uint64_t units() const { return hashes_.size(); }
  std::uint32_t version() const { return version_; }  ///< of the last source entry; 0 for none
  /// Of each unit: its line in the present source, -1 where it was removed.
  const std::vector<std::int64_t>& lines() const { return lines_; }
  /// Of each unit: its place in the source of the last update, or kNowhere.
  const std::vector<std::uint64_t>& indices() const { return indices_; }
  /// The units that are in the present source.
  schedule::IntervalSet active() const;

 private:
  std::vector<UnitHash> hashes_;  // by id
  std::vector<std::int64_t> lines_;
  std::vector<std::uint64_t> indices_;
  std::uint32_t version_ = 0;
  std::uint64_t fingerprint_ = 0;  // of that version
};

/// Of each unit, with its occurrence among equal keys taken into account.
std::vector<UnitHash> hash_units(const units::Listing& listing);

}  // namespace kiln::store
