#include "store/source_registry.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <numeric>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace kiln::store {
namespace {

// The hash of no command: an id whose source entry was lost.
constexpr UnitHash kUnknown{};

UnitHash hash_key(std::string_view key, std::uint64_t occurrence) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(key.data(), key.size(), occurrence);
  const UnitHash result{hash.high64, hash.low64};
  return result == kUnknown ? UnitHash{0, 1} : result;
}

struct Place {
  UnitHash hash;
  std::uint64_t at = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

std::vector<Place> sorted_places(const std::vector<UnitHash>& hashes) {
  std::vector<Place> places(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) places[i] = {hashes[i], i};
  std::sort(places.begin(), places.end());
  return places;
}

// The id of each hash of `wanted`, kNowhere where `known` has none. The lowest id where a hash is known twice.
std::vector<std::uint64_t> find_ids(const std::vector<UnitHash>& wanted, const std::vector<UnitHash>& known) {
  std::vector<std::uint64_t> ids(wanted.size(), SourceRegistry::kNowhere);
  const std::size_t both = std::min(wanted.size(), known.size());
  // As it was, cut short or grown at its end: no hash is wanted twice, so what is behind is not known.
  if (std::equal(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(both), known.begin())) {
    std::iota(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(both), std::uint64_t{0});
    return ids;
  }
  const auto theirs = sorted_places(known);
  auto at = theirs.begin();
  for (const Place& place : sorted_places(wanted)) {
    while (at != theirs.end() && at->hash < place.hash) ++at;
    if (at == theirs.end()) break;
    if (at->hash == place.hash) ids[place.at] = at->at;
  }
  return ids;
}

class PlainListing final : public units::Listing {
 public:
  PlainListing(const std::vector<std::string_view>& commands, const std::vector<std::int64_t>& lines)
      : commands_(commands), lines_(lines) {}
  std::uint64_t size() const override { return commands_.size(); }
  std::int64_t line(std::uint64_t place) const override { return lines_[place]; }
  std::string_view key(std::uint64_t place, std::string&) const override { return commands_[place]; }

 private:
  const std::vector<std::string_view>& commands_;
  const std::vector<std::int64_t>& lines_;
};

}  // namespace

std::vector<UnitHash> hash_units(const units::Listing& listing) {
  std::vector<UnitHash> hashes(listing.size());
  std::string scratch;
  for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = hash_key(listing.key(i, scratch), 0);
  if (listing.distinct()) return hashes;
  const auto places = sorted_places(hashes);
  for (std::size_t i = 1, occurrence = 0; i < places.size(); ++i) {
    occurrence = places[i].hash == places[i - 1].hash ? occurrence + 1 : 0;
    if (occurrence != 0) hashes[places[i].at] = hash_key(listing.key(places[i].at, scratch), occurrence);
  }
  return hashes;
}

void SourceRegistry::restore(const SourceEntry& entry) {
  const std::uint64_t fresh = entry.hashes.size();
  const bool sound = fresh <= entry.units && (entry.lines.empty() || entry.lines.size() == entry.units);
  if (!sound || entry.version <= version_) {
    throw Error(ExitCode::internal,
                fmt::format("source entry of version {} contradicts itself or version {}", entry.version, version_));
  }
  reserve(entry.units);
  // Where an older entry was lost, ids may have been reserved by results alone; here is what they are.
  std::copy(entry.hashes.begin(), entry.hashes.end(),
            hashes_.begin() + static_cast<std::ptrdiff_t>(entry.units - fresh));
  std::copy(entry.lines.begin(), entry.lines.end(), lines_.begin());
  version_ = entry.version;
  fingerprint_ = entry.fingerprint;
}

void SourceRegistry::reserve(std::uint64_t units) {
  if (units <= hashes_.size()) return;
  hashes_.resize(units, kUnknown);
  lines_.resize(units, -1);
  indices_.resize(units, kNowhere);
}

std::optional<SourceEntry> SourceRegistry::update(const std::vector<std::string_view>& commands,
                                                  const std::vector<std::int64_t>& lines, std::uint64_t fingerprint) {
  if (commands.size() != lines.size()) {
    throw Error(ExitCode::internal, fmt::format("{} commands on {} lines", commands.size(), lines.size()));
  }
  return update(PlainListing(commands, lines), fingerprint);
}

std::optional<SourceEntry> SourceRegistry::update(const units::Listing& listing, std::uint64_t fingerprint) {
  const std::vector<std::int64_t> old_lines = std::move(lines_);
  const std::uint64_t old_units = hashes_.size();
  lines_.assign(old_units, -1);
  indices_.assign(old_units, kNowhere);
  {
    const std::vector<UnitHash> hashes = hash_units(listing);
    const auto ids = find_ids(hashes, hashes_);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (ids[i] == kNowhere) {
        hashes_.push_back(hashes[i]);
        lines_.push_back(listing.line(i));
        indices_.push_back(i);
      } else {
        lines_[ids[i]] = listing.line(i);
        indices_[ids[i]] = i;
      }
    }
  }
  if (version_ != 0 && lines_ == old_lines && fingerprint == fingerprint_) return std::nullopt;
  SourceEntry entry;
  entry.version = ++version_;
  entry.fingerprint = fingerprint_ = fingerprint;
  entry.units = hashes_.size();
  entry.hashes.assign(hashes_.begin() + static_cast<std::ptrdiff_t>(old_units), hashes_.end());
  entry.lines = lines_;
  return entry;
}

schedule::IntervalSet SourceRegistry::active() const {
  schedule::IntervalSet units;
  for (std::uint64_t first = 0; first < lines_.size();) {
    std::uint64_t last = first;
    while (last < lines_.size() && lines_[last] >= 0) ++last;
    if (last > first) units.insert(make_interval(first, last));
    first = last + 1;
  }
  return units;
}

}  // namespace kiln::store
