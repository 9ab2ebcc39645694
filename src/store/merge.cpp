#include "store/merge.hpp"

#include "store/file_ops.hpp"
#include "store/ledger_state.hpp"
#include "store/merge_parts.hpp"
#include "store/segment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace kiln::store {
namespace {

/// Commits of one stage and round; precedence is theirs alone.
struct RoundKey {
  StageId stage;
  std::uint32_t round = 0;
  friend auto operator<=>(const RoundKey&, const RoundKey&) = default;
};

/// What of an entry counts one by one. The rest counts all or none, and that may hang on entries that are not merged.
Entry plain_part(const Entry& entry) {
  const auto* commit = std::get_if<CommitEntry>(&entry.body);
  if (commit == nullptr) return entry;
  CommitEntry plain;
  plain.done = plain_units(*commit);
  plain.dead = commit->dead;
  return {entry.number, entry.epoch, entry.stage, entry.round, std::move(plain)};
}

class Merger {
 public:
  explicit Merger(const MergeInput& input) : input_(input), budget_(input.fold_budget) {}

  MergeOutput run() {
    Merged merged{input_.first, input_.last, Epoch(), {}, {}};
    for (const EntryFile& file : input_.files) {
      merged.epoch = std::max(merged.epoch, file.header().epoch);
      each_entry(file, merged, false, [&](Entry& entry, std::size_t) { builder(entry).add(plain_part(entry)); });
    }
    for (const auto& [key, round_builder] : builders_) {
      states_.emplace(key, round_builder.state());
      resolvers_.emplace(key, RowResolver(key.stage, states_.at(key)));
    }
    for (const EntryFile& file : input_.files) {
      Merged ignored;
      each_entry(file, ignored, true, [&](Entry& entry, std::size_t part) { take(file, part, entry); });
    }
    carry_given(merged);
    return {encode(std::move(merged)), {unnamed_.begin(), unnamed_.end()}};
  }

 private:
  LedgerBuilder& builder(const Entry& entry) {
    note_round(entry.stage, entry.round);
    return builders_.try_emplace(RoundKey{entry.stage, entry.round}, entry.stage).first->second;
  }

  void note_round(StageId stage, std::uint32_t round) { top_[stage] = std::max(top_[stage], round); }

  /// Calls back with commits and reopenings; what is carried goes to `merged`.
  template <class Call>
  void each_entry(const EntryFile& file, Merged& merged, bool rows, const Call& call) {
    if (file.header().type == EntryType::merged) {
      Merged inner = file.merged(rows);
      for (std::size_t part = 0; part < inner.parts.size(); ++part) call(inner.parts[part], part);
      for (Carried& carried : inner.carried) carry(std::move(carried), file, merged, call);
      return;
    }
    const EntryType type = file.header().type;
    if (type == EntryType::compaction || type == EntryType::voided) return;
    if (type == EntryType::commit) {
      Entry entry = file.entry(rows);
      call(entry, 0);
    } else {
      carry({file.header().number, read_file(file.path())}, file, merged, call);
    }
  }

  template <class Call>
  void carry(Carried carried, const EntryFile& file, Merged& merged, const Call& call) {
    const EntryHeader header = read_header(carried.file);
    if (header.type == EntryType::plan || header.type == EntryType::stage_end) note_round(header.stage, header.round);
    const bool given = header.type == EntryType::given;
    if (given || header.type == EntryType::reopen) {
      Entry entry = EntryFile(carried.file, file.path()).entry();
      call(entry, 0);
      if (given) return note_given(entry);
    }
    merged.carried.push_back(std::move(carried));
  }

  void note_given(const Entry& entry) {
    Given& given = given_[RoundKey{entry.stage, entry.round}][entry.epoch];
    given.last = std::max(given.last, entry.number);
    given.units.insert(std::get<GivenEntry>(entry.body).units);
  }

  /// What an epoch gave in the range and still stands becomes one entry, at the number of its last.
  void carry_given(Merged& merged) const {
    for (const auto& [key, epochs] : given_) {
      const schedule::IntervalSet& standing = states_.at(key).given;
      for (const auto& [epoch, given] : epochs) {
        schedule::IntervalSet units;
        for (const Interval interval : given.units.intervals()) units.insert(standing.intersection(interval));
        if (units.empty()) continue;
        merged.carried.push_back(
            {given.last, encode_entry({given.last, epoch, key.stage, key.round, GivenEntry{units}}, {})});
      }
    }
    std::ranges::sort(merged.carried, {}, &Carried::number);
  }

