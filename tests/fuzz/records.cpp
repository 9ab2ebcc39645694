#include <kiln/detail/records.hpp>
#include <kiln/kiln.hpp>
#include "target.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Lines of JSON and CSV, in blocks of any size: each is a record or has a reason, and where blocks end changes nothing.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

struct Sample {
  std::int16_t small = 0;
  double value = 0;
  std::string text;
  std::optional<std::uint64_t> large;
  std::optional<bool> yes;
};
KILN_COLUMNS(Sample, small, value, text, large, yes)

struct Lists {
  std::vector<float> list;
  std::array<std::uint8_t, 2> two{};
};
KILN_COLUMNS(Lists, list, two)

/// A file in memory, given in blocks of whole lines of about so many bytes.
class Memory final : public detail::UnitInput {
 public:
  Memory(std::string_view text, std::size_t block) : text_(text), block_(block) {}
  detail::RawSlice slice(UnitId) override { return {}; }
  void open_lines(UnitId) override { at_ = 0; }
  bool next_lines(detail::LineBlock& block) override {
    if (at_ >= text_.size()) return false;
    const std::size_t end = text_.find('\n', std::min(at_ + block_, text_.size()));
    const std::size_t size = (end == std::string_view::npos ? text_.size() : end + 1) - at_;
    copy_.assign(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                 text_.begin() + static_cast<std::ptrdiff_t>(at_ + size));
    copy_.shrink_to_fit();  // of its own, so that reading behind it is seen
    block = {{copy_.data(), copy_.size()}, at_, 0};
    at_ += size;
    return true;
  }
  std::string_view file_name(std::uint32_t) const override { return "memory"; }
  std::string header() override {
    bool quoted = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '"') quoted = !quoted;
      if (text_[i] == '\n' && !quoted) return std::string(text_.substr(0, i + 1));
    }
    return std::string(text_);
  }

 private:
  std::string_view text_;
  std::size_t block_, at_ = 0;
  std::vector<char> copy_;
};

/// What was read, as text: places and reasons, and the values of what is none.
template <class T, class Show>
std::string read(const detail::RecordSource<T>& source, std::string_view text, std::size_t block, Show show) {
  Memory memory(text, block);
  detail::StageHost host;
  host.input = &memory;
  std::string all;
  std::uint64_t behind = 0;
  const auto place = [&](const detail::RecordPlace& at) {
    fuzz::require(at.offset >= behind, "records come in order");
    fuzz::require(text.substr(at.offset, at.text.size()) == at.text, "a record is where it says");
    behind = at.offset + at.text.size();
    all += std::to_string(at.offset) + "/" + std::to_string(at.line) + ":";
  };
  source.each(
      UnitId(0), host,
      [&](const T& record, const detail::RecordPlace& at) {
        place(at);
        all += show(record) + "\n";
      },
      [&](const char* reason, const detail::RecordPlace& at) {
        place(at);
        fuzz::require(*reason != '\0', "what is rejected has a reason");
        all += std::string(reason) + "\n";
      });
  return all;
}

template <class T, class Show>
void check(const detail::RecordSource<T>& source, std::string_view text, Show show) {
  const auto all = [&](std::size_t block) {
    try {
      return read(source, text, block, show);
    } catch (const std::runtime_error&) {  // the header
      return std::string("refused");
    }
  };
  const std::string whole = all(text.size());
  for (const std::size_t block : {0U, 40U}) fuzz::require(all(block) == whole, "where blocks end changes nothing");
}

std::string show_record(const Sample& one) {
  return std::to_string(one.small) + " " + std::to_string(one.value) + " " + one.text + " " +
         (one.large ? std::to_string(*one.large) : "none") + (one.yes ? (*one.yes ? " yes" : " no") : "");
}
std::string show_lists(const Lists& one) {
  return std::to_string(one.list.size()) + " " + std::to_string(one.two[0] + one.two[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  const std::uint8_t what = input.next();
  const std::string text = fuzz::text_of(input.rest());
  const bool strict = (what & 1U) != 0;
  if ((what & 2U) == 0) {
    check(detail::json_source<Sample>({.strict = strict}), text, show_record);
    check(detail::json_source<Lists>({.strict = strict}), text, show_lists);
  } else {
    const bool multiline = (what & 4U) != 0;
    check(detail::csv_source<Sample>({.strict = strict, .multiline = multiline}),
          (what & 8U) != 0 ? text : "yes,value,text,small,large,more\r\n" + text, show_record);
  }
  return 0;
}
