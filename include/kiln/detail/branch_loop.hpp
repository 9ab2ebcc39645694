#pragma once

#include <kiln/detail/branch.hpp>
#include <kiln/detail/chain.hpp>
#include <kiln/detail/rejected_list.hpp>
#include <kiln/detail/sink_state.hpp>
#include <kiln/detail/sources.hpp>
#include <kiln/detail/stage_loop.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Strands of a stage with branches: a fused loop each.
namespace kiln::detail {

/// The source of a stream behind a branch point. `Passed`: T&& where items are its own, const T& where others read them
/// too.
template <class Passed>
struct BranchSource {
  using Item = Passed;
  static constexpr bool kHasRecords = true;
};
template <class Source>
inline constexpr bool kIsBranch = false;
template <class Passed>
inline constexpr bool kIsBranch<BranchSource<Passed>> = true;

/// Instead of sinks: the strand ends at a junction.
struct IntoJunction {};

/// Random numbers of a strand's own, so that they depend on no other branch; not what Unit::random(stream) wants.
inline constexpr std::uint64_t kStrandRandom = 0xb7e1'5162'0000'0000U;

/// How many of the first sinks reduce.
template <class... State>
constexpr std::size_t reduces_before(std::size_t end) {
  std::size_t count = 0, at = 0;
  ((count += (at++ < end && State::kIsReduce) ? 1 : 0), ...);
  return count;
}

/// A strand from a junction into sinks.
template <class Passed, class Steps, class Ends>
class BranchLoop;

template <class Passed, class Steps, class... Sink>
class BranchLoop<Passed, Steps, std::tuple<Sink...>> final : public StrandCode,
                                                             public BranchInput<std::remove_cvref_t<Passed>> {
  using T = std::remove_cvref_t<Passed>;
  using Item = std::remove_cvref_t<typename ChainOf<Passed, Steps>::Out>;
  /// A unit is one record here: what it gave is taken back as a whole.
  template <class One>
  using State = typename One::template State<UnitShape::many>;
  using Indices = std::index_sequence_for<Sink...>;

 public:
  using Recipe = detail::Recipe<BranchSource<Passed>, Steps, std::tuple<Sink...>>;

  BranchLoop(std::shared_ptr<const Recipe> recipe, const BranchFrame& frame, const StrandPlace& place)
      : BranchLoop(std::move(recipe), frame, place, Indices{}) {}

  BranchPort& input() override { return *this; }
  void begin_unit(UnitId unit) override {
    id_ = unit;
    unit_.begin(unit);
    each_state([](auto& state) { state.begin_unit(); });
    each_state([](auto& state) { state.begin_record(); });
  }
  void push(std::span<T> items, std::span<const std::uint64_t> records) override {
    for (std::size_t i = 0; i < items.size(); ++i) {
      try {
        run_chain(recipe_->steps, static_cast<Passed>(items[i]), unit_,
                  [this](auto&& item) { this->take(item, Indices{}); });
      } catch (const Rejected& rejected) {
        rejections_.add(records[i], rejected.what());
      }
    }
  }
  void undo() override {
    unit_.begin(id_);
    each_state([](auto& state) { state.reject_record(); });
    each_state([](auto& state) { state.begin_record(); });
  }
  void end_unit() override {
    each_state([](auto& state) { state.end_unit(true); });
  }
  void drop_unit() override {
    each_state([](auto& state) { state.drop_unit(); });
  }
  void finish() override {
    each_state([](auto& state) { state.finish(); });
  }

 private:
  template <std::size_t... kAt>
  BranchLoop(std::shared_ptr<const Recipe> recipe, const BranchFrame& frame, const StrandPlace& place,
             std::index_sequence<kAt...>)
      : recipe_(std::move(recipe)),
        unit_(frame.host, kStrandRandom + place.ordinal),
        rejections_(frame.rejections),
        states_(State<Sink>(std::get<kAt>(recipe_->sinks), frame.first, rows_at<kAt>(frame, place),
                            forest_at<kAt>(frame, place))...) {}

  template <std::size_t kAt>
  static Rows* rows_at(const BranchFrame& frame, const StrandPlace& place) {
    if constexpr (State<std::tuple_element_t<kAt, std::tuple<Sink...>>>::kIsReduce) {
      return nullptr;
    } else {
      return &(*frame.output.tables)[place.tables + kAt - reduces_before<State<Sink>...>(kAt)];
    }
  }
  template <std::size_t kAt>
  static Forest* forest_at(const BranchFrame& frame, const StrandPlace& place) {
    if constexpr (State<std::tuple_element_t<kAt, std::tuple<Sink...>>>::kIsReduce) {
      return (*frame.output.forests)[place.forests + reduces_before<State<Sink>...>(kAt)].get();
    } else {
      return nullptr;
    }
  }

  template <class F>
  void each_state(F&& f) {
    std::apply([&](auto&... state) { (f(state), ...); }, states_);
  }

  template <std::size_t... kAt>
  void take(const Item& item, std::index_sequence<kAt...>) {
    using Prepared = std::tuple<decltype(std::get<kAt>(states_).prepare(item, unit_))...>;
    Prepared prepared{std::get<kAt>(states_).prepare(item, unit_)...};
    (std::get<kAt>(states_).take(std::forward<std::tuple_element_t<kAt, Prepared>>(std::get<kAt>(prepared)), id_), ...);
  }

  std::shared_ptr<const Recipe> recipe_;
  Unit unit_;
  UnitId id_;
  BranchRejections& rejections_;
  std::tuple<State<Sink>...> states_;
};

/// A strand from a junction to the next one.
template <class Passed, class Steps>
class BranchLoop<Passed, Steps, IntoJunction> final : public StrandCode,
                                                      public BranchInput<std::remove_cvref_t<Passed>> {
  using T = std::remove_cvref_t<Passed>;
  using Item = std::remove_cvref_t<typename ChainOf<Passed, Steps>::Out>;

 public:
  using Recipe = detail::Recipe<BranchSource<Passed>, Steps, IntoJunction>;

  BranchLoop(std::shared_ptr<const Recipe> recipe, const BranchFrame& frame, const StrandPlace& place)
      : recipe_(std::move(recipe)),
        unit_(frame.host, kStrandRandom + place.ordinal),
        rejections_(frame.rejections),
        chunk_(place.into) {}

  BranchPort& input() override { return *this; }
  void begin_unit(UnitId unit) override {
    id_ = unit;
    unit_.begin(unit);
  }
  void push(std::span<T> items, std::span<const std::uint64_t> records) override {
    for (std::size_t i = 0; i < items.size(); ++i) {
      try {
        run_chain(recipe_->steps, static_cast<Passed>(items[i]), unit_,
                  [&]<class Out>(Out&& item) { chunk_.add(std::forward<Out>(item), records[i]); });
      } catch (const Rejected& rejected) {
        rejections_.add(records[i], rejected.what());
      }
    }
    chunk_.push();  // what came in lives until this returns
  }
  void undo() override {
    unit_.begin(id_);
    chunk_.clear();
  }
  void drop_unit() override { chunk_.clear(); }

 private:
  std::shared_ptr<const Recipe> recipe_;
  Unit unit_;
  UnitId id_;
  BranchRejections& rejections_;
  Chunk<Item> chunk_;
};

/// A strand from a source to a junction.
template <class Source, class Steps>
class RootLoop final : public RootCode {
  using Chain = ChainOf<typename Source::Item, Steps>;
  using T = std::remove_cvref_t<typename Chain::Out>;
  static constexpr std::uint64_t kLook = 16;  // units between two looks at whether the run is cancelled

