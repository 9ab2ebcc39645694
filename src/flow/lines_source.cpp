#include "flow/lines_source.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "flow/file_facts.hpp"
#include "flow/file_header.hpp"
#include "flow/path_pattern.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kiln::flow {
namespace {

constexpr std::string_view kAnew = "or begin anew in another run directory (--out)";

[[noreturn]] void refuse(const std::string& text) { throw Error(ExitCode::bad_input, text); }

units::LineFile look_at_file(const detail::SourceSpec& source, const std::string& path) {
  if (source.kind == detail::SourceSpec::Kind::lines) return look_at(path);
  units::LineFile file = look_at_plain(path);
  if (const std::uint64_t over = file.size % source.record_size; over != 0) {
    refuse(
        fmt::format("{} has {} bytes: {} records of {} bytes, and {} bytes more; give the size of a record that it was "
                    "written with, or see whether it was cut off",
                    for_message(path, 400), file.size, file.size / source.record_size, source.record_size, over));
  }
  return file;
}

std::vector<std::string> all_files(const detail::SourceSpec& source) {
  if (source.files.empty()) refuse("a source of files needs at least one file or pattern");
  std::vector<std::string> paths;
  std::unordered_set<std::string> seen;
  for (const std::string& pattern : source.files) {
    for (std::string& path : find_files(pattern)) {
      if (seen.insert(path).second) paths.push_back(std::move(path));
    }
  }
  return paths;
}

// Sizes and checksums, not times: a file that was copied or touched is the same.
std::string identity_of(const units::LineFiles& files) {
  ByteWriter out;
  std::uint64_t bytes = 0;
  for (const units::LineFile& file : files.files()) {
    out.put_text(file.path);
    out.put(file.size);
    out.put(file.checksum);
    out.put(file.compression);
    bytes += file.size;
  }
  return fmt::format("lines of {} files, {} bytes, split {}, checksum {:016x}", files.files().size(), bytes,
                     files.split(), checksum(out.view()));
}

void expect_same(const units::LineFile& before, const units::LineFile& now) {
  if (before.size == now.size && before.checksum == now.checksum) return;
  refuse(fmt::format("{} changed since this run first read it: it is {}; put the old file back, {}",
                     for_message(now.path, 400), change_of(before.size, now.size), kAnew));
}

}  // namespace

units::LineFiles continued(const units::LineFiles& recorded, std::vector<units::LineFile> now, bool only_new) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < now.size(); ++i) places.emplace(now[i].path, i);
  units::LineFiles files(recorded.split());
  for (const units::LineFile& before : recorded.files()) {
    const auto found = places.find(before.path);
    if (found == places.end()) {
      refuse(fmt::format("{} is not among the input files any more, and this run has read it; put it back, {}",
                         for_message(before.path, 400), kAnew));
    }
    expect_same(before, now[found->second]);
    files.add(before);
    places.erase(found);
  }
  if (!places.empty() && !only_new) {
    std::size_t first = now.size();
    for (const auto& [path, place] : places) first = std::min(first, place);
    refuse(fmt::format(
        "{} new input file{} since this run began, {} for one; --only-new adds them behind the others, "
        "{}",
        format_count(places.size()), places.size() == 1 ? "" : "s", for_message(now[first].path, 400), kAnew));
  }
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (const auto left = places.find(now[i].path); left != places.end()) {
      places.erase(left);
      files.add(std::move(now[i]));
    }
  }
  return files;
}

ResolvedSource resolve_lines(const detail::SourceSpec& source, const ResolveOptions& options) {
  if (source.unit_size == 0) throw Error(ExitCode::usage, "lines: a split of 0 bytes; give 1 or more");
  std::vector<units::LineFile> found;
  for (const std::string& path : all_files(source)) found.push_back(look_at_file(source, path));
  units::LineFiles files(source.unit_size);
  ResolvedSource resolved;
  if (options.recorded.empty()) {
    for (units::LineFile& file : found) files.add(std::move(file));
  } else {
    ByteReader in(options.recorded, "the recorded files of a source of lines");
    const units::LineFiles recorded = units::LineFiles::decode(in);
    in.expect_done();
    if (recorded.split() != source.unit_size) {
      refuse(
          fmt::format("the files were split every {} bytes when this run began, not every {}; give the old split, {}",
                      recorded.split(), source.unit_size, kAnew));
    }
    files = continued(recorded, std::move(found), options.only_new);
    resolved.recorded_identity = identity_of(recorded);
    resolved.recorded_units = recorded.units();
  }
  if (source.records) check_headers(files, *source.records);
  ByteWriter out;
  files.encode(out);
  resolved.units = files.units();
  resolved.descriptor = out.take();
  resolved.identity = identity_of(files);
  return resolved;
}

}  // namespace kiln::flow
