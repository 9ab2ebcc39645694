#pragma once

#include <kiln/detail/stage.hpp>

namespace kiln::flow {

/// The table of rejected records, behind the tables of a stage's rows sinks: file, offset, line, record, reason and how
/// many it stands for, with the unit.
inline constexpr const char* kRejectedTable = "rejected";

Table rejected_table();
/// `rows` is of rejected_table().
void put_rejected(Rows& rows, const detail::RejectedRecord& record);

/// Tables of a stage as its runner makes them: those of the rows sinks, then the rejected records.
Tables stage_tables(const detail::StagePlan& plan);

}  // namespace kiln::flow
