#include "store/entry_codec.hpp"

#include "store/entry_columns.hpp"
#include "store/rows_codec.hpp"
#include "store/stage_codec.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <utility>

namespace kiln::store {
namespace {

using Numbers = std::vector<std::uint64_t>;

// ---- One pair of functions a kind of entry

void write(const h5::Handle& group, const EpochEntry& body) {
  h5::write_attribute(group, "launch_id", body.launch_id);
  h5::write_attribute(group, "host", body.host);
  h5::write_attribute(group, "pid", body.pid);
  h5::write_attribute(group, "started", body.started);
}

EpochEntry read_epoch(const h5::Handle& group) {
  return {h5::read_text_attribute(group, "launch_id"), h5::read_text_attribute(group, "host"),
          h5::read_attribute<std::int32_t>(group, "pid"), h5::read_attribute<double>(group, "started")};
}

void write(const h5::Handle& group, const SourceEntry& body) {
  h5::write_attribute(group, "version", body.version);
  h5::write_attribute(group, "fingerprint", body.fingerprint);
  h5::write_attribute(group, "units", body.units);
  Numbers hashes;
  hashes.reserve(body.hashes.size() * 2);
  for (const UnitHash& hash : body.hashes) {
    hashes.push_back(hash.high);
    hashes.push_back(hash.low);
  }
  h5::write_table<std::uint64_t>(group, "hashes", hashes, 2);
  h5::write_values(group, "lines", body.lines);
}

SourceEntry read_source(const h5::Handle& group, std::uint64_t limit) {
  SourceEntry body;
  body.version = h5::read_attribute<std::uint32_t>(group, "version");
  body.fingerprint = h5::read_attribute<std::uint64_t>(group, "fingerprint");
  body.units = h5::read_attribute<std::uint64_t>(group, "units");
  const auto hashes = h5::read_values<std::uint64_t>(group, "hashes", limit);
  for (std::size_t i = 0; i + 1 < hashes.size(); i += 2) body.hashes.push_back({hashes[i], hashes[i + 1]});
  body.lines = h5::read_values<std::int64_t>(group, "lines", limit);
  if (body.hashes.size() > body.units) throw_damaged_entry("a source has more hashes than units");
  if (!body.lines.empty() && body.lines.size() != body.units)
    throw_damaged_entry("a source's lines are not those of its units");
  return body;
}

void write_dead(const h5::Handle& group, const std::vector<CommitEntry::Dead>& dead) {
  using Dead = CommitEntry::Dead;
  write_column<std::uint64_t>(group, "unit", dead, [](const Dead& d) { return d.letter.unit.value(); });
  write_column<std::uint32_t>(group, "attempts", dead, [](const Dead& d) { return d.letter.attempts; });
  write_column<std::uint64_t>(group, "number", dead, [](const Dead& d) { return d.number.value(); });
  TextWriter reasons;
  for (const Dead& d : dead) reasons.add(d.letter.reason);
  reasons.write(group, "reason");
}

std::vector<CommitEntry::Dead> read_dead(const h5::Handle& group, std::uint64_t limit) {
  const auto unit = h5::read_values<std::uint64_t>(group, "unit", limit);
  const auto attempts = h5::read_values<std::uint32_t>(group, "attempts", limit);
  const auto number = h5::read_values<std::uint64_t>(group, "number", limit);
  auto reason = read_texts(group, "reason", limit);
  expect_same_size(unit, attempts, number, reason);
  std::vector<CommitEntry::Dead> dead;
  dead.reserve(unit.size());
  for (std::size_t i = 0; i < unit.size(); ++i) {
    dead.push_back({{UnitId(unit[i]), attempts[i], std::move(reason[i])}, EntryNumber(number[i])});
  }
  return dead;
}

void write_batches(const h5::Handle& group, const std::vector<protocol::BatchRecord>& batches) {
  using Record = protocol::BatchRecord;
  write_column<std::uint64_t>(group, "batch", batches, [](const Record& r) { return r.batch.value(); });
  write_column<std::int32_t>(group, "rank", batches, [](const Record& r) { return r.rank.value(); });
  write_column<std::uint64_t>(group, "first", batches, [](const Record& r) { return r.units.first.value(); });
  write_column<std::uint64_t>(group, "last", batches, [](const Record& r) { return r.units.last.value(); });
  write_column<std::uint64_t>(group, "count", batches, [](const Record& r) { return r.count; });
  write_column<double>(group, "start", batches, [](const Record& r) { return r.start; });
  write_column<double>(group, "busy_seconds", batches, [](const Record& r) { return r.busy_seconds; });
  write_column<std::uint64_t>(group, "records", batches, [](const Record& r) { return r.records; });
}

std::vector<protocol::BatchRecord> read_batches(const h5::Handle& group, std::uint64_t limit) {
  const auto batch = h5::read_values<std::uint64_t>(group, "batch", limit);
  const auto rank = h5::read_values<std::int32_t>(group, "rank", limit);
  const auto first = h5::read_values<std::uint64_t>(group, "first", limit);
  const auto last = h5::read_values<std::uint64_t>(group, "last", limit);
  const auto count = h5::read_values<std::uint64_t>(group, "count", limit);
  const auto start = h5::read_values<double>(group, "start", limit);
  const auto busy = h5::read_values<double>(group, "busy_seconds", limit);
  std::vector<std::uint64_t> records(batch.size());  // of entries that are older
  if (h5::exists(group, "records")) records = h5::read_values<std::uint64_t>(group, "records", limit);
  expect_same_size(batch, rank, first, last, count, start, busy, records);
  std::vector<protocol::BatchRecord> batches;
  batches.reserve(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batches.push_back(
        {BatchId(batch[i]), Rank(rank[i]), make_interval(first[i], last[i]), count[i], start[i], busy[i], records[i]});
  }
  return batches;
}

void write(const h5::Handle& group, const CommitEntry& body, const Schema& schema, bool packed = false) {
  const h5::Handle ledger = h5::create_group(group, "ledger");
  write_intervals(ledger, "done", body.done);
  if (!body.dead.empty()) write_dead(h5::create_group(ledger, "dead"), body.dead);
  if (!body.batches.empty()) write_batches(h5::create_group(group, "batches"), body.batches);
  if (body.rows.size() > 0) write_rows(group, body.rows, schema, packed);
  write_program_parts(group, body, packed);
}

CommitEntry read_commit(const h5::Handle& group, bool rows, std::uint64_t limit) {
  CommitEntry body;
  body.done = read_intervals(group, "ledger/done", limit);
  if (h5::exists(group, "ledger/dead")) body.dead = read_dead(h5::open_group(group, "ledger/dead"), limit);
  if (h5::exists(group, "batches")) body.batches = read_batches(h5::open_group(group, "batches"), limit);
  if (rows && h5::exists(group, "rows")) {
    const RowsGroup reader(h5::open_group(group, "rows"), limit);
    body.rows = reader.read(0, reader.size());
  }
  read_program_parts(group, rows, limit, body);
  return body;
}

void write(const h5::Handle& group, const CompactionEntry& body) {
  using Merged = CompactionEntry::Merged;
  const auto& merged = body.merged;
  write_column<std::uint64_t>(group, "merged/first", merged, [](const Merged& m) { return m.first.value(); });
  write_column<std::uint64_t>(group, "merged/last", merged, [](const Merged& m) { return m.last.value(); });
  write_column<std::uint32_t>(group, "merged/level", merged, [](const Merged& m) { return m.level; });
  write_column<std::uint64_t>(group, "merged/length", merged, [](const Merged& m) { return m.length; });
  write_column<std::uint64_t>(group, "merged/checksum", merged, [](const Merged& m) { return m.checksum; });
  TextWriter files;
  for (const Merged& m : merged) files.add(m.file);
  files.write(group, "merged/file");
}

CompactionEntry read_compaction(const h5::Handle& group, std::uint64_t limit) {
  const auto first = h5::read_values<std::uint64_t>(group, "merged/first", limit);
  const auto last = h5::read_values<std::uint64_t>(group, "merged/last", limit);
  const auto level = h5::read_values<std::uint32_t>(group, "merged/level", limit);
  const auto length = h5::read_values<std::uint64_t>(group, "merged/length", limit);
  const auto sums = h5::read_values<std::uint64_t>(group, "merged/checksum", limit);
  auto file = read_texts(group, "merged/file", limit);
  expect_same_size(first, last, level, length, sums, file);
  CompactionEntry body;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] > last[i] || (i > 0 && first[i] <= last[i - 1])) throw_damaged_entry("merged ranges overlap");
    if (file[i].find('/') != std::string::npos) throw_damaged_entry("a merged file's name is none");
    body.merged.push_back(
        {EntryNumber(first[i]), EntryNumber(last[i]), level[i], std::move(file[i]), length[i], sums[i]});
  }
  return body;
}

