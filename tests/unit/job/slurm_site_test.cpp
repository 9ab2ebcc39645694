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

constexpr const char* kNarrow =
    "PartitionName=few Default=YES MinNodes=2 MaxNodes=4 MaxTime=00:05:00 State=UP TotalCPUs=16 TotalNodes=8 "
    "MaxMemPerNode=500 AllowAccounts=bio,Chem MaxCPUsPerNode=UNLIMITED\n"
    "PartitionName=half MinNodes=0 MaxNodes=UNLIMITED MaxTime=UNLIMITED State=UP TotalCPUs=16 TotalNodes=8 "
    "MaxMemPerNode=UNLIMITED DenyAccounts=bio MaxCPUsPerNode=1\n";
constexpr const char* kNodes =
    "few|2|(null)|7|1000\nfew|4|gpu:a100:2(S:0,1),shard:8|1|2000+\nhalf|2|(null)|8|1000\nnone|2|(null)|8|1000\nbad\n";

std::vector<Partition> narrow() {
  auto all = parse_partitions(kNarrow);
  add_shapes(all, kNodes);
  return all;
}

std::string refused_there(void (*change)(JobRequest&), const char* partition = "few") {
  JobRequest request = asking(partition, 2, std::chrono::minutes(5));
  request.account = "chem";
  request.most_nodes = 2;
  EXPECT_THAT(check_request(request, narrow()), IsEmpty());
  change(request);
  return refusal_of(ExitCode::usage, [&] { check_request(request, narrow()); });
}

TEST(SlurmSite, RefusesWhatWouldWaitForEver) {
  EXPECT_THAT(refused_there([](JobRequest& r) { r.nodes = r.most_nodes = 1; }),
              HasSubstr("--nodes 1 is fewer than a job must have in partition few: 2. Take -N 2"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.memory = std::uint64_t{600} << 20; }),
              HasSubstr("600M of memory a node (--mem, --mem-per-cpu) is more than partition few allows: 500M"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.account = "art"; }),
              HasSubstr("takes no jobs of account art, only those of bio, Chem"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.account = "bio"; }, "half"), HasSubstr("no jobs of account bio"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.cpus = 17; }), HasSubstr("17 CPUs are more than a job may have"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.cpus = 9; }, "half"), HasSubstr("partition half: 8. Ask for 8"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.cpus_per_unit = 5; }),
              HasSubstr("--cpus-per-unit 5: a job has 4 CPUs on a node of partition few at most"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.cpus_per_unit = 2; }, "half"),
              HasSubstr("a job has 1 CPU on a node"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.gpus_per_unit = 3; }),
              HasSubstr("--gpus-per-unit 3: no node of partition few has more than 2"));
  EXPECT_THAT(refused_there([](JobRequest& r) { r.gpus_per_unit = 1; }, "half"),
              HasSubstr("no node of partition half has a GPU that Slurm knows of"));
}

TEST(SlurmSite, LetsPassWhatItCannotJudge) {
  JobRequest request = asking("few", 0, std::chrono::minutes(5));
  request.account = "CHEM";
  request.cpus_per_unit = request.gpus_per_unit = 99;
  EXPECT_THAT(check_request(request, parse_partitions(kNarrow)), IsEmpty()) << "nodes are not known";
  request = asking("few", 2, std::chrono::minutes(5));
  EXPECT_THAT(check_request(request, narrow()), ElementsAre(HasSubstr("takes jobs of these accounts only: bio, Chem")));
}

TEST(SlurmSite, ATimeThatThePartitionAllows) {
  using std::chrono::minutes;
  EXPECT_EQ(usual_time(asking("few", 1, {}), narrow(), minutes(60)), minutes(5));
  EXPECT_EQ(usual_time(asking("few,half", 1, {}), narrow(), minutes(60)), minutes(60));
  EXPECT_EQ(usual_time(asking("", 1, {}), parse_partitions(kShown), minutes(60)), minutes(60));
  EXPECT_EQ(usual_time(asking("", 1, {}), {}, minutes(60)), minutes(60));
}

TEST(SlurmSite, MemoryThatAJobMustAskFor) {
  auto all = narrow();
  EXPECT_EQ(memory_to_ask(all[0]), std::uint64_t{500} << 20);
  EXPECT_EQ(memory_to_ask(all[1]), std::nullopt) << "it has no limit";
  all[0].shapes[1].memory = std::uint64_t{400} << 20;
  EXPECT_EQ(memory_to_ask(all[0]), std::nullopt) << "there are nodes with less";
  const auto given = parse_partitions("PartitionName=a MaxMemPerNode=500 DefMemPerCPU=100\n");
  EXPECT_TRUE(given[0].gives_memory);
  EXPECT_FALSE(all[0].gives_memory);
}

TEST(SlurmSite, CountsGpus) {
  EXPECT_EQ(parse_gpus("gpu:a100:4(S:0,2),shard:8"), 4U);
  EXPECT_EQ(parse_gpus("gpu:a:1,gpu:b:2"), 3U);
  EXPECT_EQ(parse_gpus("gpu"), 1U);
  EXPECT_EQ(parse_gpus("gpu:tesla"), 1U);
  for (const char* none : {"", "(null)", "mps:100", "gpus:3"}) EXPECT_EQ(parse_gpus(none), 0U) << none;
}

TEST(SlurmSite, AQosMayLiftLimits) {
  JobRequest request = asking("", 1, std::chrono::hours(5));
  request.quality = true;
  EXPECT_THAT(check_request(request, parse_partitions(kShown)), ElementsAre(HasSubstr("unless the --qos")));
}

TEST(SlurmSite, AsksScontrolAndSinfo) {
  const auto says = [](bool well) {
    return [well](const std::vector<std::string>& words) {
      if (words.front() == "/b/sinfo") return Answer{well, "long|8|gpu:2|8|1000\n"};
      EXPECT_THAT(words, ElementsAre("/b/scontrol", "show", "partition", "--oneliner"));
      return Answer{well, kShown};
    };
  };
  const auto all = ask_partitions("/b/scontrol", "/b/sinfo", says(true)).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].shapes.at(0).gpus, 2U);
  EXPECT_THAT(all[0].shapes, IsEmpty());
  EXPECT_EQ(ask_partitions("/b/scontrol", "", says(true)).value().size(), 3U);
  EXPECT_EQ(ask_partitions("/b/scontrol", "/b/sinfo", says(false)), std::nullopt);
  EXPECT_EQ(ask_partitions("", "/b/sinfo", says(true)), std::nullopt);
}

}  // namespace
}  // namespace kiln::job
