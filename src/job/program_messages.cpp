#include "job/program_messages.hpp"

#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

enum class Has : std::uint8_t { nothing = 0, bytes = 1, counts = 2 };

Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Bytes encode(const Greeting& greeting) {
  ByteWriter out;
  out.put(greeting.seed);
  out.put(greeting.epoch);
  out.put_text(greeting.launch);
  out.put_text(greeting.directory);
  out.put_text(greeting.build);
  out.put_text(greeting.machine);
  out.put_text(greeting.runs);
  put_probes(greeting.probes, out);
  return out.take();
}

Greeting decode_greeting(ByteView bytes) {
  ByteReader in(bytes, "greeting");
  Greeting greeting;
  greeting.seed = in.get<std::uint64_t>();
  greeting.epoch = in.get<std::uint32_t>();
  greeting.launch = in.get_text();
  greeting.directory = in.get_text();
  greeting.build = in.get_text();
  greeting.machine = in.get_text();
  greeting.runs = in.get_text();
  greeting.probes = get_probes(in);
  in.expect_done();
  return greeting;
}

Bytes encode(const StageSetup& setup) {
  ByteWriter out;
  out.put_text(setup.described);
  out.put_bytes(setup.source);
  out.put(setup.verify_units);
  out.put(setup.done_before);
  return out.take();
}

StageSetup decode_stage_setup(ByteView bytes) {
  ByteReader in(bytes, "stage setup");
  StageSetup setup;
  setup.described = in.get_text();
  setup.source = copy_of(in.get_bytes());
  setup.verify_units = in.get<std::uint64_t>();
  setup.done_before = in.get<std::uint64_t>();
  in.expect_done();
  return setup;
}

// The first value, which may be large, stands in front, so that whoever gets the bytes need not copy it: then comes all
// else, and at the end where that begins.
Bytes encode_call_answer(const std::string& described, std::uint64_t done_before, const detail::StageResult& result) {
  ByteWriter out;
  std::size_t bytes = described.size() + 88;
  for (const auto& value : result.values) bytes += 9 + (value ? value->size() : 0);
  out.reserve(bytes);
  if (!result.values.empty() && result.values[0]) out.put_raw(result.values[0]->data(), result.values[0]->size());
  const std::uint64_t begin = out.size();
  out.put_text(described);
  out.put(done_before);
  for (const std::uint64_t count :
       {result.counts.units, result.counts.done, result.counts.failed, result.counts.rejected}) {
    out.put(count);
  }
  out.put(result.seconds);
  out.put(static_cast<std::uint8_t>(result.resumed));
  out.put(static_cast<std::uint64_t>(result.values.size()));
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const auto& value = result.values[i];
    const bool apart = i < result.forests.size() && result.forests[i] != nullptr;
    out.put(apart ? Has::counts : value ? Has::bytes : Has::nothing);
    out.put_bytes(value && i != 0 ? ByteView(*value) : ByteView());
  }
  out.put(begin);
  return out.take();
}

CallAnswer decode_call_answer(Bytes bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) throw Error(ExitCode::internal, "an answer to a call is cut");
  const ByteView all = bytes;
  const std::size_t end = all.size() - sizeof(std::uint64_t);
  const auto begin = ByteReader(all.subspan(end), "answer to a call").get<std::uint64_t>();
  if (begin > end) throw Error(ExitCode::internal, "an answer to a call begins behind its end");
  ByteReader in(all.subspan(begin, end - begin), "answer to a call");
  CallAnswer answer;
  answer.described = in.get_text();
  answer.done_before = in.get<std::uint64_t>();
  detail::StageResult& result = answer.result;
  result.counts.units = in.get<std::uint64_t>();
  result.counts.done = in.get<std::uint64_t>();
  result.counts.failed = in.get<std::uint64_t>();
  result.counts.rejected = in.get<std::uint64_t>();
  result.seconds = in.get<double>();
  result.resumed = in.get<std::uint8_t>() != 0;
  const std::uint64_t values = in.get_count(1 + sizeof(std::uint64_t));
  for (std::uint64_t i = 0; i < values; ++i) {
    const auto has = in.get<Has>();
    Bytes value = copy_of(in.get_bytes());
    result.values.push_back(has == Has::bytes ? std::optional(std::move(value)) : std::nullopt);
    if (has == Has::counts) answer.in_counts.push_back(static_cast<std::uint32_t>(i));
  }
  in.expect_done();
  if (values != 0 && result.values[0]) {
    bytes.resize(begin);
    result.values[0] = std::move(bytes);
  }
  return answer;
}

}  // namespace kiln::job
