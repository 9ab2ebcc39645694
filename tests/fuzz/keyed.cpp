#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/keyed/sorted.hpp>
#include <kiln/monoids.hpp>
#include "flow/shard_input.hpp"
#include "shuffle/run_folder.hpp"
#include "target.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Keyed data: lists of runs as they come in segments, files of runs, and the entries in them.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

constexpr std::uint64_t kShards = 3;

/// A file of runs that has no disk: its folder is that of the open descriptors.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("run", MFD_CLOEXEC)) { fuzz::require(file_.is_open(), "there are descriptors"); }
  int fd() const { return file_.fd(); }
  std::string name() const { return std::to_string(file_.fd()); }
  static std::filesystem::path folder() { return "/proc/self/fd"; }
  void write(ByteView bytes) const { shuffle::write_all(file_.fd(), bytes, name(), ::write); }

 private:
  shuffle::File file_;
};

using Block = std::pair<std::uint32_t, std::string>;

std::vector<Block> read_file(const MemoryFile& file, detail::RunReference run) {
  run.name = file.name();
  shuffle::RunFolder folder({MemoryFile::folder(), "none", {}});
  std::vector<Block> blocks;
  for (const detail::RunPiece& piece : run.pieces) {
    const auto reader = folder.open(run, piece);
    for (std::string_view block; reader->next(block);) blocks.emplace_back(piece.shard, block);
  }
  return blocks;
}

/// Blocks with the frames that they ought to have.
detail::RunReference write_file(fuzz::Choices& input, const MemoryFile& file, std::vector<Block>& blocks) {
  file.write(as_bytes(std::string_view("KILNRUN\n\1\0\0\0\0\0\0\0", 16)));
  detail::PieceList pieces;
  std::uint64_t at = 16;
  std::uint32_t shard = 0, in_shard = 0;
  for (std::uint8_t left = input.next() % 6; left != 0; --left) {
    const std::uint8_t how = input.next();
    if (const std::uint32_t next = shard + how / 64; next != std::exchange(shard, next)) in_shard = 0;
    blocks.emplace_back(shard, fuzz::text_of(input.take(how % 64)));
    const ByteView block = as_bytes(blocks.back().second);
    shuffle::write_block(file.fd(), shuffle::frame_of(shuffle::block_number(shard, in_shard++), block), block,
                         file.name(), ::write);
    const std::uint64_t size = sizeof(shuffle::Frame) + block.size();
    pieces.add(shard, at, size, 1);
    at += size;
  }
  detail::RunReference run;
  run.pieces = pieces.take();
  run.length = at;
  return run;
}

void damage(fuzz::Choices& input, const MemoryFile& file, std::uint64_t length) {
  const std::uint64_t at = (input.next() + 256U * input.next()) % length;
  const std::uint8_t how = input.next();
  if (how == 0) {
    fuzz::require(::ftruncate(file.fd(), static_cast<off_t>(at)) == 0, "a file can be cut");
  } else {
    char byte = 0;
    fuzz::require(::pread(file.fd(), &byte, 1, static_cast<off_t>(at)) == 1, "a file is read");
    byte = static_cast<char>(byte ^ how);
    fuzz::require(::pwrite(file.fd(), &byte, 1, static_cast<off_t>(at)) == 1, "a file is written");
  }
}

/// What is read of a damaged file is what was written, or it is refused.
void read_damaged(fuzz::Choices& input) {
  const MemoryFile file;
  std::vector<Block> blocks;
  const detail::RunReference run = write_file(input, file, blocks);
  fuzz::require(read_file(file, run) == blocks, "a file says what was written");
  damage(input, file, run.length);
  fuzz::require(read_file(file, run) == blocks, "damage is seen");
}

/// A file of any bytes, under a reference of any bytes.
void read_any_file(fuzz::Choices& input) {
  const MemoryFile file;
  file.write(input.take(input.next() * std::size_t{4}));
  for (const detail::RunReference& run : detail::decode_runs(input.rest()).runs) {
    shuffle::run_fault(MemoryFile::folder() / file.name(), run);
    read_file(file, run);
  }
}

void read_list(ByteView bytes) {
  const Bytes once = detail::encode_runs(detail::decode_runs(bytes));
  fuzz::require(detail::encode_runs(detail::decode_runs(once)) == once, "a list means the same when it is read again");
}

