#include "job/mpirun_noise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kRule(74, '-');

std::vector<std::string> shown(const std::vector<std::string>& lines) {
  MpirunNoise noise;
  std::vector<std::string> all;
  for (const std::string& text : lines) {
    for (std::string& line : noise.line(text)) all.push_back(std::move(line));
  }
  for (std::string& line : noise.end()) all.push_back(std::move(line));
  return all;
}

TEST(MpirunNoise, WhatKilnSaysPasses) {
  EXPECT_THAT(shown({"kiln: 3 of 5 units", "", "-- a comment", "-----"}),
              ElementsAre("kiln: 3 of 5 units", "", "-- a comment", "-----"));
}

TEST(MpirunNoise, BannersThatRepeatWhatKilnSaysAreDropped) {
  EXPECT_THAT(shown({"before", kRule, "Primary job  terminated normally, but 1 process returned",
                     "a non-zero exit code. Per user-direction, the job has been aborted.", kRule, kRule,
                     "mpirun detected that one or more processes exited with non-zero status", kRule, "after"}),
              ElementsAre("before", "after"));
}

TEST(MpirunNoise, OtherBannersPassWithoutTheirRules) {
  EXPECT_THAT(shown({kRule, "There are not enough slots available in the system", "to satisfy the 99 slots", kRule}),
              ElementsAre("There are not enough slots available in the system", "to satisfy the 99 slots"));
}

TEST(MpirunNoise, TheDeathOfARankIsOneLine) {
  EXPECT_THAT(
      shown({kRule, "mpirun noticed that process rank 2 with PID 0 on node n1 exited on signal 9 (Killed).", kRule}),
      ElementsAre("kiln: process rank 2 with PID 0 on node n1 exited on signal 9 (Killed)"));
  EXPECT_THAT(shown({kRule, "something exited on signal 9.", kRule}),
              ElementsAre("kiln: something exited on signal 9"));
}

TEST(MpirunNoise, TalkOfSignalsIsDropped) {
  EXPECT_THAT(shown({"mpirun: Forwarding signal 10 to job", "kept"}), ElementsAre("kept"));
}

TEST(MpirunNoise, OfConnectionsThatNobodyNeedsNothingIsSaid) {
  EXPECT_THAT(shown({"[vm][[4,1],1][../opal/mca/btl/tcp/btl_tcp_proc.c:266:mca_btl_tcp_proc_create_interface_graph] "
                     "Unable to find reachable pairing between local and remote interfaces",
                     kRule, "At least one pair of MPI processes are unable to reach each other for", kRule}),
              ElementsAre("At least one pair of MPI processes are unable to reach each other for"));
}

TEST(MpirunNoise, ABannerThatIsCutOffIsStillJudged) {
  EXPECT_THAT(shown({kRule, "MPI_ABORT was invoked on rank 1"}), IsEmpty());
  EXPECT_THAT(shown({kRule, "no such thing"}), ElementsAre("no such thing"));
  EXPECT_THAT(shown({kRule}), IsEmpty());
}

TEST(MpirunNoise, TalkOfADeathIsDropped) {
  const std::string unpack =
      "[vm:30915] [[5181,0],0] ORTE_ERROR_LOG: Data unpack would read past end of buffer in file "
      "../../../orte/util/show_help.c at line 513";
  EXPECT_THAT(
      shown({"[vm:31224] PMIX ERROR: BAD-PARAM in file ../../../src/event/pmix_event_notification.c at line 1033",
             unpack, "NBC_Progress: an error 77 was found during schedule 0x55a541369a10 at row-offset 215",
             "Error in NBC_Start_round() (-1)",
             "[vm:02179] 19 more processes have sent help message help-mpi-btl-tcp.txt / client connect fail",
             "[vm:02179] Set MCA parameter \"orte_base_help_aggregate\" to 0 to see all help / error messages", kRule,
             "An MPI communication peer process has unexpectedly disconnected.  This", kRule, kRule,
             "mpirun has exited due to process rank 1 with PID 0 on",
             "node vm exiting improperly. There are three reasons this could occur:", "",
             "1. this process did not call \"init\" before exiting, but others in", kRule, "kept"}),
      ElementsAre("kept"));
}

