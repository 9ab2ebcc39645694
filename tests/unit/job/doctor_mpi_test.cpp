#include "job/doctor_mpi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::HasSubstr;

constexpr const char* kLibrary = "Open MPI v4.1.4";

Verdict of_mpirun(const std::string& said, const std::string& library = kLibrary) {
  return judge_mpirun("/usr/bin/mpirun", {true, said}, library).verdict;
}

const Finding& named(const Findings& all, const std::string& check) {
  for (const Finding& one : all) {
    if (one.check == check) return one;
  }
  throw std::runtime_error("no finding " + check);
}

TEST(DoctorMpi, MpirunBelongsToTheLibrary) {
  EXPECT_EQ(of_mpirun("mpirun (Open MPI) 4.1.4\n\nReport bugs to …\n"), Verdict::good);
  EXPECT_EQ(of_mpirun("mpirun (OpenRTE) 4.1.4\n"), Verdict::good);
  EXPECT_EQ(of_mpirun("mpirun (Open MPI) 4.1.6\n"), Verdict::note);
  EXPECT_EQ(of_mpirun("mpirun (Open MPI) 5.0.7\n"), Verdict::bad);
  EXPECT_EQ(of_mpirun("HYDRA build details:\n    Version: 4.0.2\n"), Verdict::bad);
  EXPECT_EQ(of_mpirun("mpirun (Open MPI) 4.1.4\n", "MPICH Version:	4.0.2"), Verdict::bad);
}

TEST(DoctorMpi, MpirunThatIsMissingOrBroken) {
  const Finding missing = judge_mpirun("", {}, kLibrary);
  EXPECT_EQ(missing.verdict, Verdict::bad);
  EXPECT_THAT(missing.advice, HasSubstr("openmpi-bin"));
  const Finding broken =
      judge_mpirun("/x/mpirun", {false, "libopen-rte.so.40: cannot open shared object file"}, kLibrary);
  EXPECT_EQ(broken.verdict, Verdict::bad);
  EXPECT_THAT(broken.text, HasSubstr("libopen-rte.so.40"));
}

TEST(DoctorMpi, NothingMoreIsAskedOfAMissingMpirun) {
  const Findings all = examine_mpi(kLibrary, "", "", {}, false, [](const auto&) {
    ADD_FAILURE() << "asked";
    return Answer{};
  });
  EXPECT_EQ(all.back().verdict, Verdict::bad);
}

TEST(DoctorMpi, OptionsForFaultTolerance) {
  const Finding four = judge_fault_tolerance(kLibrary, true, false);
  EXPECT_EQ(four.verdict, Verdict::good);
  EXPECT_THAT(four.text, HasSubstr("any rank may die"));
  EXPECT_THAT(four.text, HasSubstr("mpirun --enable-recovery -n 4 kiln run"));
  EXPECT_THAT(judge_fault_tolerance("Open MPI v5.0.7", false, true).text, HasSubstr("mpirun --with-ft ulfm -n 4"));
  for (const Finding& none : {judge_fault_tolerance(kLibrary, false, true), judge_fault_tolerance("MPICH", true, true),
                              judge_fault_tolerance("Open MPI v5.0.7", true, false)}) {
    EXPECT_EQ(none.verdict, Verdict::note);
    EXPECT_THAT(none.text, HasSubstr("--restarts"));
  }
}

TEST(DoctorMpi, AsksMpirunForItsOptions) {
  std::vector<std::string> asked;
  const Ask ask = [&](const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += word + " ";
    asked.push_back(line);
    if (line.find("--with-ft") != std::string::npos)
      return Answer{false, "mpirun: Error: unknown option \"--with-ft\""};
    if (words[0] == "/b/ompi_info") return Answer{true, "mca:pml:ob1:version:\"x\"\nmca:btl:tcp:version:\"x\"\n"};
    return Answer{true, "mpirun (Open MPI) 4.1.4\n"};
  };
  const Findings all = examine_mpi(kLibrary, "/b/mpirun", "/b/ompi_info", {}, true, ask);
  EXPECT_THAT(asked, testing::ElementsAre("/b/mpirun --version ", "/b/mpirun --enable-recovery --version ",
                                          "/b/mpirun --with-ft ulfm --version ", "/b/ompi_info --parsable "));
  EXPECT_THAT(named(all, "mpi.fault_tolerance").text, testing::Not(HasSubstr("ulfm")));
  EXPECT_EQ(named(all, "mpi.root").verdict, Verdict::note);
  const Variables told{{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}};
  EXPECT_EQ(named(examine_mpi(kLibrary, "/b/mpirun", "", told, true, ask), "mpi.root").verdict, Verdict::good);
}

TEST(DoctorMpi, Transports) {
  const std::string info =
      "mca:pml:v:version:\"mca:2.1.0\"\nmca:pml:cm:version:\"api:2.0.0\"\nmca:pml:ob1:version:\"api:2.0.0\"\n"
      "mca:pml:monitoring:version:\"x\"\nmca:pml:ucx:version:\"x\"\nmca:btl:tcp:version:\"x\"\n"
      "mca:pml:base:param:pml_base_verbose:value:\"-1\"\n";
  EXPECT_THAT(judge_transports(info).text, HasSubstr("choose from cm, ucx too, but there a rank's death"));
  EXPECT_THAT(judge_transports("mca:btl:tcp:version:1\nmca:pml:ob1:version:1\n").text,
              HasSubstr("would change nothing"));
  EXPECT_EQ(judge_transports("mca:btl:self:version:1\n").verdict, Verdict::bad);
  EXPECT_EQ(judge_transports("").verdict, Verdict::good);
}

}  // namespace
}  // namespace kiln::job