void write(const h5::Handle& group, const VoidEntry& body) {
  h5::write_attribute(group, "voided", body.number.value());
  h5::write_attribute(group, "reason", body.reason);
}

VoidEntry read_void(const h5::Handle& group) {
  return {EntryNumber(h5::read_attribute<std::uint64_t>(group, "voided")), h5::read_text_attribute(group, "reason")};
}

void write(const h5::Handle& group, const EndEntry& body) {
  h5::write_attribute(group, "launch_id", body.launch_id);
  h5::write_attribute(group, "outcome", static_cast<std::uint8_t>(body.outcome));
  h5::write_attribute(group, "exit_code", body.exit_code);
  h5::write_attribute(group, "ended", body.ended);
}

EndEntry read_end(const h5::Handle& group) {
  return {h5::read_text_attribute(group, "launch_id"),
          static_cast<protocol::Outcome>(h5::read_attribute<std::uint8_t>(group, "outcome")),
          h5::read_attribute<std::int32_t>(group, "exit_code"), h5::read_attribute<double>(group, "ended")};
}

}  // namespace

EntryType type_of(const EntryBody& body) {
  constexpr EntryType kTypes[] = {EntryType::epoch,      EntryType::source, EntryType::commit, EntryType::reopen,
                                  EntryType::compaction, EntryType::voided, EntryType::end,    EntryType::plan,
                                  EntryType::stage_end,  EntryType::root,   EntryType::given};
  static_assert(std::size(kTypes) == std::variant_size_v<EntryBody>);
  return kTypes[body.index()];
}

