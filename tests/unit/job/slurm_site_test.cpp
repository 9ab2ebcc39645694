#include "job/slurm_site.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kShown =
    "PartitionName=short AllowGroups=ALL Default=YES MaxNodes=2 MaxTime=04:00:00 State=UP TotalCPUs=32 TotalNodes=4\n"
    "PartitionName=long Default=NO MaxNodes=UNLIMITED MaxTime=7-00:00:00 State=UP TotalCPUs=64 TotalNodes=8\n"
    "PartitionName=old Default=NO MaxNodes=UNLIMITED MaxTime=UNLIMITED State=DOWN TotalCPUs=8 TotalNodes=1\n\n";

JobRequest asking(const std::string& partition, std::uint64_t nodes, TimeLimit time) {
  JobRequest request;
  request.partition = partition;
  request.nodes = nodes;
  request.time = time;
  return request;
}

std::string refused(const JobRequest& request) {
  return refusal_of(ExitCode::usage, [&] { check_request(request, parse_partitions(kShown)); });
}

TEST(SlurmSite, ReadsItsPartitions) {
  const auto all = parse_partitions(kShown);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "short");
  EXPECT_TRUE(all[0].usual);
  EXPECT_EQ(all[0].max_time, std::chrono::hours(4));
  EXPECT_EQ(all[0].max_nodes, 2U);
  EXPECT_EQ(all[1].cpus, 64U);
  EXPECT_EQ(all[1].max_nodes, std::nullopt);
  EXPECT_EQ(all[2].max_time, std::nullopt);
  EXPECT_FALSE(all[2].up);
  EXPECT_THAT(parse_partitions("slurm_load_partitions error\n"), IsEmpty());
}

TEST(SlurmSite, GrantsWhatFits) {
  const auto all = parse_partitions(kShown);
  EXPECT_THAT(check_request(asking("", 2, std::chrono::hours(4)), all), IsEmpty());
  EXPECT_THAT(check_request(asking("long", 8, std::chrono::days(7)), all), IsEmpty());
  EXPECT_THAT(check_request(asking("short,long", 8, std::chrono::days(7)), all), IsEmpty());
  EXPECT_THAT(check_request(asking("whatever", 8, std::chrono::days(7)), {}), IsEmpty()) << "nothing is known";
}

TEST(SlurmSite, RefusesWhatDoesNot) {
  EXPECT_THAT(refused(asking("lnog", 1, std::chrono::hours(1))), HasSubstr("no partition 'lnog'. Did you mean long?"));
  EXPECT_THAT(refused(asking("", 1, std::chrono::hours(5))),
              HasSubstr("--time 5:00:00 is more than partition short allows: 4:00:00"));
  EXPECT_THAT(refused(asking("long", 1, std::nullopt)), HasSubstr("--time UNLIMITED is more than"));
  EXPECT_THAT(refused(asking("", 3, std::chrono::hours(1))), HasSubstr("--nodes 3 is more than a job may have"));
  EXPECT_THAT(refused(asking("long", 9, std::chrono::hours(1))), HasSubstr("more than partition long has: 8"));
  EXPECT_THAT(refused(asking("old", 1, std::chrono::hours(1))), HasSubstr("old is not up"));
}

TEST(SlurmSite, AQosMayLiftLimits) {
  JobRequest request = asking("", 1, std::chrono::hours(5));
  request.quality = true;
  EXPECT_THAT(check_request(request, parse_partitions(kShown)), ElementsAre(HasSubstr("unless the --qos")));
}

TEST(SlurmSite, AsksScontrol) {
  const auto says = [](bool well) {
    return [well](const std::vector<std::string>& words) {
      EXPECT_THAT(words, ElementsAre("/b/scontrol", "show", "partition", "--oneliner"));
      return Answer{well, kShown};
    };
  };
  EXPECT_EQ(ask_partitions("/b/scontrol", says(true)).value().size(), 3U);
  EXPECT_EQ(ask_partitions("/b/scontrol", says(false)), std::nullopt);
  EXPECT_EQ(ask_partitions("", says(true)), std::nullopt);
}

}  // namespace
}  // namespace kiln::job
