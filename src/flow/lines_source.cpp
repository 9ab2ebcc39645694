#include "flow/lines_source.hpp"

#include "base/quantity.hpp"
#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "flow/file_facts.hpp"
#include "flow/file_header.hpp"
#include "flow/path_pattern.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <filesystem>
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

std::vector<std::string> all_files(const detail::SourceSpec& source, bool may_find_none) {
  if (source.files.empty()) refuse("a source of files needs at least one file or pattern");
  std::vector<std::string> paths;
  std::unordered_set<std::string> seen;
  for (const std::string& pattern : source.files) {
    for (std::string& path : find_files(pattern, may_find_none)) {
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

[[noreturn]] void refuse_gone(const units::LineFile& file) {
  refuse(
      fmt::format("{} is not among the input files any more, and this run has read it; put it back, or go on with "
                  "--only-new, which keeps what it gave, {}",
                  for_message(file.path, 400), kAnew));
}

/// Those that can be opened.
units::LineFiles without(const units::LineFiles& files, const std::vector<std::uint32_t>& gone) {
  units::LineFiles there(files.split());
  for (std::uint32_t i = 0; i < files.files().size(); ++i) {
    if (!std::ranges::binary_search(gone, i)) there.add(files.files()[i]);
  }
  return there;
}

}  // namespace

units::LineFiles continued(const units::LineFiles& recorded, std::vector<units::LineFile> now,
                           const ResolveOptions& options, std::vector<std::uint32_t>& gone) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < now.size(); ++i) places.emplace(now[i].path, i);
  units::LineFiles files(recorded.split());
  for (const units::LineFile& before : recorded.files()) {
    const auto found = places.find(before.path);
    if (found == places.end()) {
      if (!options.gone_stay) refuse_gone(before);
      gone.push_back(static_cast<std::uint32_t>(files.files().size()));
    } else {
      expect_same(before, now[found->second]);
      places.erase(found);
    }
    files.add(before);
  }
  if (!places.empty() && !options.only_new) {
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
  const bool goes_on = !options.recorded.empty();
  for (const std::string& path : all_files(source, goes_on && options.gone_stay)) {
    found.push_back(look_at_file(source, path));
  }
  units::LineFiles files(source.unit_size);
  ResolvedSource resolved;
  std::vector<std::uint32_t> gone;
  if (!goes_on) {
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
    files = continued(recorded, std::move(found), options, gone);
    for (const std::uint32_t file : gone) resolved.gone.push_back({files.files()[file].path, files.units_of(file)});
    resolved.recorded_identity = identity_of(recorded);
    resolved.recorded_units = recorded.units();
  }
  if (source.records) check_headers(without(files, gone), *source.records);
  ByteWriter out;
  files.encode(out);
  resolved.units = files.units();
  resolved.descriptor = out.take();
  resolved.identity = identity_of(files);
  return resolved;
}

void expect_lines_there(ByteReader& in) {
  const auto files = units::LineFiles::decode(in);
  for (const units::LineFile& file : files.files()) {
    std::error_code ignored;
    if (std::filesystem::exists(from_start(file.path), ignored)) continue;
    refuse(fmt::format(
        "{} was read by earlier runs and is gone, and its stage has to read all of it again; put it back, {}",
        for_message(file.path, 400), kAnew));
  }
}

}  // namespace kiln::flow
