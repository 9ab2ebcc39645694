#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace kiln {

/// A number that names one kind of thing; two kinds never mix.
template <class Tag, class Rep>
class StrongId {
 public:
  using rep = Rep;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  constexpr StrongId next() const { return StrongId(static_cast<Rep>(value_ + 1)); }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;

 private:
  Rep value_ = 0;
};

/// The smallest piece of work: 0..N-1 within its stage, fixed by the source, never by time or rank.
using UnitId = StrongId<struct UnitTag, std::uint64_t>;
/// A half-open interval of units handed to a worker; numbered by the coordinator, never reused within an epoch.
using BatchId = StrongId<struct BatchTag, std::uint64_t>;
/// A process of the run, as MPI_COMM_WORLD numbers it.
using Rank = StrongId<struct RankTag, std::int32_t>;
/// Number of a coordinator's reign; each start of a run begins a new one.
using Epoch = StrongId<struct EpochTag, std::uint32_t>;
/// Number of the coordinator's list of living ranks.
using View = StrongId<struct ViewTag, std::uint32_t>;
/// Ordinal of a stage within its run.
using StageId = StrongId<struct StageTag, std::uint32_t>;
/// Number of an entry in the journal; the first is 1.
using EntryNumber = StrongId<struct EntryTag, std::uint64_t>;

}  // namespace kiln

template <class Tag, class Rep>
struct std::hash<kiln::StrongId<Tag, Rep>> {
  std::size_t operator()(kiln::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value()); }
};
