#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/keyed/run_place.hpp>

#include <algorithm>
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
  return run;
}

void sort_runs(std::vector<RunReference>& runs) {
  std::stable_sort(runs.begin(), runs.end(), [](const RunReference& left, const RunReference& right) {
    return std::tie(left.name, left.sum, left.length) < std::tie(right.name, right.sum, right.length);
  });
}

Bytes encode_runs(const std::vector<RunReference>& runs) {
  ByteWriter out;
  out.put<std::uint64_t>(runs.size());
  for (const RunReference& run : runs) run.encode(out);
  return out.take();
}

std::vector<RunReference> decode_runs(ByteView bytes) {
  ByteReader in(bytes, "a list of runs of keyed data");
  std::vector<RunReference> runs;
  const std::uint64_t count = in.get_count(4 * sizeof(std::uint64_t));
  runs.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) runs.push_back(RunReference::decode(in));
  in.expect_done();
  return runs;
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
