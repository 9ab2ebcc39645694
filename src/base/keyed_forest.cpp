#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/keyed/keyed_forest.hpp>

#include <utility>

namespace kiln::detail {
namespace {

constexpr std::size_t kIntervalBytes = 2 * sizeof(std::uint64_t) + 4 * sizeof(void*);

}  // namespace

void KeyedForest::absorb(Forest& other) {
  auto& from = same_forest<KeyedForest>(other);
  units_.add(from.units_);
  list_.add(std::move(from.list_));
  try {
    absorb_memory(from);
  } catch (...) {
    throw_join_failed_in(units_.intervals(), from.units_.intervals());
  }
  from.units_.clear();
}

void KeyedForest::admit(ByteReader& in) {
  expect_kind(in, ForestKind::keyed);
  units_.add(UnitSet::decode(in));
  list_.admit(in);
}

void KeyedForest::encode(ByteWriter& out) const {
  out.put(ForestKind::keyed);
  units_.encode(out);
  all().encode(out);
}

std::size_t KeyedForest::bytes() const {
  std::size_t bytes = units_.size() * kIntervalBytes + memory_bytes() + list_.sample.bytes();
  for (const RunReference& run : list_.runs) {
    bytes += sizeof run + run.name.size() + run.pieces.size() * sizeof(RunPiece) + (run.data ? run.data->size() : 0);
    for (const SortPlace& place : run.places) bytes += sizeof place + place.key.size();
  }
  return bytes;
}

void KeyedForest::put_down(RunPlace& place) {
  if (memory_empty()) return;
  list_.add(written(*place.new_run()));
  clear_memory();
}

RunList KeyedForest::written(NewRun& run) const {
  RunList list;
  list.runs.push_back(write_memory(run, list.sample));
  return list;
}

RunList KeyedForest::all() const {
  RunList list = list_;
  if (!memory_empty()) {
    NewMemoryRun run;
    list.add(written(run));
  }
  return list;
}

}  // namespace kiln::detail
