#include "job/first_node.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kiln::job {
namespace {

using Nodes = std::vector<std::uint32_t>;

TEST(FirstNode, IsWatchedByTheNextOneInTheMiddleAndTheLast) {
  EXPECT_EQ(watching_nodes(0), Nodes{});
  EXPECT_EQ(watching_nodes(1), Nodes{});
  EXPECT_EQ(watching_nodes(2), Nodes{1});
  EXPECT_EQ(watching_nodes(3), (Nodes{1, 2}));
  EXPECT_EQ(watching_nodes(4), (Nodes{1, 2, 3}));
  EXPECT_EQ(watching_nodes(1000), (Nodes{1, 500, 999}));
}

struct Job {
  std::string state = "RUNNING", restarts = "1", nodes = "n[2-3]", names = "n2\nn3\n";
  bool well = true, names_well = true;

  bool lost() const {
    const Ask ask = [this](const std::vector<std::string>& words) {
      EXPECT_EQ(words.at(0), "/bin/scontrol");
      if (words.at(2) == "hostnames") {
        EXPECT_EQ(words.at(3), nodes);
        return Answer{names_well, names};
      }
      EXPECT_EQ(words.at(3), "17");
      return Answer{well, "JobId=17 JobName=x\n   JobState=" + state +
                              " Reason=None\n   Requeue=1 Restarts=" + restarts +
                              " BatchFlag=1\n   ReqNodeList=n1 ExcNodeList=(null)\n   NodeList=" + nodes + "\n"};
    };
    return first_node_is_lost("n1", {{"SLURM_JOB_ID", "17"}, {"SLURM_RESTART_COUNT", "1"}}, "/bin/scontrol", ask);
  }
};

TEST(FirstNode, IsLostWhenTheJobRunsWithoutIt) {
  EXPECT_TRUE(Job().lost());
  EXPECT_FALSE((Job{.nodes = "n[1-3]", .names = "n1\nn2\nn3\n"}.lost()));
  EXPECT_TRUE((Job{.nodes = "n[11-12]", .names = "n11\nn12\n"}.lost())) << "another name that begins so";
}

TEST(FirstNode, IsNotLostWhereTheJobWaitsOrBeganAnewOrNobodySays) {
  EXPECT_FALSE((Job{.state = "PENDING", .nodes = "(null)"}.lost()));
  EXPECT_FALSE((Job{.restarts = "2"}.lost()));
  EXPECT_FALSE((Job{.restarts = "11"}.lost()));
  EXPECT_FALSE((Job{.nodes = "", .names = ""}.lost()));
  EXPECT_FALSE((Job{.names = "", .names_well = false}.lost()));
  EXPECT_FALSE((Job{.names = ""}.lost()));
  EXPECT_FALSE((Job{.well = false}.lost()));
}

class WatchingNodeTest : public testing::Test {
 protected:
  std::string hear(int second, const std::vector<std::string>& lines = {}, bool ended = false) {
    return node.hear(lines, ended, at(second));
  }
  static Instant at(int second) { return Instant(std::chrono::seconds(second)); }
  const std::string looks = WatchingNode::kLooks;
  WatchingNode node{"node 2 of 4", "n1", std::chrono::seconds(120), at(1000)};
};

TEST_F(WatchingNodeTest, NothingIsSaidOfOneThatIsHeard) {
  EXPECT_EQ(hear(1100, {"srun: warning: slow", looks}), "");
  EXPECT_EQ(hear(1219), "");
  EXPECT_EQ(hear(1219, {looks}), "");
  EXPECT_EQ(hear(1300), "");
  EXPECT_EQ(node.trouble(), "");
}

TEST_F(WatchingNodeTest, OneThatIsSilentIsSaidOnceAndThatItIsHeardAgain) {
  const std::string silent = "node 2 of 4 has not been heard for 120 s and may not watch the first one, n1";
  EXPECT_EQ(hear(1119), "");
  EXPECT_EQ(hear(1120), silent);
  EXPECT_EQ(node.trouble(), silent);
  EXPECT_EQ(hear(1200), "");
  EXPECT_EQ(hear(1201, {looks}), "node 2 of 4 is heard again");
  EXPECT_EQ(node.trouble(), "");
  EXPECT_EQ(hear(1321, {"srun: Step creation still disabled"}), silent + ": srun: Step creation still disabled");
}

TEST_F(WatchingNodeTest, OneThatEndsIsSaidWithItsLastWords) {
  EXPECT_EQ(hear(1001, {looks}), "");
  EXPECT_EQ(hear(1002, {"srun: warning: slow", "srun: error: n2: gone", ""}, true),
            "node 2 of 4 does not watch the first one, n1: srun: error: n2: gone");
  EXPECT_TRUE(node.ended());
  EXPECT_EQ(hear(2000, {}, true), "");
  WatchingNode other("node 3 of 4", "n1", std::chrono::seconds(1), at(0));
  EXPECT_EQ(other.hear({}, true, at(0)), "node 3 of 4 does not watch the first one, n1: srun has ended");
}

}  // namespace
}  // namespace kiln::job
