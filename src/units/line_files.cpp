#include "units/line_files.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace kiln::units {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kMostUnits = std::uint64_t{1} << 63;
constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kLongestPath = std::numeric_limits<std::uint16_t>::max();
// Size, time, checksum, compression, both lengths of the path.
constexpr std::size_t kBytesEach = 8 + 8 + 8 + 1 + 2 + 2;

std::uint64_t units_in(const LineFile& file, std::uint64_t split) {
  if (file.compression != Compression::none) return 1;
  return file.size / split + (file.size % split == 0 ? 0 : 1);
}

std::size_t shared_beginning(std::string_view a, std::string_view b) {
  const auto shorter = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + shorter, b.begin()).first - a.begin());
}

[[noreturn]] void damaged(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("the list of files of a source of lines is damaged: {}", why));
}

LineFile decode_file(ByteReader& in, std::string_view before) {
  LineFile file;
  file.size = in.get<std::uint64_t>();
  file.modified = in.get<std::int64_t>();
  file.checksum = in.get<std::uint64_t>();
  const auto compression = in.get<std::uint8_t>();
  if (compression > static_cast<std::uint8_t>(Compression::zstd)) damaged("an unknown compression");
  file.compression = static_cast<Compression>(compression);
  const auto shared = in.get<std::uint16_t>();
  const auto rest = in.get<std::uint16_t>();
  if (shared > before.size()) damaged("a path continues one that is shorter");
  file.path = before.substr(0, shared);
  file.path += as_text(in.get_raw(rest));
  if (file.path.size() > kLongestPath) damaged("a path is too long");
  if (file.path.empty() || file.path.find('\0') != std::string::npos) damaged("not a path");
  return file;
}

}  // namespace

void LineFiles::add(LineFile file) {
  const std::uint64_t more = units_in(file, split_);
  if (files_.size() == std::numeric_limits<std::uint32_t>::max() || more > kMostUnits - units_) {
    throw Error(ExitCode::bad_input, fmt::format("{} files with units of {} bytes are too many; give fewer files "
                                                 "or a larger split",
                                                 files_.size() + 1, split_));
  }
  first_units_.push_back(units_);
  files_.push_back(std::move(file));
  units_ += more;
}

Interval LineFiles::units_of(std::uint32_t file) const {
  return make_interval(first_units_[file], file + 1 < files_.size() ? first_units_[file + 1] : units_);
}

LineRange LineFiles::range_of(UnitId unit) const {
  if (unit.value() >= units_) {
    throw Error(ExitCode::internal, fmt::format("unit {} of {} units of lines", unit.value(), units_));
  }
  // Of files that begin with the same unit, the last one has it: those before are empty.
  const auto behind = std::upper_bound(first_units_.begin(), first_units_.end(), unit.value());
  const auto place = static_cast<std::size_t>(behind - first_units_.begin()) - 1;
  const LineFile& file = files_[place];
  LineRange range{static_cast<std::uint32_t>(place), 0, kUnbounded};
  if (file.compression == Compression::none) {
    range.begin = (unit.value() - first_units_[place]) * split_;
    range.end = split_ < file.size - range.begin ? range.begin + split_ : file.size;
  }
  return range;
}

void LineFiles::encode(ByteWriter& out) const {
  out.put(kVersion);
  out.put(split_);
  out.put(std::uint64_t{files_.size()});
  std::string_view before;
  for (const LineFile& file : files_) {
    out.put(file.size);
    out.put(file.modified);
    out.put(file.checksum);
    out.put(file.compression);
    if (file.path.size() > kLongestPath) throw Error(ExitCode::bad_input, "a path is longer than 65,535 bytes");
    const std::size_t shared = shared_beginning(before, file.path);
    out.put(static_cast<std::uint16_t>(shared));
    out.put(static_cast<std::uint16_t>(file.path.size() - shared));
    out.put_raw(file.path.data() + shared, file.path.size() - shared);
    before = file.path;
  }
}

LineFiles LineFiles::decode(ByteReader& in) {
  if (in.get<std::uint8_t>() != kVersion) damaged("an unknown version");
  const auto split = in.get<std::uint64_t>();
  if (split == 0) damaged("a split of no bytes");
  LineFiles files(split);
  const std::uint64_t count = in.get_count(kBytesEach);
  if (count > std::numeric_limits<std::uint32_t>::max()) damaged("too many files");
  files.files_.reserve(count);
  files.first_units_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    LineFile file = decode_file(in, i == 0 ? std::string_view() : std::string_view(files.files_.back().path));
    if (units_in(file, split) > kMostUnits - files.units_) damaged("too many units");
    files.add(std::move(file));
  }
  return files;
}

}  // namespace kiln::units