void read_forest(ByteView bytes) {
  detail::SortedForest<std::string, std::monostate> forest, again;
  ByteReader in(bytes, "a forest");
  forest.admit(in);
  ByteWriter once, twice;
  forest.encode(once);
  ByteReader written(once.view(), "a forest");
  again.admit(written);
  again.encode(twice);
  fuzz::require(std::ranges::equal(once.view(), twice.view()), "a forest means the same when it is read again");
  fuzz::require(forest.units() == again.units() && forest.bytes() == again.bytes(), "a forest keeps its units");
}

/// A list of runs in memory with blocks of any bytes.
Bytes list_of(fuzz::Choices& input) {
  detail::RunList list;
  for (std::uint8_t runs = 1 + input.next() % 3; runs != 0; --runs) {
    detail::NewMemoryRun run;
    const std::uint8_t shards = input.next();
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      if ((shards >> shard & 1U) != 0) run.write(shard, as_text(input.take(input.next())), input.next());
    }
    list.runs.push_back(run.finish());
    std::string key;
    for (std::size_t i = 0; i < list.runs.back().pieces.size(); ++i) {
      list.runs.back().places.push_back({key, 0});
      key += static_cast<char>(input.next());
    }
  }
  for (std::uint8_t keys = input.next() % 4; keys != 0; --keys) {
    const std::uint64_t lot = input.next();
    list.sample.add(lot, as_text(input.take(input.next() % 8)), input.next());
  }
  return detail::encode_runs(list);
}

template <class Source>
void read_all(const Source& source, const std::shared_ptr<const Bytes>& list) {
  detail::SourceSpec spec;
  spec.kind = detail::SourceSpec::Kind::shards;
  spec.units = kShards;
  spec.runs = {list, list};
  flow::resolve_shards(spec);
  flow::ShardInput input(spec, nullptr);
  detail::StageHost host;
  host.input = &input;
  for (std::uint64_t unit = 0; unit <= kShards; ++unit) {
    try {
      source.each(UnitId(unit), host, [](auto&& item, const detail::RecordPlace&) {
        if constexpr (requires { item.begin(); }) {
          for ([[maybe_unused]] auto&& one : item) {
          }
        }
      });
    } catch (const std::exception&) {  // the unit fails // NOLINT(bugprone-empty-catch)
    }
  }
}

void read_entries(std::uint8_t what, fuzz::Choices& input) {
  const bool as_it_comes = (what & 1U) != 0;
  const auto list = std::make_shared<const Bytes>(as_it_comes ? fuzz::bytes_of(input.rest()) : list_of(input));
  using Odd = std::pair<std::string, std::vector<std::uint16_t>>;
  using Tags = std::map<std::string, std::int32_t>;
  using Text = detail::SortParts<std::string, std::identity>::Format;
  using Number = detail::SortParts<double, std::identity>::Format;
  constexpr std::uint64_t kAll = UINT64_MAX;
  switch (what / 2 % 7) {
    case 0:
      return read_all(detail::ReducedSource<std::string, Sum<std::int64_t>>{}, list);
    case 1:
      return read_all(detail::ReducedSource<std::uint32_t, Sum<double>>{}, list);
    case 2:
      return read_all(detail::ReducedSource<Odd, Mean>{}, list);
    case 3:
      return read_all(detail::GroupedSource<std::pair<double, bool>, Tags>{}, list);
    case 4:
      return read_all(detail::PairedSource<std::string, std::string, std::optional<std::int64_t>>{}, list);
    case 5:
      return read_all(detail::SortedSource<Text, std::string>{kAll}, list);
    default:
      return read_all(detail::RangesSource<detail::SortedSource<Number, double>>{{kAll}}, list);
  }
}

void read(std::uint8_t what, fuzz::Choices& input) {
  switch (what) {
    case 0:
      return read_list(input.rest());
    case 1:
      return read_forest(input.rest());
    case 2:
      return read_damaged(input);
    case 3:
      return read_any_file(input);
    default:
      return read_entries(what - 4, input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  const std::uint8_t what = input.next() % 18;
  try {
    read(what, input);
  } catch (const Error&) {
  }
  return 0;
}
