#pragma once

#include "units/unit_payload.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::exec {

/// Makes the variables of units from what came with them: KILN_WORKER always; KILN_LINE and the names that disBatch and
/// the TACC launcher gave them in a task file; the index in an array.
class UnitVariables {
 public:
  /// `worker`: number of the worker, from 0.
  explicit UnitVariables(std::int32_t worker);

  /// Each NAME=value ended by a NUL; valid until the next call.
  std::string_view of(const units::UnitFields& fields);

 private:
  void put(std::string_view name, std::string_view value);

  std::string text_;
  std::size_t common_ = 0;  // what all units have
  std::string worker_;
};

/// The index in an array among such variables; nothing where there is none.
std::optional<std::uint64_t> array_index_of(std::string_view variables);

}  // namespace kiln::exec
