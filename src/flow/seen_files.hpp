#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/stage.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace kiln::flow {

/// The files that stages of one launch have read, as they were when these began.
class SeenFiles {
 public:
  /// Notes the files of a source, of which `descriptor` is what resolve_source() found. Gives a line for each that was
  /// another when an earlier stage began: its name and what is different; and notes it as it is now.
  std::vector<std::string> note(const detail::SourceSpec& source, ByteView descriptor);

 private:
  struct Facts {
    std::uint64_t size = 0;
    std::uint64_t mark = 0;  // checksum of both ends; of a file in HDF5 its time
  };

  void note(const std::string& path, Facts now, std::vector<std::string>& changed);

  std::unordered_map<std::uint64_t, Facts> files_;  // by the checksum of the path: there may be millions
};

}  // namespace kiln::flow
