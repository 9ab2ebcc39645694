#pragma once

#include <cstdint>
#include <string_view>

namespace kiln {

/// A line of a file: what Flow::lines gives. Where a step takes a std::string_view, it is the line's text. All of it is
/// valid while its step runs.
struct Line {
  std::string_view text;  ///< without its line end ("\n" or "\r\n")
  std::string_view file;
  std::uint64_t offset = 0;  ///< of its first byte in the (uncompressed) file

  operator std::string_view() const { return text; }  // NOLINT(*-explicit-*): so that a parser of text is a step
};

/// A record of a binary file: what Flow::records gives. Where a step takes a std::string_view, it is its bytes. All of
/// it is valid while its step runs.
struct Record {
  std::string_view bytes;
  std::string_view file;
  std::uint64_t offset = 0;  ///< of its first byte in the file

  operator std::string_view() const { return bytes; }  // NOLINT(*-explicit-*): as Line
};

/// Many lines of a file at once: what Flow::text gives. Whole lines, or where it was asked for, whole words; how many
/// is not promised, so what a step makes of them must not depend on where they are cut. All of it is valid while its
/// step runs.
struct Text {
  std::string_view text;  ///< with its line ends, as they are in the file
  std::string_view file;
  std::uint64_t offset = 0;  ///< of its first byte in the (uncompressed) file

  operator std::string_view() const { return text; }  // NOLINT(*-explicit-*): as Line
};

}  // namespace kiln
