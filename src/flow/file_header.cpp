#include "flow/file_header.hpp"

#include "base/text.hpp"
#include "flow/record_parser.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <cstddef>
#include <span>
#include <stdexcept>

namespace kiln::flow {
namespace {

constexpr std::size_t kMostHeader = std::size_t{1} << 20, kPiece = std::size_t{4} << 10;

}  // namespace

std::unique_ptr<ByteStream> unpack(PlainFile& packed, const units::LineFile& file) {
  if (file.compression == units::Compression::none) return nullptr;
  std::string shown = for_message(file.path, 400);
  return file.compression == units::Compression::gzip ? unpack_gzip(packed, std::move(shown))
                                                      : unpack_zstd(packed, std::move(shown));
}

std::string read_header(const units::LineFile& file) {
  PlainFile plain(file.path);
  plain.go_to(0, file.size);
  const std::unique_ptr<ByteStream> unpacked = unpack(plain, file);
  ByteStream& stream = unpacked ? *unpacked : static_cast<ByteStream&>(plain);
  std::string text;
  bool quoted = false;
  while (text.size() < kMostHeader) {
    std::size_t seen = text.size();
    text.resize(seen + kPiece);
    const std::size_t got = stream.read(std::span(text).subspan(seen));
    text.resize(seen + got);
    if (got == 0) break;
    while (const std::size_t end = first_record(text, seen, quoted)) {
      seen = end;
      if (without_empty_lines(std::string_view(text).substr(0, end)).empty()) continue;
      text.resize(end);
      return text;
    }
  }
  return text;
}

void check_headers(const units::LineFiles& files, const detail::RecordFormat& format) {
  if (format.kind != detail::RecordFormat::Kind::csv) return;
  std::string last;  // most files have the header of the one before
  for (const units::LineFile& file : files.files()) {
    if (file.size == 0) continue;
    std::string header;
    try {
      header = read_header(file);
    } catch (const std::runtime_error& error) {
      throw Error(ExitCode::bad_input, fmt::format("{}: its header cannot be read", error.what()));
    }
    if (header == last) continue;
    if (const CsvColumns columns = match_columns(header, format); !columns.problem.empty()) {
      throw Error(ExitCode::bad_input, fmt::format("{} {}; the first line of each file must name the columns",
                                                   for_message(file.path, 400), columns.problem));
    }
    last = std::move(header);
  }
}

}  // namespace kiln::flow