 public:
  using Recipe = detail::Recipe<Source, Steps, IntoJunction>;

  RootLoop(std::shared_ptr<const Recipe> recipe, const BranchFrame& frame, const StrandPlace& place)
      : recipe_(std::move(recipe)),
        output_(frame.output),
        rejections_(frame.rejections),
        unit_(frame.host),
        chunk_(place.into) {}

  std::uint64_t run(Interval units, std::uint64_t offset, const StageHost& host, BranchSet& set) override {
    for (std::uint64_t unit = units.first.value(); unit < units.last.value(); ++unit) {
      if (unit % kLook == 0 && host.cancelled()) return unit - units.first.value();
      host.running->set(UnitId(unit + offset));
      run_unit(UnitId(unit), UnitId(unit + offset), host, set);
    }
    host.running->set_several();
    return units.last.value() - units.first.value();
  }

 private:
  /// `local`: of the source.
  void run_unit(UnitId local, UnitId unit, const StageHost& host, BranchSet& set) {
    id_ = unit;
    rejections_.clear();
    bool ending = false;
    try {
      set.begin_unit(unit);
      run_records(local, host);
      set.flush();
      for (std::size_t known = 0; known != rejections_.size();) {
        known = rejections_.size();
        drop_rejected();
        set.undo();
        run_records(local, host);
        set.flush();
      }
      ending = true;
      set.end_unit();
    } catch (const std::exception& error) {
      fail(failure_text(error), ending, set);
    } catch (...) {
      fail(kUnknownException, ending, set);
    }
  }

