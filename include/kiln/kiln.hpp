#pragma once

/// All of kiln's library but kiln/testing.hpp, kiln/serialization.hpp and kiln/array_file.hpp.

#ifdef __FAST_MATH__
#error "kiln: -ffast-math lets the compiler reorder sums: results would change from run to run. Compile without it."
#endif

#include <kiln/codec.hpp>
#include <kiln/columns.hpp>
#include <kiln/descending.hpp>
#include <kiln/error.hpp>
#include <kiln/flow.hpp>
#include <kiln/grid.hpp>
#include <kiln/group.hpp>
#include <kiln/inputs.hpp>
#include <kiln/job.hpp>
#include <kiln/line.hpp>
#include <kiln/monoid.hpp>
#include <kiln/monoids.hpp>
#include <kiln/program.hpp>
#include <kiln/random.hpp>
#include <kiln/records.hpp>
#include <kiln/report.hpp>
#include <kiln/run_main.hpp>
#include <kiln/session.hpp>
#include <kiln/sinks.hpp>
#include <kiln/slice.hpp>
#include <kiln/so_far.hpp>
#include <kiln/sorted_range.hpp>
#include <kiln/stream.hpp>
#include <kiln/unit.hpp>
#include <kiln/unordered.hpp>
