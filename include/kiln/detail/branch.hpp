#pragma once

#include <kiln/detail/stage.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// A stage with branches while its units run. Its strands (fused loops) hand items to each other in chunks: types are
/// erased once a chunk and never once an item. Of each unit: begin_unit, pushes, flush, end_unit; or drop_unit where it
/// fails, whichever branch it failed in. Where a branch rejects a record, undo() and the unit again without it.
namespace kiln::detail {

/// Items of a chunk, about.
inline constexpr std::size_t kChunkItems = 1024;

/// The records of the present unit that a branch has rejected, by their number, with the first reason.
class BranchRejections {
 public:
  void add(std::uint64_t record, const char* reason) { reasons_.try_emplace(record, reason); }
  /// Null where it was not.
  const std::string* find(std::uint64_t record) const {
    const auto found = reasons_.find(record);
    return found == reasons_.end() ? nullptr : &found->second;
  }
  std::size_t size() const { return reasons_.size(); }
  void clear() { reasons_.clear(); }

 private:
  std::map<std::uint64_t, std::string> reasons_;
};

/// What all strands of a pass share; outlives them.
struct BranchFrame {
  UnitId first;
  const StageHost& host;
  StageOutput& output;
  BranchRejections& rejections;
};

/// Where items are pushed into; who made it knows the type.
class BranchPort {
 public:
  virtual ~BranchPort() = default;
};
template <class T>
class BranchInput : public BranchPort {
 public:
  /// Items, which may be moved from, and the record of the unit that each came of.
  virtual void push(std::span<T> items, std::span<const std::uint64_t> records) = 0;
};

/// A strand behind a branch point, or what lies between strands.
class BranchNode {
 public:
  virtual ~BranchNode() = default;
  virtual void begin_unit(UnitId /*unit*/) {}
  /// All nodes in front have flushed: what waits goes on.
  virtual void flush() {}
  /// What the unit gave is forgotten; it begins again.
  virtual void undo() {}
  /// Not to be undone from here on.
  virtual void end_unit() {}
  virtual void drop_unit() {}
  virtual void finish() {}
};
class StrandCode : public BranchNode {
 public:
  virtual BranchPort& input() = 0;
};
class JunctionCode : public BranchNode {
 public:
  virtual BranchPort& input(std::size_t number) = 0;
};

/// All nodes of a pass, those in front first.
class BranchSet {
 public:
  void add(BranchNode& node) { nodes_.push_back(&node); }
  void begin_unit(UnitId unit) {
    for (BranchNode* node : nodes_) node->begin_unit(unit);
  }
  void flush() {
    for (BranchNode* node : nodes_) node->flush();
  }
  void undo() {
    for (BranchNode* node : nodes_) node->undo();
  }
  void end_unit() {
    for (BranchNode* node : nodes_) node->end_unit();
  }
  void drop_unit() {
    for (BranchNode* node : nodes_) node->drop_unit();
  }
  void finish() {
    for (BranchNode* node : nodes_) node->finish();
  }

 private:
  std::vector<BranchNode*> nodes_;
};

/// A strand that begins at a source and ends at a junction.
class RootCode {
 public:
  virtual ~RootCode() = default;
  /// Runs units of its source, whose first is unit `offset` of the stage. How many: all unless cancelled.
  virtual std::uint64_t run(Interval units, std::uint64_t offset, const StageHost& host, BranchSet& set) = 0;
};

/// Where a strand lies in its stage.
struct StrandPlace {
  std::size_t tables = 0, forests = 0;  ///< of its first sinks in StageOutput
  std::uint64_t ordinal = 0;            ///< of the strand
  BranchPort* into = nullptr;           ///< where it ends at a junction
};

/// Items on their way into the next node.
template <class T>
class Chunk {
 public:
  explicit Chunk(BranchPort* into) : into_(static_cast<BranchInput<T>*>(into)) {}

  template <class Item>
  void add(Item&& item, std::uint64_t record) {
    items_.emplace_back(std::forward<Item>(item));
    records_.push_back(record);
    if (items_.size() >= kChunkItems) push();
  }
  void push() {
    if (items_.empty()) return;
    into_->push(items_, records_);
    pushed_ += items_.size();
    clear();
  }
  void clear() {
    items_.clear();
    records_.clear();
  }
  /// Keeps what had been added by then. False where later ones have been pushed: they cannot be taken back.
  bool cut(std::uint64_t mark) {
    const bool whole = mark >= pushed_;
    const std::size_t keep = whole ? static_cast<std::size_t>(mark - pushed_) : 0;
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(keep), items_.end());
    records_.resize(keep);
    return whole;
  }
  std::uint64_t mark() const { return pushed_ + items_.size(); }

 private:
  BranchInput<T>* into_;
  std::vector<T> items_;
  std::vector<std::uint64_t> records_;
  std::uint64_t pushed_ = 0;
};

}  // namespace kiln::detail
