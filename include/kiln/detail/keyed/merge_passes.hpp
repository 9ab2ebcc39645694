#pragma once

#include <kiln/detail/keyed/merged_entries.hpp>
#include <kiln/detail/keyed/run.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Runs that take more memory than there is for them are merged in passes, until they do not. Neighbours are merged,
/// and take their place: entries come in the order in which they would have come of all runs at once.
namespace kiln::detail {

using OpenRuns = std::vector<std::unique_ptr<RunReader>>;

inline std::size_t bytes_of(std::span<const std::unique_ptr<RunReader>> runs) {
  std::size_t bytes = 0;
  for (const auto& run : runs) bytes += run->bytes();
  return bytes;
}

/// How many of the first of these are merged next, 2 at least: no more than can be read at once beside the block that
/// is written, nor than is needed for `others` and what comes of them to fit.
inline std::size_t merged_at_once(std::span<const std::unique_ptr<RunReader>> runs, std::size_t others,
                                  std::size_t memory) {
  std::size_t bytes = kMergeBlock, count = 0;
  std::size_t rest = others + bytes_of(runs);
  for (; count < runs.size(); ++count) {
    if (count >= 2 && (bytes + runs[count]->bytes() > memory || rest + kMergeBlock <= memory)) break;
    bytes += runs[count]->bytes();
    rest -= runs[count]->bytes();
  }
  return count;
}

/// `cursor_of(RunReader&)`: the entries of a run, as MergedEntries takes them.
template <class Format, class CursorOf>
std::unique_ptr<RunReader> merge_runs(std::span<const std::unique_ptr<RunReader>> runs, MergeSpace& space,
                                      CursorOf& cursor_of) {
  using Cursor = decltype(cursor_of(*runs.front()));
  std::vector<Cursor> cursors;
  cursors.reserve(runs.size());
  for (const auto& run : runs) cursors.push_back(cursor_of(*run));
  std::string block;
  for (MergedEntries<Format, Cursor> entries(std::move(cursors)); !entries.ended(); entries.next()) {
    const Entry& entry = entries.at();
    if (!block.empty() && block.size() + entry.size() > kMergeBlock) {
      space.write(block);
      block.clear();
    }
    block.append(entry.begin, entry.size());
  }
  if (!block.empty()) space.write(block);
  return space.end_run();
}

/// As many passes as it takes until `runs` fit into a `share`-th of the memory of `space`, or are two. Null: all fit.
template <class Format, class CursorOf>
void merge_to_fit(OpenRuns& runs, MergeSpace* space, std::size_t share, CursorOf cursor_of) {
  if (space == nullptr) return;
  const std::size_t memory = space->memory() / share;
  while (runs.size() > 2 && bytes_of(runs) > memory) {
    OpenRuns merged;
    std::size_t at = 0;
    while (at < runs.size()) {
      const std::span rest = std::span<const std::unique_ptr<RunReader>>(runs).subspan(at);
      const std::size_t done = bytes_of(merged);
      if (rest.size() == 1 || done + bytes_of(rest) <= memory) break;
      const std::size_t count = merged_at_once(rest, done, memory);
      merged.push_back(merge_runs<Format>(rest.first(count), *space, cursor_of));
      for (const std::size_t end = at + count; at < end; ++at) runs[at].reset();
    }
    std::move(runs.begin() + static_cast<std::ptrdiff_t>(at), runs.end(), std::back_inserter(merged));
    runs = std::move(merged);
  }
}

}  // namespace kiln::detail
