#include "flow/file_facts.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace kiln::flow {
namespace {

using units::Compression;
using namespace std::string_view_literals;

constexpr std::uint64_t kEnd = std::uint64_t{64} << 10;

struct Format {
  std::string_view begin, name;
};
constexpr std::array kRefused = {Format{"\xFD"
                                        "7zXZ\0"sv,
                                        "xz"},
                                 Format{"BZh"sv, "bzip2"}, Format{"\x04\x22\x4D\x18"sv, "lz4"}};

bool is_skippable_zstd(std::string_view head) {
  return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xF0U) == 0x50U &&
         head.substr(1, 3) == "\x2A\x4D\x18";
}

Compression compression_of(std::string_view path, std::string_view head) {
  if (head.starts_with("\x1F\x8B")) return Compression::gzip;
  if (head.starts_with("\x28\xB5\x2F\xFD") || is_skippable_zstd(head)) return Compression::zstd;
  for (const Format& format : kRefused) {
    // "BZh" alone may begin a text; bzip2 goes on with a digit and the digits of pi.
    if (!head.starts_with(format.begin)) continue;
    if (format.name == "bzip2" && head.substr(std::min<std::size_t>(4, head.size()), 3) != "1AY") continue;
    throw Error(ExitCode::bad_input,
                fmt::format("{} is packed with {}, which kiln does not read; unpack it, or pack it "
                            "with gzip or zstd",
                            for_message(path, 400), format.name));
  }
  if (path.ends_with(".gz")) return Compression::gzip;
  if (path.ends_with(".zst")) return Compression::zstd;
  return Compression::none;
}

// Appends [begin, end) of the file.
void append(PlainFile& file, std::uint64_t begin, std::uint64_t end, std::vector<char>& out) {
  file.go_to(begin, end);
  std::size_t used = out.size();
  out.resize(used + static_cast<std::size_t>(end - begin));
  while (used < out.size()) used += file.read(std::span(out).subspan(used));
}

// The bytes by which a file is known again; the first 64 KiB come first.
std::vector<char> ends_of(PlainFile& file, std::uint64_t size) {
  const std::uint64_t head = std::min(size, kEnd);
  std::vector<char> ends;
  append(file, 0, head, ends);
  append(file, std::max(head, size - head), size, ends);
  return ends;
}

units::LineFile look_at(const std::string& path, bool is_plain) try {
  PlainFile file(path);
  const FileState state = file.state();
  const std::vector<char> ends = ends_of(file, state.size);
  const std::string_view text(ends.data(), ends.size());
  return {path, state.size, state.modified, checksum(as_bytes(text)),
          is_plain ? Compression::none : compression_of(path, text.substr(0, kEnd))};
} catch (const Error&) {
  throw;
} catch (const std::runtime_error& error) {
  throw Error(ExitCode::bad_input, fmt::format("{}; check the file and its permissions", error.what()));
}

}  // namespace

units::LineFile look_at(const std::string& path) { return look_at(path, false); }
units::LineFile look_at_plain(const std::string& path) { return look_at(path, true); }

std::uint64_t ends_checksum(PlainFile& file, std::uint64_t size) {
  const std::vector<char> ends = ends_of(file, size);
  return checksum(as_bytes(std::string_view(ends.data(), ends.size())));
}

std::string change_of(std::uint64_t size_before, std::uint64_t size_now) {
  if (size_before == size_now) return fmt::format("the same {} bytes long, but with another content", size_now);
  return fmt::format("{} bytes long, and was {}", size_now, size_before);
}

}  // namespace kiln::flow