  /// Takes what the source gives.
  struct Recorder {
    template <class Record>
    void operator()(Record&& record, const RecordPlace& place) const {
      loop.take(std::forward<Record>(record), place);
    }
    /// What the records of a block point to goes.
    void end_block() const { loop.chunk_.push(); }
    RootLoop& loop;
  };

  void run_records(UnitId local, const StageHost& host) {
    unit_.begin(id_);
    record_ = 0;
    chunk_.clear();
    host_ = &host;
    if constexpr (requires { Source::kRejects; }) {
      recipe_->source.each(local, host, Recorder{*this}, [this](const char* reason, const RecordPlace& place) {
        ++record_;
        set_aside(place, reason);
      });
    } else if constexpr (Source::kHasRecords) {
      recipe_->source.each(local, host, Recorder{*this});
    } else {
      take(recipe_->source.item(local, host), {});
    }
    chunk_.push();
  }

  /// A record that a branch has rejected goes through the steps again, for their random numbers, and no further.
  template <class Record>
  void take(Record&& record, const RecordPlace& place) {
    const std::uint64_t number = record_++;
    const std::string* const rejected = rejections_.find(number);
    const std::uint64_t mark = chunk_.mark();
    try {
      run_chain(recipe_->steps, std::forward<Record>(record), unit_, [&]<class Out>(Out&& item) {
        if (rejected == nullptr) chunk_.add(std::forward<Out>(item), number);
      });
      if (rejected != nullptr) set_aside(place, *rejected);
    } catch (const Rejected& reason) {
      if (!chunk_.cut(mark)) rejections_.add(number, reason.what());
      set_aside(place, reason.what());
    }
  }

  void set_aside(const RecordPlace& place, std::string_view reason) {
    rejected_.add(output_.rejected, id_, place.file, place.offset, place.text, reason, line_of(place, *host_));
  }
  void drop_rejected() {
    while (!output_.rejected.empty() && output_.rejected.back().unit == id_) output_.rejected.pop_back();
  }

  /// In a catch block. Where values of this unit may be among others' already, it cannot fail alone.
  void fail(std::string reason, bool ending, BranchSet& set) {
    if (ending) throw_fold_failed(id_, reason);
    drop_rejected();
    chunk_.clear();
    set.drop_unit();
    output_.failures.push_back({id_, std::move(reason)});
  }

  std::shared_ptr<const Recipe> recipe_;
  StageOutput& output_;
  BranchRejections& rejections_;
  Unit unit_;
  const StageHost* host_ = nullptr;  // of the source of the present unit
  UnitId id_;                        // the present unit
  std::uint64_t record_ = 0;         // the next one of it
  RejectedList rejected_;
  Chunk<T> chunk_;
};

}  // namespace kiln::detail
