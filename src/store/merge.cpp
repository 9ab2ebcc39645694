#include "store/merge.hpp"

#include "store/file_ops.hpp"
#include "store/ledger_state.hpp"
#include "store/rows_codec.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace kiln::store {
namespace {

/// Commits of one stage and round; precedence is theirs alone.
struct RoundKey {
  StageId stage;
  std::uint32_t round = 0;
  friend auto operator<=>(const RoundKey&, const RoundKey&) = default;
};

/// The rows that count, from several tables, as one table sorted by unit.
class RowMerger {
 public:
  /// Takes those of the rows whose unit is in `units`.
  void add(Rows rows, const schedule::IntervalSet& units) {
    const auto table = static_cast<std::uint32_t>(tables_.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::uint64_t unit = rows.units()[row];
      if (units.contains(UnitId(unit))) places_.push_back({unit, table, static_cast<std::uint32_t>(row)});
    }
    tables_.push_back(std::move(rows));
  }

  Rows finish(const Schema& schema) {
    std::sort(places_.begin(), places_.end());
    Rows merged(schema);
    for (const Place& place : places_) merged.append_row(tables_[place.table], place.row);
    return merged;
  }

 private:
  struct Place {
    std::uint64_t unit;
    std::uint32_t table, row;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  std::vector<Rows> tables_;
  std::vector<Place> places_;
};

/// A part of the merged file: one stage, round and schema. (Another version of kiln may have written other columns.)
struct Part {
  Schema schema;
  CommitEntry commit;
  RowMerger rows;
};

class Merger {
 public:
  explicit Merger(const MergeInput& input) : input_(input) {}

  Bytes run() {
    Merged merged{input_.first, input_.last, Epoch(), {}, {}};
    for (const EntryFile& file : input_.files) {
      merged.epoch = std::max(merged.epoch, file.header().epoch);
      each_entry(file, merged, [&](const Entry& entry, std::size_t) { builder(entry).add(entry); });
    }
    for (const auto& [key, round_builder] : builders_) {
      states_.emplace(key, round_builder.state());
      resolvers_.emplace(key, RowResolver(key.stage, states_.at(key)));
    }
    for (const EntryFile& file : input_.files) {
      Merged ignored;
      each_entry(file, ignored, [&](const Entry& entry, std::size_t part) { take(file, part, entry); });
    }
    return encode(std::move(merged));
  }

 private:
  LedgerBuilder& builder(const Entry& entry) {
    return builders_.try_emplace(RoundKey{entry.stage, entry.round}, entry.stage).first->second;
  }

  /// Calls back with commits and reopenings; what is carried goes to `merged`.
  template <class Call>
  static void each_entry(const EntryFile& file, Merged& merged, const Call& call) {
    if (file.header().type == EntryType::merged) {
      Merged inner = file.merged();
      for (std::size_t part = 0; part < inner.parts.size(); ++part) call(inner.parts[part], part);
      for (Carried& carried : inner.carried) {
        const EntryFile original(carried.file, file.path());
        if (original.header().type == EntryType::reopen) call(original.entry(), 0);
        merged.carried.push_back(std::move(carried));
      }
      return;
    }
    const EntryType type = file.header().type;
    if (type == EntryType::compaction || type == EntryType::voided) return;
    if (type == EntryType::commit || type == EntryType::reopen) call(file.entry(), 0);
    if (type != EntryType::commit) merged.carried.push_back({file.header().number, read_file(file.path())});
  }

  void take(const EntryFile& file, std::size_t part_index, const Entry& entry) {
    const auto* commit = std::get_if<CommitEntry>(&entry.body);
    if (commit == nullptr) return;
    const RoundKey key{entry.stage, entry.round};
    const LedgerState& state = states_.at(key);
    const schedule::IntervalSet units = resolvers_.at(key).take(entry);
    const std::uint64_t rows = file.row_count(part_index);
    Part& into = part(key, rows > 0 ? file.schema(part_index) : Schema());
    for (const CommitEntry::Dead& dead : commit->dead) {
      if (units.contains(dead.letter.unit) && !state.done.contains(dead.letter.unit)) into.commit.dead.push_back(dead);
    }
    schedule::IntervalSet done = units;
    for (const CommitEntry::Dead& dead : commit->dead) {
      if (!state.done.contains(dead.letter.unit)) done.erase(single(dead.letter.unit));
    }
    into.commit.done.insert(done);
    into.commit.batches.insert(into.commit.batches.end(), commit->batches.begin(), commit->batches.end());
    if (rows > 0) into.rows.add(file.rows(part_index, 0, rows), units);
  }

  Part& part(const RoundKey& key, const Schema& schema) {
    auto& parts = parts_[key];
    for (Part& known : parts) {
      // Without rows any part will do; a part without rows takes on the columns of the first that has some.
      if (schema.empty() || known.schema == schema) return known;
      if (known.schema.empty()) {
        known.schema = schema;
        return known;
      }
    }
    parts.push_back({schema, {}, {}});
    return parts.back();
  }

  Bytes encode(Merged merged) {
    std::vector<Schema> schemas;
    for (auto& [key, parts] : parts_) {
      for (Part& part : parts) {
        part.commit.rows = part.rows.finish(part.schema);
        schemas.push_back(std::move(part.schema));
        part.rows = {};
        merged.parts.push_back({merged.first, merged.epoch, key.stage, key.round, std::move(part.commit)});
      }
    }
    return encode_merged(merged, schemas);
  }

  const MergeInput& input_;
  std::map<RoundKey, LedgerBuilder> builders_;
  std::map<RoundKey, LedgerState> states_;  // stable: the resolvers borrow them
  std::map<RoundKey, RowResolver> resolvers_;
  std::map<RoundKey, std::vector<Part>> parts_;
};

}  // namespace

Bytes merge_files(const MergeInput& input) { return Merger(input).run(); }

}  // namespace kiln::store
