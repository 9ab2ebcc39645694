#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/keyed/keyed_forest.hpp>

#include <iterator>
#include <utility>

namespace kiln::detail {
namespace {

constexpr std::size_t kIntervalBytes = 2 * sizeof(std::uint64_t) + 4 * sizeof(void*);

}  // namespace

void KeyedForest::absorb(Forest& other) {
  auto& from = same_forest<KeyedForest>(other);
  units_.add(from.units_);
  from.units_.clear();
  std::move(from.runs_.begin(), from.runs_.end(), std::back_inserter(runs_));
  from.runs_.clear();
  absorb_memory(from);
}

void KeyedForest::admit(ByteReader& in) {
  expect_kind(in, ForestKind::keyed);
  units_.add(UnitSet::decode(in));
  const std::uint64_t count = in.get_count(4 * sizeof(std::uint64_t));
  for (std::uint64_t i = 0; i < count; ++i) runs_.push_back(RunReference::decode(in));
}

void KeyedForest::encode(ByteWriter& out) const {
  out.put(ForestKind::keyed);
  units_.encode(out);
  const Bytes runs = encode_runs(all_runs());
  out.put_raw(runs.data(), runs.size());
}

std::size_t KeyedForest::bytes() const {
  std::size_t bytes = units_.size() * kIntervalBytes + memory_bytes();
  for (const RunReference& run : runs_) {
    bytes += sizeof run + run.name.size() + run.pieces.size() * sizeof(RunPiece) + (run.data ? run.data->size() : 0);
  }
  return bytes;
}

void KeyedForest::put_down(RunPlace& place) {
  if (memory_empty()) return;
  const std::unique_ptr<NewRun> run = place.new_run();
  write_memory(*run);
  runs_.push_back(run->finish());
  clear_memory();
}

std::vector<RunReference> KeyedForest::all_runs() const {
  std::vector<RunReference> runs = runs_;
  if (!memory_empty()) {
    NewMemoryRun run;
    write_memory(run);
    runs.push_back(run.finish());
  }
  sort_runs(runs);
  return runs;
}

}  // namespace kiln::detail
