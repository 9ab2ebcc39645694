#pragma once

#include <kiln/detail/branch.hpp>
#include <kiln/detail/stage.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// The graph behind a job, without types: strands of fused steps, and junctions (copy, split, merge) between them.
/// Nodes know what lies in front of them; who they are is their address, so that what two jobs share is seen. None
/// changes once it is made.
namespace kiln::detail {

struct Strand;

/// Where units come from: each call of Flow's functions, and each step that ends a stage, makes one.
struct SourceNode {
  SourceSpec spec;
  /// shards: the strands that give the runs, in the order of SourceSpec::runs; each has one reduction.
  std::vector<std::shared_ptr<const Strand>> before = {};
  bool cached = false;  ///< once it is over it is not run again in a session: cache()
};

struct Junction {
  std::string name;  ///< as the program calls it: "copy<2>"
  std::vector<std::shared_ptr<const Strand>> inputs;
  /// `outputs`: what each stream behind it goes into; null where nobody reads it.
  std::function<std::unique_ptr<JunctionCode>(const BranchFrame& frame, const std::vector<BranchPort*>& outputs)>
      make_code;
  std::size_t outputs = 1;
};

/// Where a stream begins: at a source, or at one of the streams behind a junction.
struct Origin {
  std::shared_ptr<const SourceNode> source = {};
  std::shared_ptr<const Junction> junction = {};
  std::size_t port = 0;
  bool operator==(const Origin&) const = default;
};

/// Fused steps from their origin to their end: sinks, or a junction that has this strand among its inputs.
struct Strand {
  Origin origin;
  /// With sinks and, where it is a stage by itself, description and code; without source.
  StagePlan plan;
  std::vector<std::string> steps;
  /// The first where it begins at a source and ends at a junction, the second where it begins at a junction.
  std::function<std::unique_ptr<RootCode>(const BranchFrame& frame, const StrandPlace& place)> make_root = {};
  std::function<std::unique_ptr<StrandCode>(const BranchFrame& frame, const StrandPlace& place)> make_branch = {};
};

/// The units of the sources of a stream, all together; 0 where that is found out when they are read.
std::uint64_t units_of(const Origin& origin);

/// The stages of a job, each behind those that it reads from.
struct JobPlan {
  std::vector<StagePlan> stages;
  std::vector<StageValue> values;  ///< of the sinks, in their order
  /// Of each stage the nodes of its source, or of the parts of that.
  std::vector<std::vector<std::shared_ptr<const SourceNode>>> sources;
};

/// The stages that it takes to fill the sinks of these strands. What hangs together by copy, split and merge is one
/// stage. `jobs`: how many strands each of the jobs has that are to run together. Throws kiln::Error (usage) where
/// there is no sink, where names of sinks are not fit or there twice, where jobs read one stream, and where a stage
/// would have to wait for itself.
JobPlan plan_job(const std::vector<std::shared_ptr<const Strand>>& targets, const std::vector<std::size_t>& jobs);

/// The runs that sources read: of one job, and of cached sources of a session.
class RunsRead {
 public:
  /// Which stages have to run: not those that only feed cached sources whose runs are here.
  std::vector<bool> needed(const JobPlan& plan) const;
  /// Stage number `stage`, with what its source reads of the stages before. Takes that out of `results`. `needed`: the
  /// stages of the job that run. Throws kiln::Error (internal) where it is not there.
  StagePlan with_runs(const JobPlan& plan, std::size_t stage, std::vector<StageResult>& results,
                      const std::vector<bool>& needed);
  /// The job is over: forgets all but the cached.
  void end_job();

 private:
  std::map<std::shared_ptr<const SourceNode>, std::vector<std::shared_ptr<const Bytes>>> runs_;
};

/// The last of them with these values, which are taken out of all.
StageResult take_values(std::vector<StageResult> results, const std::vector<StageValue>& values);

}  // namespace kiln::detail
