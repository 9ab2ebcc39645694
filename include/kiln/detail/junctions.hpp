#pragma once

#include <kiln/detail/branch.hpp>
#include <kiln/detail/graph.hpp>
#include <kiln/line.hpp>
#include <kiln/unit.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// What lies between strands: copy, split, merge.
namespace kiln::detail {

/// A text or memory of somebody else, as far as the type says it: it may be gone when its chunk goes on.
template <class T>
inline constexpr bool kIsView = std::same_as<T, std::string_view>;
template <class T, std::size_t kSize>
inline constexpr bool kIsView<std::span<T, kSize>> = true;
template <class A, class B>
inline constexpr bool kIsView<std::pair<A, B>> = kIsView<A> || kIsView<B>;
template <class... T>
inline constexpr bool kIsView<std::tuple<T...>> = (kIsView<T> || ...);
template <class T>
inline constexpr bool kIsView<std::vector<T>> = kIsView<T>;
template <class T>
inline constexpr bool kIsView<std::optional<T>> = kIsView<T>;
/// What a source of lines gives lives until its block does.
template <class T>
inline constexpr bool kIsLine = std::same_as<T, Line> || std::same_as<T, Text> || std::same_as<T, Record>;

template <class T>
class CopyCode final : public JunctionCode, public BranchInput<T> {
 public:
  explicit CopyCode(const std::vector<BranchPort*>& outputs) {
    for (BranchPort* output : outputs) {
      if (output != nullptr) outputs_.push_back(static_cast<BranchInput<T>*>(output));
    }
  }
  BranchPort& input(std::size_t) override { return *this; }
  /// Who reads a copy takes its items as const.
  void push(std::span<T> items, std::span<const std::uint64_t> records) override {
    for (BranchInput<T>* output : outputs_) output->push(items, records);
  }

 private:
  std::vector<BranchInput<T>*> outputs_;
};

/// `F`: which of the ports an item goes to.
template <class T, class F>
class SplitCode final : public JunctionCode, public BranchInput<T> {
 public:
  SplitCode(F f, const std::vector<BranchPort*>& outputs, BranchRejections& rejections)
      : f_(std::move(f)), rejections_(rejections) {
    for (BranchPort* output : outputs) outputs_.push_back({output != nullptr, Chunk<T>(output)});
  }
  BranchPort& input(std::size_t) override { return *this; }
  void push(std::span<T> items, std::span<const std::uint64_t> records) override {
    for (std::size_t i = 0; i < items.size(); ++i) {
      try {
        Output& output = outputs_[port_of(std::as_const(items[i]))];
        if (output.is_read) output.chunk.add(std::move(items[i]), records[i]);
      } catch (const Rejected& rejected) {
        rejections_.add(records[i], rejected.what());
      }
    }
    // What a chunk holds may be views into what is gone when this returns.
    for (Output& output : outputs_) output.chunk.push();
  }
  void undo() override {
    for (Output& output : outputs_) output.chunk.clear();
  }
  void drop_unit() override { undo(); }

 private:
  struct Output {
    bool is_read;
    Chunk<T> chunk;
  };

  std::size_t port_of(const T& item) const {
    const auto port = f_(item);
    if (std::cmp_less(port, 0) || std::cmp_greater_equal(port, outputs_.size())) {
      throw std::out_of_range("split<" + std::to_string(outputs_.size()) + ">(f): f gave " + std::to_string(port) +
                              " for an item, and there are streams 0 to " + std::to_string(outputs_.size() - 1));
    }
    return static_cast<std::size_t>(port);
  }

  F f_;
  BranchRejections& rejections_;
  std::vector<Output> outputs_;
};

/// Of each unit the items of the first input, then those of the second, and so on: all but the first wait.
template <class T>
class MergeCode final : public JunctionCode {
 public:
  MergeCode(std::size_t inputs, BranchPort* output) : output_(static_cast<BranchInput<T>*>(output)) {
    for (std::size_t i = 0; i < inputs; ++i) inputs_.push_back(std::make_unique<Input>(i == 0 ? output_ : nullptr));
  }
  BranchPort& input(std::size_t number) override { return *inputs_[number]; }
  void flush() override {
    for (const auto& input : inputs_) {
      if (!input->items.empty()) output_->push(input->items, input->records);
      input->clear();
    }
  }
  void undo() override {
    for (const auto& input : inputs_) input->clear();
  }
  void drop_unit() override { undo(); }

 private:
  struct Input final : BranchInput<T> {
    explicit Input(BranchInput<T>* goes_to) : through(goes_to) {}
    void push(std::span<T> more, std::span<const std::uint64_t> of) override {
      if (through != nullptr) {
        through->push(more, of);
        return;
      }
      items.insert(items.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
      records.insert(records.end(), of.begin(), of.end());
    }
    void clear() {
      items.clear();
      records.clear();
    }
    BranchInput<T>* through;
    std::vector<T> items;
    std::vector<std::uint64_t> records;
  };

  BranchInput<T>* output_;
  std::vector<std::unique_ptr<Input>> inputs_;
};

/// One with a single stream in front.
template <class MakeCode>
std::shared_ptr<const Junction> junction_at(std::string name, std::shared_ptr<const Strand> input, std::size_t outputs,
                                            MakeCode make) {
  auto junction = std::make_shared<Junction>();
  junction->name = std::move(name);
  junction->inputs = {std::move(input)};
  junction->make_code = std::move(make);
  junction->outputs = outputs;
  return junction;
}

}  // namespace kiln::detail
