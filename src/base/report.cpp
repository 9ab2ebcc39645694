#include <fmt/core.h>

#include <kiln/report.hpp>

namespace kiln::detail {

bool has_value(const StageResult& result, std::size_t at) {
  if (at < result.forests.size() && result.forests[at] != nullptr) return result.forests[at]->nodes() != 0;
  return result.values[at].has_value();
}

void expect_values(const StageResult& result, std::size_t count) {
  if (result.values.size() == count) return;
  throw Error(ExitCode::internal, fmt::format("a stage came back with {} reduced values, and has {} reductions",
                                              result.values.size(), count));
}

}  // namespace kiln::detail
