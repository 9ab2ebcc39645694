#pragma once

#include <gtest/gtest.h>

#include <kiln/error.hpp>
#include <string>
#include <utility>

namespace kiln {

/// What the user reads where a call is refused, as it must be, with this exit code.
template <class F>
std::string refusal_of(ExitCode code, F&& call) {
  try {
    std::forward<F>(call)();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return "accepted";
}

}  // namespace kiln
