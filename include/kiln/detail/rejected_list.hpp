#pragma once

#include <kiln/detail/stage.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// Puts the rejected records of one unit after another into a list: of each unit the first 10,000; one more, without
/// text, stands for all others. Of each record up to 64 KiB are kept; where the texts of its unit have come to 1 MiB,
/// the first 200 bytes. So that a file in which every line is bad takes neither all memory nor many times its own size
/// on disk.
class RejectedList {
 public:
  static constexpr std::size_t kRecordBytes = std::size_t{64} << 10;
  static constexpr std::size_t kShortBytes = 200;
  static constexpr std::size_t kUnitBytes = std::size_t{1} << 20;  ///< of a unit; behind that records are short
  static constexpr std::uint64_t kMostOfAUnit = 10'000;

  void add(std::vector<RejectedRecord>& list, UnitId unit, std::string_view file, std::uint64_t offset,
           std::string_view text, std::string_view reason, std::int64_t line = -1) {
    if (list.empty() || list.back().unit != unit) count_ = bytes_ = 0;
    if (++count_ <= kMostOfAUnit) {
      text = text.substr(0, bytes_ < kUnitBytes ? kRecordBytes : kShortBytes);
      bytes_ += text.size();
      list.push_back({unit, std::string(file), offset, std::string(text), std::string(reason), line});
      return;
    }
    if (count_ == kMostOfAUnit + 1) list.push_back({unit, std::string(file), offset, "", "", line});
    list.back().count = count_ - kMostOfAUnit;
    list.back().reason =
        "from here on " + std::to_string(list.back().count) + " more records of this unit were rejected";
  }

 private:
  std::uint64_t count_ = 0, bytes_ = 0;  // of the unit of the last record
};

}  // namespace kiln::detail
