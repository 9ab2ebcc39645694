#include "exec/unit_variables.hpp"

#include "command_fixture.hpp"

#include <gmock/gmock.h>

namespace kiln::exec {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(UnitVariables, AreWhatCameWithTheUnit) {
  UnitVariables variables(3);
  EXPECT_EQ(variables.of({}), "KILN_WORKER=3\0"sv);
  units::UnitFields fields;
  fields.line = 12;
  fields.place = 7;
  EXPECT_EQ(variables.of(fields),
            "KILN_WORKER=3\0KILN_LINE=12\0LAUNCHER_JID=12\0LAUNCHER_TSK_ID=3\0DISBATCH_STREAM_INDEX=12\0"
            "DISBATCH_REPEAT_INDEX=-1\0DISBATCH_TASKID=7\0"sv);
  fields.repeat = 40;
  EXPECT_NE(variables.of(fields).find("DISBATCH_REPEAT_INDEX=40\0"sv), std::string_view::npos);
  units::UnitFields array;
  array.array_index = 0;
  EXPECT_EQ(variables.of(array), "KILN_WORKER=3\0SLURM_ARRAY_TASK_ID=0\0"sv);
}

/// Units with variables and a time limit of their own.
class OwnSettings : public CommandFixture {};

TEST_F(OwnSettings, VariablesAreOfOneCommandOnly) {
  const CommandResult own = client().run({UnitId(1), 1, "echo $A:$B:$GREETING", "A=one two\0B=\0"sv});
  EXPECT_EQ(own.out, "one two::good day\n");
  EXPECT_EQ(out_of("echo $A:$B:$GREETING"), "::good day\n");
  EXPECT_EQ(client().run({UnitId(2), 1, "echo $A$C$D$E", "C=3\0D=4\0E=5\0"sv}).out, "345\n");
  const CommandResult direct = client().run({UnitId(2), 1, "printenv A KILN_UNIT", "A=x\0"sv});
  EXPECT_EQ(direct.out, "x\n2\n");
  EXPECT_EQ(client().run({UnitId(3), 1, "printenv A"}).header.exit_code, 1);
}

TEST_F(OwnSettings, TimeLimitsAreOfOneCommandOnly) {
  setup_.grace = 100ms;
  UnitOrder order{UnitId(1), 1, "sleep 1000"};
  order.timeout = 50ms;
  EXPECT_EQ(client().run(order).header.ending, Ending::timed_out);
  EXPECT_EQ(client().run(UnitId(2), 1, "sleep 0.2").header.ending, Ending::exited);
}

TEST_F(OwnSettings, ATimeLimitMayBeTakenAway) {
  setup_.grace = 100ms;
  setup_.timeout = 50ms;
  UnitOrder order{UnitId(1), 1, "sleep 0.3"};
  order.timeout = 0ms;
  EXPECT_EQ(client().run(order).header.ending, Ending::exited);
  EXPECT_EQ(client().run(UnitId(2), 1, "sleep 1000").header.ending, Ending::timed_out);
}

}  // namespace
}  // namespace kiln::exec
