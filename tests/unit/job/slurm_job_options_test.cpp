#include "job/slurm_job_options.hpp"

#include <gmock/gmock.h>

namespace kiln::job {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// As Slurm 22.05 says it.
constexpr const char* kShown = R"(JobId=317 JobName=my name
   UserId=me(7) GroupId=us(7) MCS_label=N/A
   Priority=4294901752 Nice=5 Account=proj QOS=long
   JobState=RUNNING Reason=None Dependency=(null)
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   RunTime=00:00:00 TimeLimit=00:07:00 TimeMin=00:02:00
   Partition=lab AllocNode:Sid=localhost:23476
   ReqNodeList=n1 ExcNodeList=n2
   NodeList=n1
   NumNodes=1 NumCPUs=2 NumTasks=2 CPUs/Task=1 ReqB:S:C:T=0:0:*:1
   TRES=cpu=2,node=1,billing=2
   Socks/Node=* NtasksPerN:B:S:C=2:0:*:* CoreSpec=*
   MinCPUsNode=2 MinMemoryNode=100M MinTmpDiskNode=0
   Features=fast&ib DelayBoot=00:00:00
   Reservation=res1
   OverSubscribe=NO Contiguous=1 Licenses=foo:2 Network=(null)
   Command=/home/me/kiln-run.sbatch tasks.txt QOS=none
   WorkDir=/home/me
   Comment=a b  Partition=d 
   StdErr=/home/me/err.log
   StdIn=/dev/null
   StdOut=/home/me/3175-317/100%.log
   Power=
   CpusPerTres=gres:gpu:4
   TresPerNode=gres:gpu:a100:2,gres:shard:1
   MailUser=me@x MailType=END,FAIL
)";

TEST(OptionsOfJob, AreWhatItWasAskedForBehindSbatch) {
  EXPECT_THAT(
      options_of_job(kShown, {{"SLURM_JOB_NUM_NODES", "4"}, {"SLURM_NTASKS", "8"}, {"SLURM_MEM_PER_NODE", "0"}}),
      UnorderedElementsAre("--nodes=4", "--ntasks=8", "--mem=0", "--job-name=my name", "--nice=5", "--account=proj",
                           "--qos=long", "--time=00:07:00", "--time-min=00:02:00", "--partition=lab", "--nodelist=n1",
                           "--exclude=n2", "--mincpus=2", "--constraint=fast&ib", "--reservation=res1", "--contiguous",
                           "--licenses=foo:2", "--comment=a b  Partition=d", "--error=/home/me/err.log",
                           "--output=/home/me/3175-%j/100%%.log", "--gres=gpu:a100:2,shard:1", "--cpus-per-gpu=4",
                           "--mail-user=me@x", "--mail-type=END,FAIL"));
}

TEST(OptionsOfJob, WhatWasNotAskedForIsLeftToTheScript) {
  EXPECT_THAT(
      options_of_job("JobId=4 JobName=kiln\n   Nice=0 Account=(null) QOS=(null)\n"
                     "   TimeLimit=UNLIMITED TimeMin=N/A\n   ReqNodeList=(null) ExcNodeList=(null)\n"
                     "   CoreSpec=*\n   MinCPUsNode=1 MinMemoryCPU=50M MinTmpDiskNode=0\n"
                     "   Features=(null) DelayBoot=00:00:00\n   OverSubscribe=OK Contiguous=0 Licenses=(null)\n"
                     "   StdErr=/h/kiln-4.log\n   StdOut=/h/kiln-4.log\n",
                     {{"SLURM_MEM_PER_CPU", "50"}}),
      UnorderedElementsAre("--mem-per-cpu=50", "--job-name=kiln", "--time=UNLIMITED", "--output=/h/kiln-%j.log"));
}

TEST(OptionsOfJob, WaysToShareNodes) {
  EXPECT_THAT(options_of_job("OverSubscribe=YES Contiguous=0", {}), ElementsAre("--oversubscribe"));
  EXPECT_THAT(options_of_job("OverSubscribe=USER Contiguous=0", {}), ElementsAre("--exclusive=user"));
}

TEST(OptionsOfJob, GpusOfNewerVersionsToo) {
  EXPECT_THAT(options_of_job("TresPerNode=gres/gpu:2 TresPerTask=cpu=3\n", {}), ElementsAre("--gres=gpu:2"));
  EXPECT_THAT(options_of_job("TresPerJob=gres:gpu:a100:8", {}), ElementsAre("--gpus=a100:8"));
}

TEST(OptionsOfJob, WithoutAnAnswerOfSlurmTheVariablesCount) {
  EXPECT_THAT(options_of_job("", {{"SLURM_JOB_NUM_NODES", "2"}, {"SLURM_JOB_PARTITION", "p"}, {"SLURM_JOB_QOS", "q"}}),
              ElementsAre("--nodes=2", "--partition=p", "--qos=q"));
}

}  // namespace
}  // namespace kiln::job
