#include "job/unit_needs.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>

namespace kiln::job {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

RunOptions needs(std::uint32_t cpus, std::uint32_t gpus = 0, std::optional<std::uint32_t> workers = {}) {
  RunOptions options;
  options.cpus_per_unit = cpus;
  options.gpus_per_unit = gpus;
  options.workers = workers;
  return options;
}

std::string complaint(const RunOptions& options, const std::vector<Host>& hosts, std::size_t gpus = 0) {
  return refusal_of(ExitCode::usage, [&] { place_workers(options, hosts, gpus); });
}

TEST(PlaceWorkers, AsManyAsThereIsRoomFor) {
  const Placement here = place_workers(needs(4), {{"", 18}}, 0);
  EXPECT_EQ(here.workers, 4U);
  EXPECT_EQ(here.hosts, "");
  const Placement nodes = place_workers(needs(4), {{"n1", 8}, {"n2", 2}, {"n3", 9}}, 0);
  EXPECT_EQ(nodes.workers, 4U);
  EXPECT_EQ(nodes.hosts, "n1:3,n3:2");  // the coordinator is on the first
  RunOptions works = needs(4, 0, 3);
  works.coordinator_works = true;
  EXPECT_EQ(place_workers(works, {{"n1", 8}, {"n2", 8}}, 0).hosts, "n1:2,n2:1");
}

TEST(PlaceWorkers, OnWhatIsLeftOfAJob) {
  const Placement all = place_workers_left(needs(4, 0, 5), {{"n1", 8}, {"n2", 12}}, 0);
  EXPECT_EQ(all.workers, 5U);
  const Placement fewer = place_workers_left(needs(4, 0, 5), {{"n2", 12}}, 0);
  EXPECT_EQ(fewer.workers, 3U);
  EXPECT_EQ(fewer.hosts, "n2:4") << "mpirun must not wait for the others";
  EXPECT_EQ(place_workers_left(needs(4), {{"n1", 3}, {"n2", 2}}, 0).workers, 0U);
  EXPECT_EQ(place_workers_left(needs(1, 1), {{"n1", 3}}, 0).workers, 0U);
}

TEST(PlaceWorkers, GpusLimitThemToo) {
  EXPECT_EQ(place_workers(needs(1, 1), {{"", 64}}, 4).workers, 4U);
  EXPECT_EQ(place_workers(needs(0, 2), {{"n1", 64}, {"n2", 64}}, 5).hosts, "n1:3,n2:2");
}

TEST(PlaceWorkers, WhatCannotBeIsRefused) {
  EXPECT_THAT(complaint(needs(8), {{"n1", 4}, {"n2", 6}}), HasSubstr("has more than 6 CPUs"));
  EXPECT_THAT(complaint(needs(4, 0, 5), {{"n1", 8}, {"n2", 8}}), HasSubstr("room for 4 workers here"));
  EXPECT_THAT(complaint(needs(4, 0, 5), {{"n1", 7}}), HasSubstr("room for 1 worker here"));
  EXPECT_THAT(complaint(needs(1, 1), {{"", 4}}), HasSubstr("no GPU is known"));
  EXPECT_THAT(complaint(needs(1, 4), {{"", 4}}, 2), HasSubstr("2 are known here"));
}

TEST(PlaceWorkers, FewerGpusThanCpusAreTold) {
  EXPECT_EQ(placement_note(needs(1, 1), {{"n1", 64}, {"n2", 64}}, 4),
            "--gpus-per-unit 1: 4 GPUs on each machine make 8 workers, where the CPUs would do for 128");
  EXPECT_THAT(placement_note(needs(16, 1), {{"", 64}}, 1), HasSubstr("1 GPU on each machine make 1 worker, "));
  EXPECT_EQ(placement_note(needs(16, 1), {{"", 64}}, 4), "");
  EXPECT_EQ(placement_note(needs(1, 1, 2), {{"", 64}}, 4), "") << "-n says how many";
  EXPECT_EQ(placement_note(needs(4), {{"", 64}}, 0), "");
}

TEST(AllocationNote, WhereOptionsAndTheJobDiffer) {
  EXPECT_EQ(allocation_note(needs(0, 0, 64), 8, 0), "-n 64: this job has 8 CPUs, which the workers share");
  EXPECT_EQ(allocation_note(needs(0, 0, 8), 8, 4), "");
  EXPECT_EQ(allocation_note(needs(0, 0, 64), 0, 0), "") << "no job";
  EXPECT_THAT(allocation_note(needs(0), 32, 8), HasSubstr("--cpus-per-unit 8 gives each command 8 CPUs"));
  EXPECT_EQ(allocation_note(needs(0), 32, 1), "");
  EXPECT_EQ(allocation_note(needs(8), 32, 8), "");
  EXPECT_EQ(allocation_note(needs(0, 1), 32, 8), "");
}

TEST(ParseHosts, AsMpirunTakesThem) {
  const auto hosts = parse_hosts("n1:4,n2:16");
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[1].name, "n2");
  EXPECT_EQ(hosts[1].cpus, 16U);
}