  void take(const EntryFile& file, std::size_t part, Entry& entry) {
    auto* commit = std::get_if<CommitEntry>(&entry.body);
    if (commit == nullptr) return;
    const RoundKey key{entry.stage, entry.round};
    MergeParts& into = parts_[key];
    into.add_batches(commit->batches);
    if (entry.round < top_.at(entry.stage)) {
      for (const SegmentFile& segment : commit->segments) unnamed_.insert(segment.file);
      return;
    }
    const LedgerState& state = states_.at(key);
    MergePiece piece;
    piece.plain = resolvers_.at(key).take(plain_part(entry));
    for (CommitEntry::Dead& dead : commit->dead) {
      const bool stands = piece.plain.contains(dead.letter.unit) && !state.done.contains(dead.letter.unit);
      if (stands) piece.dead.push_back(std::move(dead));
    }
    piece.wholes = wholes_of(*commit, commit->partials.size());
    piece.partials = std::move(commit->partials);
    piece.schema = commit->rows.size() > 0 ? file.schema(part) : Schema();
    piece.rows = std::move(commit->rows);
    piece.more = std::move(commit->more);
    std::vector<MergePiece> folded;
    for (SegmentFile& segment : commit->segments) take_segment(std::move(segment), piece, folded);
    into.add(std::move(piece));
    for (MergePiece& one : folded) into.add(std::move(one));
  }

  void take_segment(SegmentFile segment, MergePiece& piece, std::vector<MergePiece>& folded) {
    if (!named_.insert(segment.file).second) return;  // an entry that was appended twice
    if (input_.lost.contains(segment.file)) {
      unnamed_.insert(segment.file);
      return;
    }
    std::optional<MergePiece> content;
    const std::uint64_t bytes = segment_content(input_.run_directory, segment);
    if (bytes < input_.fold_below && bytes <= budget_) content = read(segment);
    if (!content) {
      piece.segments.push_back(std::move(segment));
      return;
    }
    budget_ -= bytes;
    unnamed_.insert(segment.file);
    folded.push_back(*std::move(content));
  }

  /// Nothing where it cannot be read: the next start reports it.
  std::optional<MergePiece> read(const SegmentFile& segment) const {
    try {
      const EntryFile file = open_segment(input_.run_directory, segment);
      Entry entry = file.entry(true);
      auto& commit = std::get<CommitEntry>(entry.body);
      MergePiece piece;
      piece.wholes.push_back({segment.units, commit.partials.size()});
      piece.partials = std::move(commit.partials);
      piece.schema = commit.rows.size() > 0 ? file.schema() : Schema();
      piece.rows = std::move(commit.rows);
      piece.more = std::move(commit.more);
      return piece;
    } catch (const Damage&) {
      return std::nullopt;
    } catch (const StorageError& error) {
      if (error.error_number() != ENOENT) throw;
      return std::nullopt;
    }
  }

  Bytes encode(Merged merged) {
    std::vector<Schema> schemas;
    for (auto& [key, parts] : parts_) {
      for (MergeParts::Finished& part : parts.finish()) {
        schemas.push_back(std::move(part.schema));
        merged.parts.push_back({merged.first, merged.epoch, key.stage, key.round, std::move(part.commit)});
      }
    }
    return encode_merged(merged, schemas);
  }

  const MergeInput& input_;
  std::map<StageId, std::uint32_t> top_;  // the highest round known of each stage
  std::map<RoundKey, LedgerBuilder> builders_;
  std::map<RoundKey, LedgerState> states_;  // stable: the resolvers borrow them
  std::map<RoundKey, RowResolver> resolvers_;
  std::map<RoundKey, MergeParts> parts_;
  struct Given {
    EntryNumber last;
    schedule::IntervalSet units;
  };
  std::map<RoundKey, std::map<Epoch, Given>> given_;
  std::set<std::string> named_, unnamed_;
  std::uint64_t budget_;
};

}  // namespace

MergeOutput merge_files(const MergeInput& input) { return Merger(input).run(); }

}  // namespace kiln::store