TEST(MpirunNoise, OfConnectionsOnlyWhatComesOfADeathIsDropped) {
  const std::string reset =
      "[vm][[1,1],0][../opal/mca/btl/tcp/btl_tcp_frag.c:135:mca_btl_tcp_frag_send] mca_btl_tcp_frag_send: writev "
      "failed: "
      "Connection reset by peer (104)";
  const std::string state =
      "[vm][[1,1],0][../opal/mca/btl/tcp/btl_tcp_endpoint.c:1065:mca_btl_tcp_endpoint_send_handler] invalid connection "
      "state (2)";
  const std::string pipe =
      "[vm][[1,1],0][../opal/mca/btl/tcp/btl_tcp_frag.c:135:mca_btl_tcp_frag_send] mca_btl_tcp_frag_send: writev "
      "failed: Broken pipe (32)";
  const std::string refused =
      "[vm][[1,1],0][../opal/mca/btl/tcp/btl_tcp_endpoint.c:625:mca_btl_tcp_endpoint_recv_connect_ack] bad identifier";
  const std::string connect = "WARNING: Open MPI failed to TCP connect to a peer MPI process.  This";
  EXPECT_THAT(shown({refused, kRule, connect, kRule}), ElementsAre(refused, connect));
  EXPECT_THAT(shown({reset, refused, kRule, connect, kRule, refused}), IsEmpty());
  EXPECT_THAT(shown({pipe, refused, kRule, connect, kRule}), IsEmpty());
  // Of a closed connection, and may come before anything tells why it is closed.
  EXPECT_THAT(shown({state}), IsEmpty());
}

// Said before anything tells of the death, and by a process that may be killed while it says it.
TEST(MpirunNoise, OfAConnectionOfAnotherLaunchNothingIsSaidHoweverMuchOfItCame) {
  const std::vector<std::string> text{"WARNING: Open MPI accepted a TCP connection from what appears to be a",
                                      "another Open MPI process but cannot find a corresponding process",
                                      "entry for that peer.",
                                      "",
                                      "This attempted connection will be ignored; your MPI job may or may not",
                                      "continue properly.",
                                      "",
                                      "  Local host: vm",
                                      "  PID:        4086"};
  for (std::size_t lines = 1; lines <= text.size(); ++lines) {
    std::vector<std::string> cut{kRule};
    cut.insert(cut.end(), text.begin(), text.begin() + static_cast<std::ptrdiff_t>(lines));
    EXPECT_THAT(shown(cut), IsEmpty()) << lines;
    cut.push_back(kRule);
    EXPECT_THAT(shown(cut), IsEmpty()) << lines;
  }
  for (std::size_t letters = 8; letters < text[0].size(); ++letters) {
    EXPECT_THAT(shown({kRule, text[0].substr(0, letters)}), IsEmpty()) << letters;
  }
  EXPECT_THAT(shown({kRule, "WARNING: there is no space left"}), ElementsAre("WARNING: there is no space left"));
  EXPECT_THAT(shown({kRule, "WARNING: Open MPI", kRule}), ElementsAre("WARNING: Open MPI"));
}

TEST(MpirunNoise, ALostNodeIsOneLine) {
  EXPECT_THAT(shown({kRule, "ORTE has lost communication with a remote daemon.", "",
                     "  HNP daemon   : [[1,0],0] on node n1", "  Remote daemon: [[1,0],1] on node n2", "",
                     "This is usually due to either a failure of the TCP network", kRule}),
              ElementsAre("kiln: mpirun has lost the node n2"));
}

TEST(MpirunNoise, NothingIsDroppedWhereAllIsAskedFor) {
  MpirunNoise noise(true);
  EXPECT_THAT(noise.line(kRule), ElementsAre(kRule));
  EXPECT_THAT(noise.line("MPI_ABORT was invoked on rank 1"), ElementsAre("MPI_ABORT was invoked on rank 1"));
  EXPECT_THAT(noise.end(), IsEmpty());
}

TEST(MpirunNoise, LinesBehindALoneRuleAreNotHeldBackForEver) {
  MpirunNoise noise;
  noise.line(kRule);
  std::size_t held = 0;
  while (held < 100 && noise.line("text").empty()) ++held;
  EXPECT_LT(held, 50U);
  EXPECT_THAT(noise.line("at once"), ElementsAre("at once"));
}

}  // namespace
}  // namespace kiln::job