TEST(VisibleGpus, WhoSaysSo) {
  EXPECT_THAT(visible_gpus({{"CUDA_VISIBLE_DEVICES", "3,GPU-ab-cd"}, {"SLURM_JOB_GPUS", "0"}}),
              ElementsAre("3", "GPU-ab-cd"));
  EXPECT_THAT(visible_gpus({{"CUDA_VISIBLE_DEVICES", ""}, {"SLURM_STEP_GPUS", "0-2,5"}, {"SLURM_JOB_GPUS", "0"}}),
              ElementsAre("0", "1", "2", "5"));
  EXPECT_THAT(visible_gpus({}), IsEmpty());
}

exec::CommandSetup setup(std::uint32_t cpus, std::uint32_t gpus) {
  exec::CommandSetup setup;
  setup.first_worker = 1;
  setup.needs.cpus = cpus;
  setup.needs.gpus = gpus;
  setup.environment = {"OMP_NUM_THREADS=64", "CUDA_VISIBLE_DEVICES=0,1,2,3", "PATH=/bin"};
  return setup;
}

TEST(TakePlace, EachWorkerHasItsOwn) {
  const std::vector<std::uint32_t> cpus = {0, 4, 1, 5, 2, 6, 3, 7};
  const std::vector<std::string> gpus = {"a", "b", "c", "d"};
  exec::CommandSetup first = setup(2, 1);
  EXPECT_EQ(take_place(first, Rank(1), 1, cpus, gpus), "");  // the coordinator is local rank 0
  EXPECT_THAT(first.cpus, ElementsAre(0, 4));
  EXPECT_THAT(first.environment, Contains("OMP_NUM_THREADS=2"));
  EXPECT_THAT(first.environment, Not(Contains("OMP_NUM_THREADS=64")));
  EXPECT_THAT(first.environment, Contains("CUDA_VISIBLE_DEVICES=a"));
  exec::CommandSetup other_host = setup(2, 1);
  take_place(other_host, Rank(9), 3, cpus, gpus);
  EXPECT_THAT(other_host.cpus, ElementsAre(3, 7));
  EXPECT_THAT(other_host.environment, Contains("CUDA_VISIBLE_DEVICES=d"));
}

TEST(TakePlace, WithoutNeedsNothingChanges) {
  exec::CommandSetup plain = setup(0, 0);
  EXPECT_EQ(take_place(plain, Rank(1), 1, {0, 1}, {}), "");
  EXPECT_EQ(plain.environment, setup(0, 0).environment);
  EXPECT_THAT(plain.cpus, IsEmpty());
}

TEST(TakePlace, TooFew) {
  exec::CommandSetup unbound = setup(2, 0);
  EXPECT_THAT(take_place(unbound, Rank(2), 2, {0, 1, 2}, {}), HasSubstr("bound to no CPUs"));
  EXPECT_THAT(unbound.cpus, IsEmpty());
  exec::CommandSetup without = setup(0, 2);
  EXPECT_THAT(refusal_of(ExitCode::usage,
                         [&] {
                           take_place(without, Rank(2), 2, {}, {"a", "b", "c"});
                         }),
              HasSubstr("worker 2 of this machine has none left"));
}

}  // namespace
}  // namespace kiln::job
