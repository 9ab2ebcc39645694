#include "job/slurm_nodes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace kiln::job {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Variables kJob{{"SLURM_JOB_NODELIST", "n[1-3]"}, {"SLURM_JOB_CPUS_PER_NODE", "2(x2),8"}};

// A cluster in which these nodes start nothing.
Ask cluster(const std::set<std::string>& lost, bool names = true) {
  return [=](const std::vector<std::string>& words) {
    if (words.at(0) == "/b/scontrol") return Answer{names, "n1\nn2\nn3\n"};
    const bool well = std::none_of(lost.begin(), lost.end(), [&](const std::string& node) {
      return std::find(words.begin(), words.end(), "--nodelist=" + node) != words.end();
    });
    return Answer{well, ""};
  };
}

SlurmNodes find(const Ask& ask, const Variables& variables = kJob) {
  return find_slurm_nodes(variables, "/b/scontrol", "/b/srun", ask);
}

TEST(SlurmNodes, TheLostOnesAreLeftOut) {
  const SlurmNodes nodes = find(cluster({"n2"}));
  EXPECT_EQ(nodes.hosts, "n1:2,n3:8");
  EXPECT_EQ(nodes.cpus, 10U);
  EXPECT_THAT(nodes.silent, ElementsAre("n2"));
}

TEST(SlurmNodes, AllOfThemWhereNothingIsKnown) {
  const Variables one{{"SLURM_JOB_NODELIST", "n1"}, {"SLURM_JOB_CPUS_PER_NODE", "2"}};
  const Variables more{{"SLURM_JOB_NODELIST", "n[1-3]"}, {"SLURM_JOB_CPUS_PER_NODE", "2(x4)"}};
  for (const SlurmNodes& nodes : {find(cluster({})), find(cluster({"n1", "n2", "n3"})), find(cluster({"n1"}, false)),
                                  find(cluster({"n1"}), one), find(cluster({"n1"}), more), find(cluster({"n1"}), {}),
                                  find_slurm_nodes(kJob, "", "/b/srun", cluster({"n1"}))}) {
    EXPECT_EQ(nodes.hosts, "");
    EXPECT_EQ(nodes.cpus, 0U);
    EXPECT_THAT(nodes.silent, IsEmpty());
  }
}

TEST(SlurmHosts, NamesAndCpus) {
  const auto hosts = slurm_hosts(kJob, "/b/scontrol", cluster({}));
  ASSERT_EQ(hosts.size(), 3U);
  EXPECT_EQ(hosts[0].name, "n1");
  EXPECT_EQ(hosts[2].cpus, 8U);
  EXPECT_THAT(slurm_hosts({}, "/b/scontrol", cluster({})), IsEmpty());
  EXPECT_THAT(slurm_hosts(kJob, "/b/scontrol", cluster({}, false)), IsEmpty());
  EXPECT_EQ(slurm_hosts({{"SLURM_JOB_CPUS_PER_NODE", "6"}}, "", {}).at(0).cpus, 6U);
}

TEST(AskAll, TheAnswersStandInTheOrderOfTheQuestions) {
  std::vector<std::vector<std::string>> questions;
  for (int i = 0; i < 300; ++i) questions.push_back({std::to_string(i)});
  const auto answers = ask_all(questions, [](const std::vector<std::string>& words) {
    return Answer{true, words.at(0) + "!"};
  });
  ASSERT_EQ(answers.size(), questions.size());
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].text, std::to_string(i) + "!");
}

}  // namespace
}  // namespace kiln::job
