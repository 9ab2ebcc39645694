#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/keyed/run_place.hpp>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace kiln::detail {
namespace {

constexpr std::size_t kPieceBytes = sizeof(std::uint32_t) + 3 * sizeof(std::uint64_t);

class MemoryPiece final : public RunReader {
 public:
  MemoryPiece(std::shared_ptr<const std::string> data, const RunPiece& piece)
      : data_(std::move(data)), rest_(std::string_view(*data_).substr(piece.offset, piece.length)) {}
  bool next(std::string_view& block) override {
    block = std::exchange(rest_, {});
    return !block.empty();
  }

 private:
  std::shared_ptr<const std::string> data_;
  std::string_view rest_;
};

}  // namespace

void RunReference::encode(ByteWriter& out) const {
  out.put_text(name);
  out.put(length);
  out.put(sum);
  out.put<std::uint64_t>(pieces.size());
  for (const RunPiece& piece : pieces) {
    out.put(piece.shard);
    out.put(piece.offset);
    out.put(piece.length);
    out.put(piece.entries);
  }
  if (name.empty()) out.put_text(*data);
  out.put<std::uint64_t>(places.size());
  for (const SortPlace& place : places) place.encode(out);
}

RunReference RunReference::decode(ByteReader& in) {
  RunReference run;
  run.name = in.get_text();
  if (run.name.find('/') != std::string::npos || run.name.starts_with('.')) {
    throw_damaged_forest("a run of keyed data has no good name");
  }
  run.length = in.get<std::uint64_t>();
  run.sum = in.get<std::uint64_t>();
  const std::uint64_t count = in.get_count(kPieceBytes);
  run.pieces.reserve(count);
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    RunPiece piece;
    piece.shard = in.get<std::uint32_t>();
    piece.offset = in.get<std::uint64_t>();
    piece.length = in.get<std::uint64_t>();
    piece.entries = in.get<std::uint64_t>();
    if (piece.offset < end || piece.offset > run.length || piece.length > run.length - piece.offset ||
        (i != 0 && piece.shard <= run.pieces.back().shard)) {
      throw_damaged_forest("a run of keyed data has pieces out of order");
    }
    end = piece.offset + piece.length;
    run.pieces.push_back(piece);
  }
  if (run.name.empty()) {
    run.data = std::make_shared<const std::string>(in.get_text());
    if (run.data->size() != run.length) throw_damaged_forest("a run of keyed data has not its length");
  }
  run.decode_places(in);
  return run;
}

void RunReference::decode_places(ByteReader& in) {
  const std::uint64_t count = in.get_count(2 * sizeof(std::uint64_t));
  if (count != 0 && count != pieces.size()) throw_damaged_forest("a sorted run has not a place for each piece");
  places.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    places.push_back(SortPlace::decode(in));
    if (i != 0 && places[i] <= places[i - 1]) throw_damaged_forest("a sorted run has places out of order");
  }
}

void RunList::encode(ByteWriter& out) const {
  std::vector<const RunReference*> sorted;
  sorted.reserve(runs.size());
  for (const RunReference& run : runs) sorted.push_back(&run);
  std::stable_sort(sorted.begin(), sorted.end(), [](const RunReference* left, const RunReference* right) {
    return std::tie(left->name, left->sum, left->length) < std::tie(right->name, right->sum, right->length);
  });
  out.put<std::uint64_t>(sorted.size());
  for (const RunReference* run : sorted) run->encode(out);
  sample.encode(out);
}

void RunList::admit(ByteReader& in) {
  const std::uint64_t count = in.get_count(5 * sizeof(std::uint64_t));
  runs.reserve(runs.size() + count);
  for (std::uint64_t i = 0; i < count; ++i) runs.push_back(RunReference::decode(in));
  sample.add(KeySample::decode(in));
}

void RunList::add(RunList&& other) {
  std::move(other.runs.begin(), other.runs.end(), std::back_inserter(runs));
  sample.add(other.sample);
  other = RunList();
}

Bytes encode_runs(const RunList& list) {
  ByteWriter out;
  list.encode(out);
  return out.take();
}

RunList decode_runs(ByteView bytes) {
  ByteReader in(bytes, "a list of runs of keyed data");
  RunList list;
  list.admit(in);
  in.expect_done();
  return list;
}

RunReference NewMemoryRun::finish() {
  RunReference run;
  run.length = data_.size();
  run.sum = checksum(as_bytes(data_));
  run.pieces = pieces_.take();
  run.data = std::make_shared<const std::string>(std::move(data_));
  return run;
}

std::unique_ptr<RunReader> read_memory(const RunReference& run, const RunPiece& piece) {
  return std::make_unique<MemoryPiece>(run.data, piece);
}

}  // namespace kiln::detail
