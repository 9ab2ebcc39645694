#pragma once

#include <cstddef>
#include <string_view>

namespace kiln::detail {

/// The blocks of a run in order. Throws kiln::Error where it is damaged.
class RunReader {
 public:
  virtual ~RunReader() = default;
  /// False at the end. The block lives until the next call.
  virtual bool next(std::string_view& block) = 0;
};

/// Bytes of a block of a run, about; a single entry may be larger.
inline constexpr std::size_t kRunBlock = std::size_t{256} << 10;

}  // namespace kiln::detail
