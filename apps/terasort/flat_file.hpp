#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

/// A file that many workers write at once, each at its places. Until it is whole it is called NAME.part.
namespace terasort {

std::filesystem::path part_of(const std::filesystem::path& file);
/// Makes NAME.part, on one rank, before anybody writes. Throws kiln::Error (bad input), as all of this does where the
/// system refuses something.
void make_part(const std::filesystem::path& file);
/// NAME.part becomes the file, on one rank, when all that was written is durable. May be called again. Throws
/// std::runtime_error where it is not so long.
void finish(const std::filesystem::path& file, std::uint64_t bytes);
/// When it is finished, by an earlier launch perhaps: throws kiln::Error (bad input) where the file is gone, or of
/// another size.
void expect_there(const std::filesystem::path& file, std::uint64_t bytes);

/// Writes to NAME.part from one place on.
class PartWriter {
 public:
  /// Throws std::runtime_error where NAME.part is gone.
  PartWriter(const std::filesystem::path& file, std::uint64_t place);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  void add(const void* bytes, std::size_t size);
  /// All of it is on the disk.
  void finish();

 private:
  void flush();

  std::filesystem::path path_;
  int fd_;
  std::uint64_t place_;
  std::vector<char> buffer_;
};

}  // namespace terasort
