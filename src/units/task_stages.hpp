#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::units {

/// Commands of a task file that begin together, when those of other stages have ended.
struct TaskStage {
  std::string name;  ///< "": the commands before the first stage
  std::int64_t line = 0;
  std::uint64_t first = 0;         ///< place of its first command; the next stage's is one behind its last
  std::vector<std::size_t> after;  ///< the stages before it, by their place in the list, ascending
};

inline constexpr std::size_t kLongestStageName = 60;

/// The lines "#kiln stage NAME [after=NAME,…]" of a task file, one after the other. All throw kiln::Error (bad_input)
/// that begins with file and line.
class StageLines {
 public:
  /// `file`: as messages name it.
  explicit StageLines(std::string file) : file_(std::move(file)) {}

  /// A directive that speaks of a stage.
  static bool is_stage(std::string_view line);
  /// The commands from this place on are of that stage. Throws where it is not understood, its name is taken, or the
  /// stage before it is empty.
  void add(std::string_view line, std::int64_t number, std::uint64_t place);
  /// After the last line. Throws where a name in after= is unknown, a stage comes after itself, or the last one is
  /// empty. Empty where the file has no stages.
  std::vector<TaskStage> end(std::uint64_t places);

 private:
  struct Name {
    std::string_view text;
    std::size_t at = 0;  // in its line
  };
  struct Line {
    std::string_view text;
    std::vector<Name> after;
  };
  [[noreturn]] void bad(std::size_t stage, std::size_t at, const std::string& why) const;
  [[noreturn]] void bad_line(std::int64_t number, std::string_view line, std::size_t at, const std::string& why) const;
  void check_name(std::string_view name, std::size_t at, std::int64_t number, std::string_view line) const;
  void read_after(std::string_view word, std::size_t at, std::int64_t number, Line& line) const;
  void check_filled(std::uint64_t places) const;
  std::size_t find(std::string_view name) const;
  std::vector<std::string> names_but(std::size_t stage) const;
  void resolve();
  void check_order() const;

  std::string file_;
  std::vector<TaskStage> stages_;
  std::vector<Line> lines_;  // of each stage; they stay where they are
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace kiln::units
