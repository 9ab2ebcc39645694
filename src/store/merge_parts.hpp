#pragma once

#include "store/entry.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace kiln::store {

/// The rows that count, from several tables, as one table sorted by unit. Rows of one unit stay in their order.
class RowMerger {
 public:
  /// Takes those of the rows whose unit is in `units`.
  void add(Rows rows, const schedule::IntervalSet& units);
  Rows finish(const Schema& schema);

 private:
  struct Place {
    std::uint64_t unit;
    std::uint32_t table, row;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  std::vector<Rows> tables_;
  std::vector<Place> places_;
};

/// Results of one entry (or of a part of a merged file, or a segment) on their way into a merged file.
struct MergePiece {
  schedule::IntervalSet plain;             ///< done units of which any may count, and dead letters that stand
  std::vector<CommitEntry::Dead> dead;     ///< these
  std::vector<CommitEntry::Whole> wholes;  ///< in the order of `partials`
  std::vector<Bytes> partials;
  std::vector<SegmentFile> segments;
  Schema schema;  ///< of `rows`
  Rows rows;
  std::vector<MoreRows> more;
};

/// The parts of a merged file for one stage and round. What counts all or none stands in a part behind all parts that
/// have one of its units, so that a reader who goes through the parts in order finds what he found in the entries:
/// which of two counts may hang on entries that are not merged here. Mostly there is one part.
class MergeParts {
 public:
  void add(MergePiece piece);
  void add_batches(const std::vector<protocol::BatchRecord>& batches);

  struct Finished {
    CommitEntry commit;
    Schema schema;  ///< of commit.rows
  };
  std::vector<Finished> finish();

 private:
  struct More {
    Table table;
    RowMerger rows;
  };
  struct Part {
    CommitEntry commit;
    schedule::IntervalSet units, whole_units;
    Schema schema;
    RowMerger rows;
    std::map<std::uint32_t, More> more;
  };
  std::size_t place(const schedule::IntervalSet& units, bool whole, const MergePiece& piece);
  void add_plain(MergePiece& piece, std::map<std::size_t, schedule::IntervalSet>& taken);
  void add_wholes(MergePiece& piece, std::map<std::size_t, schedule::IntervalSet>& taken);
  void add_rows(MergePiece& piece, const std::map<std::size_t, schedule::IntervalSet>& taken);

  std::vector<Part> parts_;
};

}  // namespace kiln::store
