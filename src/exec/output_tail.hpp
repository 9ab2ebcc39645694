#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace kiln::exec {

/// The last bytes of a stream, at most so many.
class OutputTail {
 public:
  /// Forgets all. 0: nothing is held.
  void begin(std::size_t most);
  void append(std::string_view bytes);
  std::size_t size() const { return ring_.size(); }
  /// What is held, in order, as two pieces.
  std::array<std::string_view, 2> pieces() const;
  /// Gives large memory back.
  void release();

 private:
  std::size_t most_ = 0;
  std::string ring_;
  std::size_t next_ = 0;  // the oldest byte, once the ring is full
};

}  // namespace kiln::exec
