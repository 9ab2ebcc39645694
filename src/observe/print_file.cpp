#include "observe/print_file.hpp"

#include "base/start_directory.hpp"
#include "observe/terminal.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <kiln/error.hpp>
#include <vector>

namespace kiln::observe {
namespace {

constexpr std::uint32_t kMagic = 0x54525050;  // "PPRT"
constexpr std::uint64_t kOutCut = 1, kErrCut = 2;
constexpr std::uint64_t kForgetAtOnce = 8U << 20;  // bytes
constexpr std::uint64_t kBlock = 1U << 16;         // no file system has larger ones that matter here
constexpr unsigned kOffsetBits = 48;               // of a place

std::uint64_t offset_of(std::uint64_t place) { return place & ((std::uint64_t{1} << kOffsetBits) - 1); }

[[noreturn]] void cannot(const char* what, const std::string& path) {
  throw Error(ExitCode::stopped_early, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

}  // namespace

std::filesystem::path print_file_at(const std::filesystem::path& path, std::uint64_t place) {
  return place == 0 ? path : std::filesystem::path(fmt::format("{}.{}", path.string(), place));
}

// As it stands in the file. The checksum covers what is before it.
struct PrintFileHeader {
  std::uint32_t magic = kMagic;
  PrintFileReader::Kind kind = PrintFileReader::Kind::unit;
  std::uint64_t unit = 0;
  std::uint64_t out_size = 0, err_size = 0;  // of the body
  std::uint64_t cut = 0;
  std::uint64_t body_sum = 0;
  std::uint64_t sum = 0;

  std::uint64_t own_sum() const {
    return checksum(as_bytes({reinterpret_cast<const char*>(this), offsetof(PrintFileHeader, sum)}));
  }
};

namespace {

void append(int descriptor, const std::string& path, PrintFileHeader header, const std::string& body) {
  header.body_sum = checksum(as_bytes(body));
  header.sum = header.own_sum();
  const std::string_view front(reinterpret_cast<const char*>(&header), sizeof header);
  if (!write_fully(descriptor, front) || !write_fully(descriptor, body)) cannot("write", path);
}

}  // namespace

PrintFileWriter::PrintFileWriter(const std::filesystem::path& path, const schedule::IntervalSet& units)
    : path_(path.string()),
      descriptor_(::open(from_start(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) cannot("make", path_);
  std::string body;
  for (const Interval interval : units.intervals()) {
    const std::array<std::uint64_t, 2> ends{interval.first.value(), interval.last.value()};
    body.append(reinterpret_cast<const char*>(ends.data()), sizeof ends);
  }
  append(descriptor_, path_, PrintFileHeader{.kind = PrintFileReader::Kind::begin, .out_size = body.size()}, body);
}

PrintFileWriter::~PrintFileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void PrintFileWriter::add(const PrintedUnit& unit) {
  std::string body;
  body.reserve(unit.out.size() + unit.err.size());
  body.append(unit.out).append(unit.err);
  append(descriptor_, path_,
         PrintFileHeader{.unit = unit.unit.value(),
                         .out_size = unit.out.size(),
                         .err_size = unit.err.size(),
                         .cut = (unit.out_cut ? kOutCut : 0) | (unit.err_cut ? kErrCut : 0)},
         body);
}

void PrintFileWriter::end() {
  append(descriptor_, path_, PrintFileHeader{.kind = PrintFileReader::Kind::end}, "");
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) cannot("write", path_);
}

PrintFileReader::~PrintFileReader() {
  for (const int descriptor : descriptors_) ::close(descriptor);
}

bool PrintFileReader::open(const std::filesystem::path& path) {
  path_ = path;
  return is_open() || open_next();
}

bool PrintFileReader::open_next() {
  const int descriptor = ::open(from_start(print_file_at(path_, descriptors_.size())).c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  descriptors_.push_back(descriptor);
  at_ = (descriptors_.size() - 1) << kOffsetBits;
  forgotten_ = 0;
  return true;
}

int PrintFileReader::descriptor_of(std::uint64_t place) const {
  const std::uint64_t file = place >> kOffsetBits;
  return file < descriptors_.size() ? descriptors_[file] : -1;
}

bool PrintFileReader::read_fully(std::uint64_t place, char* data, std::size_t size) const {
  const int descriptor = descriptor_of(place);
  std::uint64_t offset = offset_of(place);
  while (size != 0) {
    const ssize_t got = ::pread(descriptor, data, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    data += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// A network file system may show the end of a file before its middle: what does not fit is read again later.
std::optional<PrintFileHeader> PrintFileReader::header_at(std::uint64_t place) {
  std::array<char, sizeof(PrintFileHeader)> bytes{};
  if (!read_fully(place, bytes.data(), bytes.size())) return std::nullopt;
  PrintFileHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic || header.sum != header.own_sum()) return std::nullopt;
  return header;
}

// Whether the file has all of it. The sizes are not believed before: their sum may be too large for a number.
bool PrintFileReader::is_whole(std::uint64_t place, const PrintFileHeader& header) const {
  struct stat facts {};
  if (::fstat(descriptor_of(place), &facts) != 0) return false;
  const std::uint64_t begin = offset_of(place) + sizeof header, end = static_cast<std::uint64_t>(facts.st_size);
  return begin <= end && header.out_size <= end - begin && header.err_size <= end - begin - header.out_size;
}

bool PrintFileReader::read_body(std::uint64_t place, const PrintFileHeader& header) {
  if (!is_whole(place, header)) return false;
  body_.resize(header.out_size + header.err_size);
  return read_fully(place + sizeof header, body_.data(), body_.size()) && checksum(as_bytes(body_)) == header.body_sum;
}

// Looked for once more when the next file is there: the one before grew until then.
std::optional<PrintFileReader::Record> PrintFileReader::next() {
  if (auto record = next_here()) return record;
  if (!is_open() || ::access(from_start(print_file_at(path_, descriptors_.size())).c_str(), F_OK) != 0)
    return std::nullopt;
  if (auto record = next_here()) return record;
  return open_next() ? next_here() : std::nullopt;
}

std::optional<PrintFileReader::Record> PrintFileReader::next_here() {
  const auto header = header_at(at_);
  if (!header || !is_whole(at_, *header)) return std::nullopt;
  const Record record{header->kind, UnitId(header->unit), at_};
  at_ += sizeof *header + header->out_size + header->err_size;
  return record;
}

std::optional<schedule::IntervalSet> PrintFileReader::units(const Record& record) {
  const auto header = header_at(record.place);
  if (!header || !read_body(record.place, *header)) return std::nullopt;
  schedule::IntervalSet units;
  ByteReader in(as_bytes(body_), "the units to be printed");
  while (in.left() >= 2 * sizeof(std::uint64_t)) {
    const auto first = in.get<std::uint64_t>();
    units.insert(make_interval(first, std::max(first, in.get<std::uint64_t>())));
  }
  return units;
}

std::optional<PrintedUnit> PrintFileReader::unit_at(std::uint64_t place) {
  const auto header = header_at(place);
  if (!header || !read_body(place, *header)) return std::nullopt;
  const std::string_view body = body_;
  return PrintedUnit{UnitId(header->unit), body.substr(0, header->out_size), body.substr(header->out_size),
                     (header->cut & kOutCut) != 0, (header->cut & kErrCut) != 0};
}

void PrintFileReader::forget() {
  const std::uint64_t end = offset_of(at_) / kBlock * kBlock;
  if (end < forgotten_ + kForgetAtOnce) return;
  ::fallocate(descriptor_of(at_), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(forgotten_),
              static_cast<off_t>(end - forgotten_));
  forgotten_ = end;
}

}  // namespace kiln::observe