std::uint32_t format_of(const EntryBody& body) {
  if (const auto* commit = std::get_if<CommitEntry>(&body)) {
    const bool plain = commit->more.empty() && !commit->has_partials && commit->partials.empty() &&
                       commit->segments.empty() && commit->wholes.empty();
    return plain ? 1 : 2;
  }
  const EntryType type = type_of(body);
  if (type == EntryType::given) return 3;
  return type == EntryType::plan || type == EntryType::stage_end || type == EntryType::root ? 2 : 1;
}

void write_body(const h5::Handle& group, const EntryBody& body, const Schema& schema) {
  if (const auto* commit = std::get_if<CommitEntry>(&body)) return write(group, *commit, schema);
  if (const auto* reopen = std::get_if<ReopenEntry>(&body))
    return write_intervals(group, "ledger/reopened", reopen->units);
  if (const auto* given = std::get_if<GivenEntry>(&body)) return write_intervals(group, "ledger/given", given->units);
  if (const auto* epoch = std::get_if<EpochEntry>(&body)) return write(group, *epoch);
  if (const auto* source = std::get_if<SourceEntry>(&body)) return write(group, *source);
  if (const auto* compaction = std::get_if<CompactionEntry>(&body)) return write(group, *compaction);
  if (const auto* voided = std::get_if<VoidEntry>(&body)) return write(group, *voided);
  if (const auto* plan = std::get_if<PlanEntry>(&body)) return write_plan(group, *plan);
  if (const auto* end = std::get_if<StageEndEntry>(&body)) return write_stage_end(group, *end);
  if (const auto* root = std::get_if<RootEntry>(&body)) return write_root(group, *root);
  write(group, std::get<EndEntry>(body));
}

void write_segment_body(const h5::Handle& group, const CommitEntry& body, const Schema& schema) {
  write(group, body, schema, true);
}

EntryBody read_body(const h5::Handle& group, EntryType type, bool rows, std::uint64_t limit) {
  switch (type) {
    case EntryType::epoch:
      return read_epoch(group);
    case EntryType::source:
      return read_source(group, limit);
    case EntryType::commit:
      return read_commit(group, rows, limit);
    case EntryType::reopen:
      return ReopenEntry{read_intervals(group, "ledger/reopened", limit)};
    case EntryType::compaction:
      return read_compaction(group, limit);
    case EntryType::voided:
      return read_void(group);
    case EntryType::end:
      return read_end(group);
    case EntryType::plan:
      return read_plan(group, limit);
    case EntryType::stage_end:
    case EntryType::so_far:
      return read_stage_end(group, limit);
    case EntryType::root:
      return read_root(group, limit);
    case EntryType::given:
      return GivenEntry{read_intervals(group, "ledger/given", limit)};
    case EntryType::segment:
      return read_commit(group, rows, limit);
    case EntryType::merged:
    case EntryType::tombstone:
      break;
  }
  throw_damaged_entry(fmt::format("type {} is not known", static_cast<std::uint32_t>(type)));
}

}  // namespace kiln::store
