#include <kiln/detail/forest_format.hpp>

#include <fmt/core.h>

namespace kiln::detail {

void throw_damaged_forest(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("partial results are damaged: {}", why));
}

void expect_kind(ByteReader& in, ForestKind kind) {
  const auto found = in.get<ForestKind>();
  if (found != kind) {
    throw_damaged_forest(
        fmt::format("kind {}, where {} was expected", static_cast<int>(found), static_cast<int>(kind)));
  }
}

bool read_flag(ByteReader& in) {
  const auto flag = in.get<std::uint8_t>();
  if (flag > 1) throw_damaged_forest(fmt::format("{} where 0 or 1 was expected", flag));
  return flag == 1;
}

Place PlaceCheck::next(ByteReader& in) {
  Place place;
  place.first = in.get<std::uint64_t>();
  place.level = in.get<std::uint8_t>();
  if (place.level > 63 || (place.first & (place.size() - 1)) != 0 || place.first < end_ ||
      place.first > UINT64_MAX - place.size()) {
    throw_damaged_forest(fmt::format("a node of level {} at unit {}, behind unit {}", place.level, place.first, end_));
  }
  end_ = place.last();
  return place;
}

}  // namespace kiln::detail
