#pragma once

#include <kiln/detail/stage.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// Puts the rejected records of one unit after another into a list: of each record the first 200 bytes, of each unit
/// the first 10,000 records; one more, without text, says how many others there were. So that a file in which every
/// line is bad takes neither all memory nor many times its own size on disk.
class RejectedList {
 public:
  static constexpr std::size_t kRecordBytes = 200;
  static constexpr std::uint64_t kMostOfAUnit = 10'000;

  void add(std::vector<RejectedRecord>& list, UnitId unit, std::string_view file, std::uint64_t offset,
           std::string_view text, std::string_view reason, std::int64_t line = -1) {
    if (list.empty() || list.back().unit != unit) count_ = 0;
    if (++count_ <= kMostOfAUnit) {
      list.push_back(
          {unit, std::string(file), offset, std::string(text.substr(0, kRecordBytes)), std::string(reason), line});
      return;
    }
    if (count_ == kMostOfAUnit + 1) list.push_back({unit, std::string(file), offset, "", ""});
    list.back().reason =
        "from here on " + std::to_string(count_ - kMostOfAUnit) + " more records of this unit were rejected";
  }

 private:
  std::uint64_t count_ = 0;  // of the unit of the last record
};

}  // namespace kiln::detail
