#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/sink_state.hpp>
#include <kiln/kiln.hpp>
#include "exec/command_setup.hpp"
#include "flow/seen_files.hpp"
#include "flow/source_resolver.hpp"
#include "flow/stage_harvest.hpp"
#include "job/print_rows.hpp"
#include "job/program_messages.hpp"
#include "job/rank_join.hpp"
#include "job/stage_plan.hpp"
#include "target.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// What a rank of a program believes of another: greetings, setups and answers, partial results, what it gives to a
// join, what was found of a source; and rows that are to be printed.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

template <class Decode>
void read_again(ByteView bytes, Decode decode) {
  const Bytes once = job::encode(decode(bytes));
  fuzz::require(job::encode(decode(once)) == once, "a message means the same when it is read again");
}

void read_answer(ByteView bytes) {
  const auto encoded = [](const job::CallAnswer& answer) {
    return job::encode_call_answer(answer.described, answer.done_before, answer.result);
  };
  const job::CallAnswer answer = job::decode_call_answer(fuzz::bytes_of(bytes));
  for (const std::uint32_t sink : answer.in_counts) {
    fuzz::require(sink < answer.result.values.size() && !answer.result.values[sink], "what has counts has no value");
  }
  const Bytes once = encoded(answer);
  fuzz::require(encoded(job::decode_call_answer(once)) == once, "an answer means the same when it is read again");
}

/// A sink of each kind.
std::vector<detail::ReduceSink> sinks_of(std::uint8_t which) {
  std::vector<detail::ReduceSink> all;
  const auto add = [&](const auto& monoid, const char* name) {
    detail::ReduceSink sink;
    sink.name = name;
    sink.make_forest = [monoid] { return std::make_unique<detail::ForestOf<std::decay_t<decltype(monoid)>>>(monoid); };
    all.push_back(std::move(sink));
  };
  if ((which & 1U) != 0) add(Sum<double>{}, "sum");
  if ((which & 2U) != 0) add(Histogram(0.0, 1.0, 4), "histogram");
  if ((which & 4U) != 0) {
    detail::ReduceSink keyed;
    keyed.name = detail::kKeyedReduce;
    keyed.keyed = true;
    keyed.make_forest = [] { return std::make_unique<detail::SortedForest<std::string, std::monostate>>(); };
    all.push_back(std::move(keyed));
  }
  if ((which & 8U) != 0) add(QuantileSketch{}, "quantiles");
  return all;
}

void read_results(fuzz::Choices& input) {
  const auto sinks = sinks_of(input.next());
  flow::StageHarvest harvest(sinks), again(sinks), twice(sinks);
  harvest.admit(input.rest());
  const auto encoded = [](const flow::StageHarvest& one) {
    ByteWriter out;
    one.encode(out);
    return out.take();
  };
  const Bytes once = encoded(harvest);
  again.admit(once);
  fuzz::require(encoded(again) == once, "partial results mean the same when they are read again");
  twice.absorb(again);
  fuzz::require(encoded(twice) == once, "partial results are joined as they are");
  harvest.values();
}

/// What the others gave: the rank's own part of the collectives does nothing.
class Given final : public net::Collectives {
 public:
  bool is_root = false;
  std::vector<Bytes> gather;
  Bytes broadcast;

  const std::vector<Rank>& members() const override { return members_; }
  void begin_barrier() override {}
  void begin_gather(Bytes /*mine*/) override {}
  void begin_sum(std::uint64_t length, Give give, Take take) override {
    std::vector<std::uint64_t> counts(length);
    give(0, counts);
    if (is_root) take(0, counts);
  }
  void begin_spread(std::uint64_t length, Give give, Take take) override {
    std::vector<std::uint64_t> counts(length);
    is_root ? give(0, counts) : take(0, counts);
  }
  void begin_broadcast(Bytes /*value*/) override {}
  bool poll() override { return true; }
  std::vector<Bytes> gathered() override { return std::move(gather); }
  Bytes received() override { return std::move(broadcast); }
  void begin_group(const std::vector<Rank>&, Rank, std::uint64_t) override {}
  std::optional<bool> group_made() override { return true; }

 private:
  std::vector<Rank> members_{Rank(0), Rank(1)};
};

void join(fuzz::Choices& input) {
  const auto sinks = sinks_of(2U | input.next());
  const bool is_root = (input.next() & 1U) != 0;
  Given collectives;
  collectives.is_root = is_root;
  const protocol::Join what{input.next(), flow::count_length(sinks)};
  exec::HeldResults mine;
  if ((input.next() & 1U) != 0) mine.harvests.push_back(std::make_unique<flow::StageHarvest>(sinks));
  if (is_root) {
    const std::size_t first = input.next();
    collectives.gather.push_back(fuzz::bytes_of(input.take(first)));
    collectives.gather.push_back(fuzz::bytes_of(input.rest()));
  } else {
    collectives.broadcast = fuzz::bytes_of(input.rest());
  }
  job::RankJoin joined(collectives, what, std::move(mine));
  if (is_root) {
    joined.sum_into(std::make_unique<flow::StageHarvest>(sinks),
                    [](auto&, std::uint64_t, auto) { return std::nullopt; });
  }
  fuzz::require(joined.poll(), "nobody is waited for");
  if (is_root) joined.result();
}

detail::SourceSpec source_of(std::uint8_t what) {
  using Kind = detail::SourceSpec::Kind;
  detail::SourceSpec source;
  constexpr Kind kKinds[] = {Kind::lines, Kind::records, Kind::hdf5, Kind::merged};
  source.kind = kKinds[what % 4];
  source.record_size = 8;
  source.unit_size = 100;
  if (source.kind == Kind::merged) {
    for (const unsigned part : {what / 4 % 3U, what / 12 % 3U}) {
      source.parts.push_back(source_of(static_cast<std::uint8_t>(part)));
    }
  }
  return source;
}

void open_source(fuzz::Choices& input) {
  const detail::SourceSpec source = source_of(input.next());
  flow::SeenFiles().note(source, input.rest());
  flow::open_input(source, input.rest());
}

void print(ByteView bytes) {
  const Schema& schema = exec::command_schema();
  std::uint64_t before = 0, after = 0;
  job::for_each_output(bytes, schema, [&](const job::RowOutputs&) { ++before; });
  const Bytes without = job::without_outputs(bytes, schema);
  job::for_each_output(without, schema, [&](const job::RowOutputs& row) {
    ++after;
    fuzz::require(row.out.empty() && row.err.empty() && !row.out_cut && !row.err_cut, "outputs are left out");
  });
  fuzz::require(before == after, "rows stay when their outputs do not");
}

void read(std::uint8_t what, fuzz::Choices& input) {
  const ByteView bytes = input.rest();
  switch (what % 9) {
    case 0:
      return read_again(bytes, job::decode_greeting);
    case 1:
      return read_again(bytes, job::decode_stage_setup);
    case 2:
      return read_answer(bytes);
    case 3:
      return read_again(bytes, job::decode_setup_record);
    case 4:
      return read_again(bytes, job::decode_probes);
    case 5:
      return read_results(input);
    case 6:
      return join(input);
    case 7:
      return open_source(input);
    default:
      print(bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  const std::uint8_t what = input.next();
  try {
    read(what, input);
  } catch (const Error&) {
  }
  return 0;
}
