#include <kiln/detail/keyed/key_failure.hpp>
#include <kiln/detail/stage_loop.hpp>
#include <kiln/error.hpp>
#include "base/text.hpp"

#include <fmt/core.h>

#include <stdexcept>

namespace kiln::detail {

std::string failure_text(const std::exception& error) { return fmt::format("exception: {}", error.what()); }

void throw_with_key(const std::exception& error, std::string_view key) {
  throw std::runtime_error(key.empty() ? error.what()
                                       : fmt::format("{} (at the key {})", error.what(), for_message(key, 60)));
}

void throw_fold_failed(std::string_view where, std::string_view what) {
  throw Error(
      ExitCode::bad_input,
      fmt::format("a reduction threw when it joined values {}: {}. A monoid's merge() and add() must not throw: "
                  "let a step or lift() look at the item first",
                  where, what));
}

void throw_fold_failed(UnitId unit, std::string_view what) {
  throw_fold_failed(fmt::format("of unit {} with those of others", unit.value()), what);
}

}  // namespace kiln::detail
