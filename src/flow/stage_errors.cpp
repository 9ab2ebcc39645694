#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/keyed/key_failure.hpp>
#include <kiln/detail/stage_loop.hpp>
#include <kiln/error.hpp>
#include "base/text.hpp"

#include <cxxabi.h>
#include <fmt/core.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <typeinfo>

namespace kiln::detail {

namespace {

// What it says; of one that says nothing what it is.
std::string words_of(const std::exception& error) {
  if (const std::string_view said = error.what(); !said.empty()) return std::string(said);
  const char* const type = typeid(error).name();
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type, nullptr, nullptr, nullptr), std::free);
  return fmt::format("{} without a text", name == nullptr ? type : name.get());
}

}  // namespace

std::string failure_text(const std::exception& error) { return "exception: " + words_of(error); }

std::string cause_text(const JoinFailure& failure) {
  try {
    std::rethrow_exception(failure.cause());
  } catch (const std::exception& error) {
    return failure_text(error);
  } catch (...) {
    return kUnknownException;
  }
}

void throw_with_key(const std::exception& error, std::string_view key) {
  const std::string said = words_of(error);
  throw std::runtime_error(key.empty() ? said : fmt::format("{} (at the key {})", said, for_message(key, 60)));
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
